"""Where prompts, dataset configs, samples and caches are found."""

from pathlib import Path

import pytest

from uie import resources


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed package at site/uie, and the user in work/."""
    folder = tmp_path / "site" / "uie"
    folder.mkdir(parents=True)
    (tmp_path / "work").mkdir()
    monkeypatch.setattr(resources, "_PACKAGE", folder)
    monkeypatch.chdir(tmp_path / "work")
    return folder


def write(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_a_wheel_carries_the_folder_in_the_package(package: Path) -> None:
    (package / "prompts").mkdir()
    write(package.parent / "setup.cfg", "[metadata]\nname = uie-llm\n")

    assert resources.shipped("prompts") == package / "prompts"


def test_a_checkout_has_the_folder_beside_the_package(package: Path) -> None:
    write(package.parent / "setup.cfg", "[metadata]\nname = uie-llm\n")

    assert resources.shipped("prompts") == package.parent / "prompts"


def test_a_strangers_folder_beside_the_package_is_not_ours(package: Path) -> None:
    write(package.parent / "setup.cfg", "[metadata]\nname = another\n")
    (package.parent / "prompts").mkdir()

    assert resources.shipped("prompts") == package / "prompts"


def test_the_users_own_folder_goes_first(package: Path) -> None:
    own, ours = Path.cwd() / "prompts", package / "prompts"
    write(ours / "ner" / "default.en.jinja")
    write(ours / "re" / "default.en.jinja")
    write(own / "ner" / "default.en.jinja")

    assert resources.search_path("prompts") == [own, ours]
    assert resources.find("prompts", "ner/default.en", ".jinja") == own / "ner" / "default.en.jinja"
    assert resources.find("prompts", "re/default.en", ".jinja") == ours / "re" / "default.en.jinja"
    assert resources.names("prompts", ".jinja") == {
        "ner/default.en": own / "ner" / "default.en.jinja",
        "re/default.en": ours / "re" / "default.en.jinja",
    }


def test_a_folder_that_is_both_the_users_and_ours_is_searched_once(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(package.parent / "setup.cfg", "name = uie-llm")
    (package.parent / "prompts").mkdir()
    monkeypatch.chdir(package.parent)

    assert resources.search_path("prompts") == [package.parent / "prompts"]


def test_a_path_stands_for_itself(package: Path) -> None:
    path = write(Path.cwd() / "elsewhere" / "mine.jinja")

    assert resources.find("prompts", str(path), ".jinja") == path
    assert resources.find("prompts", "elsewhere/mine", ".jinja") is None


def test_what_is_nowhere_is_none(package: Path) -> None:
    assert resources.find("prompts", "ner/defualt.en", ".jinja") is None
    assert resources.names("prompts", ".jinja") == {}


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"UIE_CACHE": "/c", "XDG_CACHE_HOME": "/x"}, Path("/c")),
        ({"XDG_CACHE_HOME": "/x"}, Path("/x/uie")),
        ({"HOME": "/h"}, Path("/h/.cache/uie")),
        ({"HOME": "/h", "UIE_CACHE": "", "XDG_CACHE_HOME": ""}, Path("/h/.cache/uie")),
    ],
    ids=["own variable", "XDG", "home", "empty variables"],
)
def test_the_cache_folder_follows_the_environment(
    environment: dict[str, str], expected: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("UIE_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert resources.cache_folder() == expected


def test_the_samples_ship_with_the_package() -> None:
    assert {path.name for path in resources.samples().glob("*.jsonl")} >= {"sample_en.jsonl", "sample_zh.jsonl"}

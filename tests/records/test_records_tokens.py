"""Tokenizers by file, folder or name; errors with their place."""

from pathlib import Path

import pytest

from uie.errors import SettingsError
from uie.records.tokens import load_tokenizer


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache with a model called tiny: one token a word, and a truncation and a padding left over from training."""
    from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers

    tokenizer = Tokenizer(models.WordLevel({"<unk>": 0}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.add_special_tokens([AddedToken("<end>")])
    tokenizer.enable_truncation(3)
    tokenizer.enable_padding(length=9)
    folder = tmp_path_factory.mktemp("cache") / "models" / "tiny"
    folder.mkdir(parents=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder.parent.parent


def test_a_tokenizer_is_named_by_file_folder_or_model(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UIE_CACHE", str(cache))
    folder = cache / "models" / "tiny"

    for name in (str(folder / "tokenizer.json"), str(folder), "tiny"):
        assert len(load_tokenizer(name, where="x").encode("Ann met Bob in Rome").ids) == 5


def test_a_control_token_in_a_text_is_the_characters_it_is_made_of(cache: Path) -> None:
    tokens = load_tokenizer(str(cache / "models" / "tiny"), where="x").encode("Ann <end>")

    assert len(tokens.ids) == 4  # Ann < end >


def test_the_error_says_whose_setting_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UIE_CACHE", str(tmp_path))

    with pytest.raises(SettingsError) as error:
        load_tokenizer("tny", where="--tokenizer")

    assert str(error.value) == (
        "--tokenizer: 'tny': no such file; expected a tokenizer.json, a folder that holds one, "
        "or the name of a fetched model (uie models list)."
    )

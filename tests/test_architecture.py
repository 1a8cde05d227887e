"""The source, read with `ast`: imports point one way, heavy libraries stay where they belong, no name shadows a dependency."""

import ast
import configparser
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "uie"

# What each module or package may import, beside itself (docs/architecture.md, "Layout"). Lower layers never know higher ones.
GROUND = {"errors", "registry", "settings", "resources", "storage", "json_array"}
SAID = GROUND | {"documents", "schema"}
ASKED = SAID | {"tasks", "formats"}
BEFORE_THE_MODEL = ASKED | {"prompting", "corpora", "records", "parsing", "scoring", "reports"}
MAY_IMPORT = {
    **dict.fromkeys(GROUND, GROUND),
    "documents": GROUND,
    "schema": GROUND,
    "corpora": SAID,
    "tasks": SAID,
    "formats": SAID | {"tasks"},
    "prompting": ASKED,
    "records": ASKED | {"prompting", "corpora"},
    "parsing": ASKED | {"corpora", "records.record"},  # corpora: for the layout that reads records
    "scoring": ASKED,
    "reports": ASKED | {"scoring", "corpora.card", "corpora.repeats"},
    "models": BEFORE_THE_MODEL,
    "generation": BEFORE_THE_MODEL | {"models"},
    "extraction": BEFORE_THE_MODEL | {"models", "generation"},
    "training": BEFORE_THE_MODEL | {"models", "generation", "extraction"},
    "serving": BEFORE_THE_MODEL | {"models", "generation", "extraction", "training"},
    "cli": BEFORE_THE_MODEL | {"models", "generation", "extraction", "training", "serving"},
    "": BEFORE_THE_MODEL | {"extraction"},  # the names that users import from the package itself
}
HEAVY = {"torch", "transformers", "peft", "deepspeed", "accelerate", "datasets"}
HEAVY_AT_THE_TOP = {"models", "generation", "training"}
HEAVY_IN_FUNCTIONS = HEAVY_AT_THE_TOP | {"extraction", "serving", "cli"}
LIGHT_IN_FUNCTIONS = {"corpora": {"datasets"}}  # to fetch from the Hugging Face hub, when asked to
IMPORT_NAMES = {"pyyaml": "yaml", "uie_llm": "uie"}


@dataclass(frozen=True)
class Import:
    """One imported module, as seen in the source. `lazy`: inside a function. `typing`: under `if TYPE_CHECKING:`."""

    importer: str
    line: int
    target: str
    lazy: bool
    typing: bool

    def __str__(self) -> str:
        return f"{self.importer}:{self.line} imports {self.target}"


def dotted(path: Path, *, root: Path = SOURCE) -> str:
    """`uie/formats/lines.py` → "formats.lines"; a package by its own name, the root package by ""."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {dotted(path): path for path in sorted(SOURCE.rglob("*.py"))}


def layer(module: str) -> str:
    return module.partition(".")[0]


def imports_of(module: str, source: str) -> Iterator[Import]:
    def visit(node: ast.AST, lazy: bool, typing: bool) -> Iterator[Import]:
        for target in targets(node):
            yield Import(module, node.lineno, target, lazy, typing)
        lazy = lazy or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        guarded = isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")
        for child in ast.iter_child_nodes(node):
            yield from visit(child, lazy, typing or (guarded and child in node.body))

    yield from visit(ast.parse(source), False, False)


def targets(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    assert node.level == 0, f"relative import in line {node.lineno}: write the whole name"
    assert node.module is not None
    inside = node.module.removeprefix("uie").lstrip(".") if layer(node.module) == "uie" else None
    if inside is None:
        return [node.module]
    found = (f"{inside}.{alias.name}".lstrip(".") for alias in node.names)
    return [f"uie.{name}" if name in MODULES else node.module for name in found]


IMPORTS = [found for module, path in MODULES.items() for found in imports_of(module, path.read_text(encoding="utf-8"))]


def wrong_direction(found: Import) -> bool:
    top, _, target = found.target.partition(".")
    if top != "uie" or not target:  # `import uie` itself: its version and its place, no layer
        return False
    own = layer(found.importer)
    allowed = MAY_IMPORT[own] | {own}
    parts = target.split(".")
    return not any(".".join(parts[:length]) in allowed for length in range(1, len(parts) + 1))


def wrongly_heavy(found: Import) -> bool:
    if layer(found.target) not in HEAVY or found.typing:
        return False
    if found.lazy and layer(found.target) in LIGHT_IN_FUNCTIONS.get(layer(found.importer), ()):
        return False
    return layer(found.importer) not in (HEAVY_IN_FUNCTIONS if found.lazy else HEAVY_AT_THE_TOP)


def test_every_module_belongs_to_a_layer() -> None:
    assert len(MODULES) > 60
    assert {layer(module) for module in MODULES} - {""} <= set(MAY_IMPORT)


def test_imports_point_one_way() -> None:
    assert len(IMPORTS) > 300
    assert [str(found) for found in IMPORTS if wrong_direction(found)] == []


def test_heavy_libraries_are_imported_by_models_generation_and_training_only() -> None:
    assert {layer(found.target) for found in IMPORTS} >= {"torch", "transformers", "peft"}
    assert [str(found) for found in IMPORTS if wrongly_heavy(found)] == []


@pytest.mark.parametrize(
    ("module", "source", "allowed"),
    [
        ("documents", "from uie.errors import DocumentError", True),
        ("documents", "from uie.schema import Schema", False),
        ("errors", "import uie.storage", True),
        ("errors", "def late():\n    from uie.documents import Document", False),
        ("formats.lines", "from uie.tasks.question import Answer", True),
        ("tasks", "from uie import formats", False),
        ("tasks", "from uie import __version__", True),
        ("parsing.assembling", "from uie.records.record import Record", True),
        ("parsing.assembling", "from uie.records import record", True),
        ("parsing.assembling", "from uie.records.mix import Mix", False),
        ("scoring.score", "from uie.prompting import render", False),
        ("records.build", "from uie.corpora.reading import read_corpus", True),
        ("corpora.reading", "from uie.tasks import TASKS", False),
        ("models", "if TYPE_CHECKING:\n    from uie.generation import Engine", False),
    ],
)
def test_the_direction_check_knows_right_from_wrong(module: str, source: str, allowed: bool) -> None:
    (found,) = imports_of(module, source)

    assert wrong_direction(found) is not allowed


@pytest.mark.parametrize(
    ("module", "source", "allowed"),
    [
        ("models.loading", "import torch", True),
        ("extraction.predict", "import torch", False),
        ("extraction.predict", "def f():\n    import torch.nn", True),
        ("extraction.predict", "class A:\n    from transformers import Trainer", False),
        ("extraction.predict", "if TYPE_CHECKING:\n    from transformers import Trainer", True),
        ("extraction.predict", "if TYPE_CHECKING:\n    pass\nelse:\n    import peft", False),
        ("extraction.predict", "try:\n    import datasets\nexcept ImportError:\n    pass", False),
        ("scoring.score", "def f():\n    import torch", False),
        ("scoring.score", "import tokenizers", True),
    ],
)
def test_the_check_for_heavy_libraries_knows_right_from_wrong(module: str, source: str, allowed: bool) -> None:
    (found,) = imports_of(module, source)

    assert wrongly_heavy(found) is not allowed


def dependencies() -> set[str]:
    """The import names of every third-party distribution that setup.cfg names."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    listed = [setup["options"]["install_requires"], *setup["options.extras_require"].values()]
    names = {re.split(r"[^\w.-]", line.strip())[0].lower().replace("-", "_") for text in listed for line in text.splitlines()}
    return {IMPORT_NAMES.get(name, name) for name in names if name} - {"uie"}


def test_no_module_bears_the_name_of_a_dependency() -> None:
    taken = dependencies() | HEAVY
    assert taken >= {"click", "yaml", "torch", "deepspeed", "numpy"}
    names = {part for module in MODULES for part in module.split(".")}
    assert len(names) > 50
    assert names & taken == set()


def test_no_module_is_called_utils() -> None:
    assert [module for module in MODULES if module.rpartition(".")[2] in ("utils", "util", "helpers", "misc", "common")] == []


def loaded_after(code: str) -> list[str]:
    """Which heavy libraries a fresh interpreter has loaded after the code."""
    report = f"\nimport json, sys\nprint('\\n' + json.dumps(sorted({HEAVY!r} & set(sys.modules))))"
    done = subprocess.run([sys.executable, "-c", code + report], capture_output=True, text=True, timeout=120, check=True)
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_load_no_heavy_library(option: str) -> None:
    code = f"import sys\nfrom uie.cli import main\nsys.argv = ['uie', {option!r}]\ntry:\n    main()\nexcept SystemExit as end:\n    assert not end.code"
    assert loaded_after(code) == []


def test_everything_around_the_model_can_be_imported_without_a_heavy_library() -> None:
    light = [module for module in MODULES if layer(module) not in HEAVY_AT_THE_TOP and not module.endswith("__main__")]
    assert len(light) > 50

    assert (
        loaded_after(
            "import importlib\n" + "\n".join(f"importlib.import_module({f'uie.{module}'.rstrip('.')!r})" for module in light)
        )
        == []
    )


def test_the_probe_for_loaded_libraries_sees_one() -> None:
    assert loaded_after("import sys\nsys.modules['peft'] = sys") == ["peft"]

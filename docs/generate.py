"""Fills the blocks `<!-- NAME -->` … `<!-- /NAME -->` of the documentation from the code: python docs/generate.py [--check]"""

import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from uie.corpora.config import dataset_names, load_dataset_config
from uie.prompting import load_prompt, prompt_names
from uie.records.mix import Mix, MixCorpus
from uie.settings import describe
from uie.training.settings import LoraSettings, TrainSettings

ROOT = Path(__file__).resolve().parent.parent


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def settings(cls: type) -> str:
    rows = ((f"`{d.name}`", d.expects, f"`{d.default}`" if d.default else "", d.description) for d in describe(cls))
    return table(("setting", "expects", "default", "meaning"), rows)


def corpora() -> str:
    configs = (load_dataset_config(name) for name in dataset_names())
    rows = ((f"`{c.name}`", c.title, c.lang, ", ".join(c.tasks), f"`{c.layout}`", c.licence) for c in configs)
    return table(("corpus", "what", "language", "tasks", "layout", "licence"), rows)


def prompts() -> str:
    rows = ((f"`{p.name}`", ", ".join(p.formats) or "any", p.about) for p in map(load_prompt, prompt_names()))
    return table(("prompt", "formats", "about"), rows)


BLOCKS: dict[str, Callable[[], str]] = {
    "settings": lambda: settings(TrainSettings),
    "lora": lambda: settings(LoraSettings),
    "mix": lambda: settings(Mix),
    "mix-corpus": lambda: settings(MixCorpus),
    "corpora": corpora,
    "prompts": prompts,
}


def filled(text: str) -> str:
    """The text with every known block filled anew."""
    for name, make in BLOCKS.items():
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.S)
        if pattern.search(text):
            made = make()
            text = pattern.sub(lambda found, made=made: f"{found[1]}{made}\n{found[2]}", text)
    return text


def main() -> int:
    stale = []
    for path in sorted((ROOT / "docs").glob("*.md")):
        text = path.read_text(encoding="utf-8")
        if filled(text) != text:
            stale.append(path.name)
            if "--check" not in sys.argv:
                path.write_text(filled(text), encoding="utf-8")
    print(f"{'Stale' if '--check' in sys.argv else 'Written'}: {', '.join(stale) or 'none'}")
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())

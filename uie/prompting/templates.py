"""A prompt file and variables → the text of one of its blocks, made by Jinja in a sandbox; mistakes come with file and line."""

import json
import re
import traceback
from collections.abc import Mapping
from functools import cache, lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, UndefinedError, meta, nodes
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from uie.errors import PromptError

BLOCKS = ("instruct", "query")
SHARED = ("types", "relations", "events", "roles", "dataset", "answer_rule", "none_word", "lang", "demonstrations")
"""What both blocks see."""
OF_ONE_TEXT = ("text", "given")
"""What only `query` sees."""
_MAX_REPEATED = 10_000  # characters or items that `*` may make in a template: enough for any ruler
_MAX_POWER_BITS = 64
# What a template can run into by itself. Other exceptions are mistakes of ours and keep their traceback.
_TEMPLATE_MISTAKES = (TemplateError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
# Stands for a line end of the data while line ends of the template are tidied. No text that can be written as UTF-8 holds it.
_DATA_LINE_END = "\ud800"
_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n){2,}")


def split_file(content: bytes, path: Path) -> tuple[str, str]:
    """Front matter, with its opening `---`, and template; each has the line numbers of the file."""
    try:
        lines = content.decode("utf-8-sig").replace("\r\n", "\n").split("\n")
    except UnicodeDecodeError as error:
        raise PromptError(f"{path}: not UTF-8: {error.reason} at byte {error.start}.") from None
    fences = [number for number, line in enumerate(lines) if line.rstrip() == "---"]
    if len(fences) < 2 or fences[0] != 0:
        raise PromptError(
            f"{path}:1: no front matter; expected a line ---, the keys task, lang, formats and about, and a line ---."
        )
    end = fences[1]
    return "\n".join(lines[:end]), "\n" * (end + 1) + "\n".join(lines[end + 1 :])


def blocks_that_see(variable: str, path: Path, digest: str) -> tuple[str, ...]:
    """The blocks in which the variable stands.

    Raises:
        PromptError: the file, which has this hash, holds no sound template.
    """
    compiled(path, digest)
    environment = _environment()
    tree = environment.parse(split_file(path.read_bytes(), path)[1])
    seen = set()
    for block in tree.find_all(nodes.Block):
        alone = nodes.Template(block.body)
        alone.set_environment(environment)
        if variable in meta.find_undeclared_variables(alone):
            seen.add(block.name)
    return tuple(name for name in BLOCKS if name in seen)


def rendered_block(name: str, path: Path, digest: str, variables: Mapping[str, Any], *, exact: bool) -> str:
    """The block's text; see the package docstring for what `exact` does.

    Raises:
        PromptError: the file changed, or the template fails; the message names the line.
    """
    template = compiled(path, digest)
    try:
        rendered = "".join(template.blocks[name](template.new_context(dict(variables))))
    except _TEMPLATE_MISTAKES as error:
        sees = ""
        if isinstance(error, UndefinedError) and str(error).endswith("is undefined"):
            sees = f" A prompt sees {', '.join((*SHARED, *OF_ONE_TEXT))}."
        raise PromptError(f"{path}:{_line(error, template)}: {_sentence(error)}{sees}") from None
    if exact:
        return rendered.removesuffix("\n").replace(_DATA_LINE_END, "\n")
    return _BLANK_LINES.sub("\n\n", rendered).replace(_DATA_LINE_END, "\n").strip()


# The sandbox


class _Sandbox(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset({"*", "**"})  # also keeps the compiler from working them out beforehand

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if operator == "**" and _bits(left) * abs(right) > _MAX_POWER_BITS:
            raise SecurityError(f"{left} ** {right} is too large for a prompt")
        for items, times in ((left, right), (right, left)):
            if not isinstance(items, str | list | tuple) or not isinstance(times, int):
                continue
            if operator == "*" and len(items) * times > _MAX_REPEATED:
                raise SecurityError(f"{times} copies are more than the {_MAX_REPEATED} items that a prompt may make")
        return super().call_binop(context, operator, left, right)


def _bits(number: Any) -> int:
    return abs(int(number)).bit_length()


@cache
def _environment() -> _Sandbox:
    environment = _Sandbox(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False, finalize=_mark_data)
    # One question has one wording: nothing random.
    del environment.globals["lipsum"], environment.filters["random"]
    # Jinja's own is meant for HTML: it escapes < > & ' and everything that is not ASCII.
    environment.filters["tojson"] = _to_json
    return environment


def _mark_data(value: Any) -> str:
    return str(value).replace("\n", _DATA_LINE_END)


def _to_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


# Compiling


@lru_cache(maxsize=256)
def compiled(path: Path, digest: str) -> Template:
    """The compiled template of the file while it has this hash.

    Raises:
        PromptError: the file changed, or it holds no sound template.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PromptError(f"{path}: cannot be read: {error.strerror}.") from None
    if sha256(content).hexdigest() != digest:
        raise PromptError(f"{path}: the file changed after the prompt was loaded; load it again.")
    environment = _environment()
    try:
        tree = environment.parse(split_file(content, path)[1], filename=str(path))
        _check_tree(tree, path)
        code = environment.compile(tree, filename=str(path))
    except TemplateSyntaxError as error:
        raise PromptError(f"{path}:{error.lineno}: {_sentence(error)}") from None
    return Template.from_code(environment, code, environment.globals)


def _check_tree(tree: nodes.Template, path: Path) -> None:
    """Nothing outside the blocks, since it would be left out without a word; both blocks there; one file."""
    for loading in tree.find_all((nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)):
        raise PromptError(f"{path}:{loading.lineno}: a prompt is one file: extends, include and import are not available.")
    found = []
    for node in tree.body:
        if isinstance(node, nodes.Block):
            found.append(node.name)
        elif (line := _first_line(node)) is not None:
            raise PromptError(f"{path}:{line}: outside the blocks {' and '.join(BLOCKS)} only comments may stand.")
    for name in BLOCKS:
        if name not in found:
            raise PromptError(
                f"{path}: no block {name!r}; found {', '.join(found) or 'no block'}; expected {' and '.join(BLOCKS)}."
            )


def _first_line(node: nodes.Node) -> int | None:
    """Where the node's content begins; None when it is white space."""
    for part in node.nodes if isinstance(node, nodes.Output) else [node]:
        if not isinstance(part, nodes.TemplateData):
            return part.lineno
        if rest := part.data.lstrip():
            return part.lineno + part.data[: len(part.data) - len(rest)].count("\n")
    return None


# Mistakes


def _line(error: BaseException, template: Template) -> int:
    """The line of the template's file where the error arose."""
    steps = traceback.walk_tb(error.__traceback__)
    python_lines = [line for frame, line in steps if frame.f_code.co_filename == template.filename]
    return template.get_corresponding_lineno(python_lines[-1]) if python_lines else 1


def _sentence(error: BaseException) -> str:
    message = error.message if isinstance(error, TemplateError) else str(error)
    return f"{(message or type(error).__name__).rstrip('.')}."

"""The page's data → HTML with style, script and data inside. Its policy allows that one style and that one script, and no request.

What is in the data cannot end its block or begin another: `<`, `>` and `&` are written as JSON escapes. It is no script for the browser
(`type="application/json"`), and page.js makes text of it, never markup.
"""

import base64
import hashlib
import html
import json
from pathlib import Path
from string import Template
from typing import Any

import uie

_ESCAPED = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


def page(title: str, data: dict[str, Any], *, name: str = "page", again: str = "") -> str:
    """The whole file. `name`: of the sections, the script and the further style that draw the data; frame.html, page.css and nodes.js
    are for all. `again`: how to draw it anew, said at the foot."""
    style = _part("page.css") + (_part(f"{name}.css") if name != "page" else "")
    script = _part("nodes.js") + _part(f"{name}.js")
    return Template(_part("frame.html")).substitute(
        title=html.escape(title),
        generator=f"uie {uie.__version__}",
        policy=_policy(style, script),
        style=style,
        script=script,
        sections=_part(f"{name}.html"),
        again=f" To draw it anew: {again}." if again else "",
        data=as_block(data),
    )


def as_block(data: Any) -> str:
    """The data as JSON that may stand between the tags of a script."""
    return json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":")).translate(_ESCAPED)


def _part(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    return f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; img-src data:; base-uri 'none'; form-action 'none'"


def _hash(part: str) -> str:
    """As Content Security Policy Level 3 names an inline style or script."""
    return f"sha256-{base64.b64encode(hashlib.sha256(part.encode('utf-8')).digest()).decode('ascii')}"

"""`uie`: make an instruction-following language model extract what a schema names, and show how well it does it.

The few names most programs need are here, imported when they are used: `Extractor`, `Document`, `Mention`, `score`, `build_data`.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # what `__getattr__` hides from type checkers and editors
    from uie.documents import Document, Mention
    from uie.extraction.extractor import Extractor
    from uie.records.build import build_data
    from uie.scoring.score import score

__version__ = "0.1.0"
__all__ = ["Document", "Extractor", "Mention", "__version__", "build_data", "score"]

_WHERE = {
    "Document": "uie.documents",
    "Extractor": "uie.extraction.extractor",
    "Mention": "uie.documents",
    "build_data": "uie.records.build",
    "score": "uie.scoring.score",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'uie' has no attribute {name!r}")
    return getattr(importlib.import_module(_WHERE[name]), name)

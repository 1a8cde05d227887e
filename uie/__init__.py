"""`uie`: make an instruction-following language model extract what a schema names, and show how well it does it.

The few names most programs need are here, imported when they are used: `Extractor`, `score`, `build_data`, `Document`.
"""

import importlib
from typing import Any

__version__ = "0.1.0"
__all__ = ["Document", "Extractor", "__version__", "build_data", "score"]

_WHERE = {
    "Document": "uie.documents",
    "Extractor": "uie.extraction.extractor",
    "build_data": "uie.records.build",
    "score": "uie.scoring.score",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'uie' has no attribute {name!r}")
    return getattr(importlib.import_module(_WHERE[name]), name)

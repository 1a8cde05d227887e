"""A Parquet or Arrow file in, its rows as JSON would have them out, with what Hugging Face `datasets` noted about its columns; needs pyarrow."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from uie.corpora.rows import Json, Place
from uie.errors import CorpusError

if TYPE_CHECKING:
    import pyarrow

MAGIC = b"PAR1"
"""How a Parquet file begins."""

_BATCH = 1000  # rows in memory at once


@dataclass(frozen=True, slots=True)
class Columns:
    """`class_names`: what the numbers in a column of class labels mean, by column. `rows`: one after the other, each with "row N" as its
    place, from 0."""

    class_names: dict[str, tuple[str, ...]]
    rows: Iterator[tuple[Place, Json]]


def read_columns(path: Path) -> Columns:
    """A file of `datasets.save_to_disk` (.arrow), or any Parquet file.

    Raises:
        CorpusError: pyarrow is not installed, or the file is none of these.
    """
    try:
        import pyarrow
        import pyarrow.ipc
        import pyarrow.parquet
    except ImportError:
        raise CorpusError(f"{path}: pyarrow is not installed, which reads such files: pip install pyarrow.") from None
    try:
        with path.open("rb") as file:
            is_parquet = file.read(len(MAGIC)) == MAGIC
        if is_parquet:
            parquet = pyarrow.parquet.ParquetFile(path)
            schema, batches = parquet.schema_arrow, parquet.iter_batches(_BATCH)
        else:
            stream = pyarrow.ipc.open_stream(pyarrow.memory_map(str(path)))
            schema, batches = stream.schema, iter(stream)
    except FileNotFoundError:
        raise CorpusError(f"{path}: no such file.") from None
    except (pyarrow.ArrowException, OSError, ValueError) as found:
        raise CorpusError(f"{path}: neither Parquet nor Arrow: {_first_line(found)}.") from None
    return Columns(_class_names(schema), _rows(path, batches))


def _rows(path: Path, batches: "Iterator[pyarrow.RecordBatch]") -> Iterator[tuple[Place, Json]]:
    import pyarrow

    number = 0
    try:
        for batch in batches:
            for row in batch.to_pylist():
                yield f"row {number}", row
                number += 1
    except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as found:
        raise CorpusError(f"{path}:row {number}: cannot be read: {_first_line(found)}.") from None


def _class_names(schema: "pyarrow.Schema") -> dict[str, tuple[str, ...]]:
    noted = (schema.metadata or {}).get(b"huggingface", b"{}")
    try:
        features = json.loads(noted)["info"]["features"]
        return {name: found for name, feature in features.items() if (found := class_names(feature))}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def class_names(feature: Any) -> tuple[str, ...]:
    """The names of a class label, or of a list of class labels, as JSON describes the feature; none of any other feature."""
    if isinstance(feature, list):
        return class_names(feature[0])
    if feature.get("_type") == "ClassLabel":
        return tuple(feature["names"])
    inner = feature.get("feature") if feature.get("_type") in ("Sequence", "List", "LargeList") else None
    return class_names(inner) if isinstance(inner, dict) else ()


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0].rstrip(".")

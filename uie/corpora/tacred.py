"""TACRED arrays `[{"token", "relation", "subj_start", "subj_end", "subj_type", "obj_start", …}]` in, Documents with relations out."""

from collections.abc import Iterator
from pathlib import Path

from uie.corpora import Layout, OnBad
from uie.corpora.relations import NO_RELATION, Row, merged
from uie.corpora.rows import Json, NoOptions, id_of, string, values_from_array
from uie.corpora.token_spans import token_text
from uie.documents import Document, Entity


def read(path: Path, options: NoOptions, bad: OnBad) -> Iterator[Document]:
    """One Document a sentence: items with the same tokens are one, as they have a pair each. Their last tokens belong to the mention.

    The subject is the head. A pair with the relation `no_relation` has none (`meta.unrelated`), its entities are there. The columns of the
    parser (`stanford_…`) are passed over.
    """
    return merged(values_from_array(path, bad, _row))


def _row(row: Json) -> Row:
    whole = token_text(row["token"], "space")
    head, tail = (
        Entity(whole.mention_to(row[f"{end}_start"], row[f"{end}_end"]), string(row, f"{end}_type")) for end in ("subj", "obj")
    )
    relation = string(row, "relation")
    kind = None if relation in NO_RELATION else relation
    return Row(whole.text, (head, tail), kind, id_of(row.get("id")), whole.places)


LAYOUT = Layout(
    read,
    {
        "pairs.json": '[{"id": "a1", "token": ["Ann", "Lee", "leads", "Acme"], "relation": "per:employee_of",\n'
        '  "subj_start": 0, "subj_end": 1, "subj_type": "PERSON", "obj_start": 3, "obj_end": 3, "obj_type": "ORGANIZATION"}]\n'
    },
)

"""Names in our data → plain words for people who have not read our documentation."""

_PROBLEMS = {
    "malformed": "a part could not be read",
    "truncated": "cut off at the token limit",
    "empty": "nothing was written at all",
    "salvaged": "read in spite of its form",
    "repaired": "syntax was mended",
    "repaired_type": "a type's name was mended",
    "prose": "words around the answer",
    "repeated": "a mention repeated more often than the text has it",
    "surplus": "left out of a constrained answer: a mention more often than the text has it",
    "failed": "no answer came from the model",
    "unknown_type": "a type that was not asked for",
    "ungrounded": "a mention that the text does not hold (hallucinated)",
    "contradictory_types": "one place with several types, against gold",
    "wrongly_empty": "nothing predicted where gold has something",
    "wrongly_filled": "something predicted where gold has nothing",
}
_BREAKDOWNS = {
    "mention length": ("length of the mention", "in words; in characters where a script writes no spaces"),
    "text length": ("length of the text", "in words; in characters where a script writes no spaces"),
    "language": ("language", ""),
    "nesting": ("nesting of the mention", "nested: shares characters with another one"),
    "nesting of the text": ("nesting in the text", "nested: some mentions share characters"),
    "seen mention": ("mentions of the training documents", "seen: same string and type"),
    "seen label": ("labels of the training documents", ""),
}


def problem_words(kind: str) -> str:
    """What kind of problem it is (`uie.scoring.scores.PROBLEM_KINDS`)."""
    return _PROBLEMS.get(kind, kind.replace("_", " "))


def breakdown_words(by: str) -> tuple[str, str]:
    """What a breakdown (`uie.scoring.breakdown`) is by, and its unit or what its buckets mean."""
    return _BREAKDOWNS.get(by, (by, ""))


def breakdown_place(by: str) -> int:
    """Where a breakdown stands among the others."""
    return list(_BREAKDOWNS).index(by) if by in _BREAKDOWNS else len(_BREAKDOWNS)

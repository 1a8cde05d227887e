"""The errors a user can act on: one line that says where, what was found, what was expected and what to do."""

import difflib
from collections.abc import Iterable


class UIEError(Exception):
    """Base of everything the command line shows as one line with exit status 1."""


class SettingsError(UIEError):
    """A setting is unknown, missing, or of the wrong type."""


class CorpusError(UIEError):
    """A corpus file or dataset config does not hold what it should."""


class DocumentError(UIEError):
    """A Document contradicts itself: an offset, an index or a mention text is wrong."""


class SchemaError(UIEError):
    """A schema is malformed or ambiguous."""


class PromptError(UIEError):
    """A prompt template is missing, broken, or does not fit the task or the format."""


class RecordError(UIEError):
    """A record lacks what training, prediction or evaluation needs."""


class ModelError(UIEError):
    """A model, adapter or run folder is not what its place in the command asks for."""


class TrainingError(UIEError):
    """Training cannot start or go on."""


class TrainingStopped(UIEError):
    """A run stopped as it was asked to (SIGTERM, Ctrl-C) and can be resumed: no failure, and `uie train` exits with 0."""


class PredictionError(UIEError):
    """Prediction ended without all of its answers; what it has is kept."""


class FailedElsewhere(TrainingError):
    """Another process of the same run tells why it failed, so that it is told once."""


class ScoringError(UIEError):
    """Gold and predicted do not belong together, so that any score would be wrong."""


class OutputError(UIEError):
    """An output would overwrite or mix with something that is already there."""


def unknown_name(kind: str, name: str, known: Iterable[str]) -> str:
    """The message for a name that nobody registered: its neighbours first, then all known names."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.6)
    hint = f" Did you mean {' or '.join(repr(n) for n in near)}?" if near else ""
    return f"No {kind} is named {name!r}.{hint} Known: {', '.join(names) or 'none'}."

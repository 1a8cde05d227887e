"""A tokenizer.json → the `Tokenizer` that counts and divides texts: by the `tokenizers` library, without torch and transformers."""

from pathlib import Path
from typing import TYPE_CHECKING

from uie.errors import SettingsError
from uie.resources import cache_folder

if TYPE_CHECKING:
    from tokenizers import Tokenizer


def load_tokenizer(name: str, *, where: str) -> "Tokenizer":
    """The tokenizer that `name` means: a tokenizer.json, a folder that holds one, or the name of a model in the cache.

    It takes control tokens in a text for the characters they are made of, as training does, cuts nothing and pads nothing.

    Raises:
        SettingsError: there is no such file, or it holds no tokenizer; the message begins with `where`.
    """
    path = _file(name, where)
    from tokenizers import Tokenizer

    try:
        loaded = Tokenizer.from_file(str(path))
    except Exception as found:  # tokenizers raises nothing narrower
        raise SettingsError(f"{where}: {path} holds no tokenizer: {found}.") from None
    loaded.no_truncation()  # a tokenizer.json may carry both from training, and then no text is ever too long
    loaded.no_padding()
    loaded.encode_special_tokens = True
    return loaded


def _file(name: str, where: str) -> Path:
    given = Path(name).expanduser()
    for path in (given, given / "tokenizer.json", cache_folder() / "models" / name / "tokenizer.json"):
        if path.is_file():
            return path
    raise SettingsError(
        f"{where}: {name!r}: no such file; expected a tokenizer.json, a folder that holds one, "
        "or the name of a fetched model (uie models list)."
    )

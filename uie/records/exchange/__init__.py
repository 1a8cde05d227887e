"""Records ↔ the training files of other projects: one layout a name; `moving` writes and reads whole files and folders of them.

What the layouts have in common:

- A layout with one text for the question gets `prompt_of(record)`: instruct, a line end, query — the words that the model is given
  here too (`uie/models/encoding.py`). Read back, the whole text is the record's query and its instruct is empty, which gives the same
  prompt. Alpaca keeps instruct and query apart, and so does a chatllama question with a line `Text: …`.
- Export writes no system message: ours is the empty one. One that is read is an instruction, so it becomes `instruct` and the user's
  words become `query`.
- A record is one question with its answer. Rows of several turns, of tools, or without an answer are set aside with the reason.
"""

from uie.records.exchange.layout import Layout
from uie.registry import Registry

LAYOUTS: Registry[Layout] = Registry(
    "layout",
    {
        "alpaca": "uie.records.exchange.pairs:ALPACA",
        "belle": "uie.records.exchange.conversations:BELLE",
        "chatllama": "uie.records.exchange.pairs:CHATLLAMA",
        "huggingface": "uie.records.exchange.folders:HUGGINGFACE",
        "llamafactory": "uie.records.exchange.folders:LLAMAFACTORY",
        "messages": "uie.records.exchange.conversations:MESSAGES",
        "sharegpt": "uie.records.exchange.conversations:SHAREGPT",
        "trl": "uie.records.exchange.conversations:TRL",
        "trl-text": "uie.records.exchange.pairs:TRL_TEXT",
    },
    group="uie.layouts",
)

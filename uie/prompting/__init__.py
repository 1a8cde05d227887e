"""Wordings: a prompt's name → a checked `Prompt`; a Prompt and a Question → the strings `instruct` and `query`.

A prompt is one file, `prompts/<task>/<name>.<lang>.jinja`: front matter between two lines `---` (`task`, `lang`, `formats`: any, or
a list of format names, `about`: one line, `exact`: see below), then the Jinja blocks `instruct` and `query`. Both see `types`,
`relations`, `events` (each item with `name` and `description`, a relation with `head` and `tail`, the names of the types that its
ends may have, an event with `roles` too), `roles` (those of all events, each name once), `dataset` (the corpus' name, empty where
none is known), `answer_rule`, `none_word`, `lang` and `demonstrations` (each with `text`, `given` and `answer`): in `instruct` those
that all questions of a group share, in `query` those chosen for this text (and the shared ones too where `instruct` shows none).
Only `query` sees `text` and `given`, so that the questions of one corpus begin with the same tokens.

A model reads `instruct`, a line end and `query`, or `query` alone where `instruct` is empty (`uie.models.encoding`; exports join them
in the same way). White space at the ends of both is taken off, and several blank lines in a row become one. With `exact: true`, for
wordings that another project published, nothing of this is done: a block comes out byte for byte, but for the line end before
`{% endblock %}`, which belongs to the tag. Such a wording is cut in two at one of its line ends, or stands in `query` whole.

Beside Jinja's own filters there is `tojson`, which writes as `json.dumps(value, ensure_ascii=False)` does.

Prompts may come from others: the sandbox keeps a template from files and from Python's insides, and bounds `range`, `*` and `**`.
It is no fence against a template that means to use up time or memory. `uie.prompting.importing` makes prompts of other projects' files.
"""

from uie.prompting.checking import check_fits, check_prompts
from uie.prompting.files import Prompt, load_prompt, prompt_names
from uie.prompting.rendering import Demonstration, render

__all__ = ["Demonstration", "Prompt", "check_fits", "check_prompts", "load_prompt", "prompt_names", "render"]

"""The engine `auto`: looks at the hardware, at what is installed and at the model, says what it chose and why, and loads that."""

import sys

from uie.generation import ENGINES, Engine, EngineOptions
from uie.generation.openvino_engine import is_installed
from uie.models.gguf_cache import config_of, unfit
from uie.models.loading import pick_device
from uie.models.sources import resolve


def load(model: str, options: EngineOptions) -> Engine:
    """What `choose` names, loaded; a line on standard error says which it is."""
    name, why = choose(model, options)
    print(f"engine {name}: {why}", file=sys.stderr)
    found: Engine = ENGINES.get(name)(model, options)
    return found


def choose(model: str, options: EngineOptions) -> tuple[str, str]:
    """An engine's name, and why it suits.

    Raises:
        ModelError: there is no such model.
    """
    if options.device not in ("auto", "cpu"):
        return "transformers", f"the one that runs on {options.device}."
    if options.device == "auto" and (found := pick_device().type) != "cpu":
        return "transformers", f"the fastest on this machine's {found} device."
    if not is_installed():
        return "transformers", "openvino, which is faster on a CPU, is not installed (uie-llm[openvino])."
    if told := unfit(config_of(resolve(model))):
        return "transformers", f"openvino, which is faster on a CPU, cannot run this model: {told}."
    return "openvino", "the fastest on a CPU."

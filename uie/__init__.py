"""`uie`: make an instruction-following language model extract what a schema names, and show how well it does it."""

__version__ = "0.1.0"

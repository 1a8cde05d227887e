"""`python -m uie.cli`: the `uie` command where its script is not on the path."""

from uie.cli import main

main()

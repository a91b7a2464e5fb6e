"""`python -m router.cli` is `tagwright`, for whoever starts it with an interpreter of a known place."""

from router.cli import main

main(prog_name="tagwright")

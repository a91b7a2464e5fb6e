"""The HTTP side: where events come in, and where operators look."""

"""The wording of every diagnostic, one small function each, by the hundreds of their codes."""

"""Lints: their words, what they let pass, what comments allow, the shipped files."""

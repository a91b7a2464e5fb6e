"""Runs the `test` blocks of rule files: what differs, what they cover, and which mistakes they would miss."""

from router.testing.given import DEFAULT_NOW
from router.testing.runner import run_tests
from router.testing.verdict import Difference, Failure, Verdict

__all__ = ["DEFAULT_NOW", "Difference", "Failure", "Verdict", "run_tests"]

"""`tagwright test` in this process, in a folder with the sample files."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from click.testing import Result

Testing = Callable[..., Result]


@pytest.fixture
def testing(tagwright: Testing) -> Testing:
    """Runs `tagwright test`: its exit status, and what it wrote to either stream."""
    return partial(tagwright, "test")

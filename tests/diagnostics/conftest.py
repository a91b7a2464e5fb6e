"""The switch of the golden texts, for the tests of messages."""

import pytest


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Write the expected texts anew, to be reviewed as a change."""
    return bool(request.config.getoption("--update-golden"))

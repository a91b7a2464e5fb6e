"""PostgreSQL answers as the model in memory does, whatever is asked in whatever order, crashes included."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule
from postgres_server import clean_url, shared_server
from spool_kinds import QUIET
from test_spool_model import TwoSpools

from router.delivery.postgres.address import Address, address_of
from router.delivery.postgres.spool import PostgresSpool
from router.delivery.spool import Spool


class TwoSpoolsOfWhichOneIsShared(TwoSpools):
    """The same questions to both; the router of the database is restarted, killed, or taken for dead."""

    address: Address | None = None

    def _open(self) -> Spool:
        if self.address is None:
            self.address = address_of(clean_url())
        return self.runner.run(PostgresSpool.open(self.address, pulse_seconds=QUIET))

    @initialize(others=st.integers(0, 1))
    def others(self, others: int) -> None:
        """Another router may be there: what it does not have, nobody misses."""
        self.company = [self._open() for _ in range(others)]

    @rule()
    def crash(self) -> None:
        """The process is killed; another takes over when it has been silent for as long as leases last."""
        assert isinstance(self.real, PostgresSpool)
        self.real.abandon()
        with shared_server().session() as session:
            session.execute(
                f"UPDATE {self.real.layout.schema}.node "  # noqa: S608 - a name of ours
                "SET until = clock_timestamp() WHERE id = %s".encode(),
                [self.real.leases.node],
            )
        self.real = self._open()
        self.both("recover")

    def teardown(self) -> None:
        for each in self.company:
            self.runner.run(each.close())
        super().teardown()


TestTwoSpoolsOfWhichOneIsShared = TwoSpoolsOfWhichOneIsShared.TestCase
TestTwoSpoolsOfWhichOneIsShared.settings = settings(max_examples=5, stateful_step_count=20, deadline=None)

"""Rows of a file or a query, sent through the daemon's own store and deliverer:

source  = open_source(given, settings, now)        rows as events, each with where it stands
receipt = await acceptor.accept(arrivals, …)       entries, books and cursor: one transaction
report  = await Sending(…).run(source)             until everything is delivered, or something stops it
"""

from router.sending.job import Sending, Wish
from router.sending.opening import Given, open_source
from router.sending.report import Report
from router.sending.rows import Source, SourceUnusable

__all__ = ["Given", "Report", "Sending", "Source", "SourceUnusable", "Wish", "open_source"]

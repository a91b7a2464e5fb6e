"""The spool on PostgreSQL: many routers, one queue and one ledger."""

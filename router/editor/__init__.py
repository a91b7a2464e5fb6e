"""What an editor shows about rule files: mistakes, meanings, names, places.

Every feature takes a `RuleSet` (and a place in one of its files) and answers in spans of its sources, so each
can be used and tested without an editor. Only `server`, `requests` and `convert` know the protocol.
"""

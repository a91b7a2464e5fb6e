"""Every lint that knows TikTok: what its events mean, and what its matching and counting do with them."""

from __future__ import annotations

from router.lang.lint import Lint
from router.tiktok import lint_destinations, lint_events, lint_fields

LINTS: tuple[Lint, ...] = (
    lint_events.renamed,
    lint_events.misspelt,
    lint_events.deprecated,
    lint_events.counted_as_another,
    lint_events.never_accepted,
    lint_fields.unstable_ids,
    lint_fields.shared_ids,
    lint_fields.value_without_currency,
    lint_fields.price_for_value,
    lint_fields.stale_click,
    lint_fields.web_without_page,
    lint_fields.ids_without_type,
    lint_fields.fixed_currency,
    lint_events.custom_names,
    lint_events.two_views,
    lint_fields.lower_case_ids,
    lint_destinations.odd_credentials,
    lint_destinations.unguarded_test_code,
)
"""In the order of their codes, but for those that share one walk."""

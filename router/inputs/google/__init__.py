"""Google Analytics 4: the Measurement Protocol of servers, and the hits of gtag.js."""

from router.inputs.google.ga4 import GA4
from router.inputs.google.gtag import GTAG

__all__ = ["GA4", "GTAG"]

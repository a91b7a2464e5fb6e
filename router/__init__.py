"""TagWright: vendor-neutral events in, TikTok events out, by declarative rules."""

__version__ = "0.1.0"

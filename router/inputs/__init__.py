"""Raw requests to standard events: one file a format, one pure function each."""

from router.inputs.formats import FORMATS, Format, decode
from router.inputs.request import BodyProblem, Decoded, RawRequest, Rejection, parse_cookies

__all__ = [
    "FORMATS",
    "BodyProblem",
    "Decoded",
    "Format",
    "RawRequest",
    "Rejection",
    "decode",
    "parse_cookies",
]

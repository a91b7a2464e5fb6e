"""HTTP/1.1 to one function: requests come in within bounds of time and size, answers go out whole."""

from router.serving.answers import Answer, Headers, Refusal, json_answer, refuse
from router.serving.listener import Listener, bound_ports, listen, serve_on
from router.serving.request import App, Part, Request

__all__ = [
    "Answer",
    "App",
    "Headers",
    "Listener",
    "Part",
    "Refusal",
    "Request",
    "bound_ports",
    "json_answer",
    "listen",
    "refuse",
    "serve_on",
]

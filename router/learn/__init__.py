"""From recorded events to a `schema event`: types, personal data, how often each field is there."""

from router.learn.shape import Shape
from router.learn.write import Learned, extension, schema

__all__ = ["Learned", "Shape", "extension", "schema"]

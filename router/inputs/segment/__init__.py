"""Segment's specification of events, and the three who speak it: Segment, RudderStack and Jitsu."""

from router.inputs.segment.jitsu import JITSU, JITSU_CLASSIC
from router.inputs.segment.rudderstack import RUDDERSTACK
from router.inputs.segment.segment import SEGMENT

__all__ = ["JITSU", "JITSU_CLASSIC", "RUDDERSTACK", "SEGMENT"]

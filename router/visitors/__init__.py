"""What earlier events told of a visitor, for later ones that cannot tell it themselves.

known   = keys_of(arrival), told_by(arrival)         which visitor, and what the event tells
recalled = await visitors.meet(arrivals)             looked up and noted in one transaction
arrival  = recalled.given_to(arrival)                as `meta.remembered`; the rules decide
"""

from router.visitors.memory import VisitorMemory, forget_kept, open_visitors
from router.visitors.recalling import recall_kept
from router.visitors.visitor import Visitor

__all__ = ["Visitor", "VisitorMemory", "forget_kept", "open_visitors", "recall_kept"]

"""Checked rules compiled to Python: the same outcomes as the walker's, with payloads finished in one pass.

    plan     = compile_plan(program, finisher)    every rule as a function       plan, handlers, sends
    planned  = plan.run(arrival)                  one event, all outcomes

A function is written from the checked tree, never from text: `payloads` writes a send, `groups` its objects,
`fields` what goes into their fields, `expressions`, `conditions`, `calls` and `reading` what is computed for
it. `shapes` says which checks can be left out, `runtime` holds the long way for values that are not ordinary:
the walker's own code.
"""

from router.lang.compiled.plan import Plan, Walked, compile_plan
from router.lang.compiled.seam import Finisher, Planned

__all__ = ["Finisher", "Plan", "Planned", "Walked", "compile_plan"]

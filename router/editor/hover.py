"""What the name under the cursor is, in Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from router.editor import facts
from router.editor.effective import Effect, effects, including, last_word, mapping_of
from router.editor.occurrences import Occurrence
from router.editor.ruleset import RuleSet
from router.lang import tree as t
from router.lang.source import Source, Span


def hover(rules: RuleSet, source: Source, offset: int) -> tuple[str, Span] | None:
    """The text, and the stretch it speaks of; None where there is nothing to say."""
    found = rules.at(source, offset)
    text = _text(rules, found) if found else None
    return (text, found.span) if found and text else None


def _text(rules: RuleSet, found: Occurrence) -> str | None:
    match found.space:
        case "let":
            return _declared(rules, rules.lets.get(found.key))
        case "mapping":
            return _declared(rules, rules.mappings.get(found.key))
        case "destination":
            return _declared(rules, rules.destinations.get(found.key))
        case "field":
            return facts.field_text(rules, found.key)
        case "payload":
            return "\n\n".join([facts.payload_text(found.key), *_effective(rules, found)])
        case "target":
            return facts.target_text(found.key)
        case "function":
            function = rules.environment.functions.get(found.key)
            return facts.function_text(function) if function else None
        case "item":
            return _item(rules, found)
        case "source":
            noun = rules.environment.target.source_nouns.get(found.key)
            return f"Event source `{found.key}`: {noun}" if noun else None
        case "name":
            return _name(rules, found.key)
        case "file":
            return None


def _declared(rules: RuleSet, node: t.Let | t.Mapping | t.DestinationBlock | None) -> str | None:
    return facts.declaration_text(rules, node) if node else None


def _item(rules: RuleSet, found: Occurrence) -> str | None:
    node = next((each.node for each in rules.named(found) if isinstance(each.node, t.Each)), None)
    if node is None:
        return None
    return f"{facts.code(f'each {node.item.text} in {node.items.span.text}')}\nan element of the list"


def _name(rules: RuleSet, name: str) -> str | None:
    """A neutral event name: what it usually becomes."""
    events = rules.environment.target.events.values()
    usual = [f"`{each.name}` ({', '.join(sorted(each.sources))})" for each in events if name in each.neutral]
    return f"Event `{name}`: usually {', '.join(usual)}" if usual else None


# ------------------------------------------------------------------ effective lines


def _effective(rules: RuleSet, found: Occurrence) -> Iterator[str]:
    """Which line counts in the field's own mapping, and in each that includes it and replaces the line."""
    mapping = mapping_of(found.node, rules.mappings) if found.node else None
    if mapping is None or "[]." in found.key:
        return
    own = last_word(found.key, effects(mapping, rules.mappings))
    if own:
        yield f"In `{mapping}`:\n" + "\n".join(map(_line, own))
    for other in including(mapping, rules.mappings):
        there = last_word(found.key, effects(other, rules.mappings))
        if [each.node for each in there] != [each.node for each in own]:
            yield f"In `{other}`, which includes it:\n" + "\n".join(map(_line, there))


def _line(effect: Effect) -> str:
    under = f" ({', '.join(effect.conditions)})" if effect.conditions else ""
    first = effect.node.span.text.splitlines()[0]
    return f"- `{first}`{under}, {effect.node.span.place}"

"""A line of the audit trail as people say it: its deed, and each of its facts with a name and a value in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from console.grammar import Look
from console.settings import said
from domain.machine import EVERYTHING
from services import rule
from services.audit import Known, Told
from services.sending import messenger_name

_PLACES = {"key": -1, "what": -1, "reason": 1, "reasons": 1}
"""What comes before everything else, and what after it."""
_WORDED = ("mark", "duty", "outcome", "by", "what", "required", "state")
"""Facts whose values have words: `value_<fact>_<value>`."""


def deed_name(words: Mapping[str, str], deed: str) -> str:
    """Return a deed in words."""
    return words.get(f"deed_{deed.replace('.', '_')}", deed)


def facts_of(look: Look, one: Told, known: Known) -> Iterator[str]:
    """Yield the facts of a deed that say something. `known`: what is called how."""
    words = look.words("settings")
    for key, value in sorted(one.facts.items(), key=lambda fact: (_PLACES.get(fact[0], 0), fact[0])):
        if value not in ("", None):
            yield f"{words.get(f'fact_{key}', key)} {_fact(look, one, key, value, known)}"


def _fact(look: Look, one: Told, key: str, value: object, known: Known) -> str:
    words, plain = look.words("settings"), str(value)
    if key in _WORDED:
        return words.get(f"value_{key}_{plain}".lower(), plain)
    if key in {"unit", "bank", "gathering"}:
        return known.get((key, value), plain)
    if key == "terms" and isinstance(value, dict):
        return "、".join(f"{look.voice.labels.get(f'points.rule_{rule}', rule)} {each}" for rule, each in value.items())
    named = _NAMED.get(key)
    return named(look, one, plain) if named else plain


def _of_setting(look: Look, one: Told, value: str) -> str:
    """Return the value of a setting as its page says it; of anything else as it is."""
    key = one.facts.get("key")
    if look.machine is None:
        return look.words("settings").get(f"flag_{value}", value) if key else value
    found = next((each for each in look.machine.settable() if each.key == key), None)
    return said(look, found, value) if found is not None else value


def _messenger(look: Look, _one: Told, messenger: str) -> str:
    everything = messenger == EVERYTHING
    return look.words("settings")["everything"] if everything else messenger_name(look.voice, messenger)


def _kind(look: Look, one: Told, kind: str) -> str:
    """Return the name of a kind: what it is a kind of, the deed says."""
    if one.deed.startswith("template_"):
        return look.voice.labels.get(f"document.{kind}", kind)
    if one.deed.startswith("obligation."):
        return deed_name(look.words("settings"), f"obligation.{kind}")
    return look.words("jobs" if one.deed.startswith("job.") else "sending").get(f"kind_{kind}", kind)


def _rule(look: Look, _one: Told, wanted: str) -> str:
    """Return the name of a rule of organisational life as the newest pack has it."""
    packs = rule.book(look.work).packs
    found = [each for pack in packs for each in pack.rules if each.id == wanted]
    return found[-1].name.said(look.voice.language) if found else wanted


_NAMED: dict[str, Callable[[Look, Told, str], str]] = {
    "role": lambda look, _, role: look.voice.labels.get(f"permission.{role}", role),
    "key": lambda look, _, key: look.words("settings").get(f"key_{key.replace('.', '_')}", key),
    "messenger": _messenger,
    "kind": _kind,
    "rule": _rule,
    "value": _of_setting,
    "before": _of_setting,
}

"""Every sample through every messenger: limits obeyed, no word lost, and just what it was before (golden files).

A new messenger is picked up from `messengers.NAMES`. `python -m tests.test_conformance` writes the golden files anew.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.compare import opened
from domain.arrival import Ignored, MalformedUpdateError
from domain.codec import decode_reply, encode_reply
from messengers import NAMES
from messengers.base import Messenger
from tests.samples import SAMPLES, words_of

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(scope="module", params=NAMES)
def messenger(request: pytest.FixtureRequest) -> Messenger:
    """Each messenger in turn."""
    return opened(request.param)


def strings(drawn: object) -> str:
    """Return every string in a rendering, in order, without blanks."""
    if isinstance(drawn, str):
        return "".join(drawn.split())
    if isinstance(drawn, dict):
        return "".join(strings(value) for value in drawn.values())
    if isinstance(drawn, list):
        return "".join(strings(value) for value in drawn)
    return ""


@pytest.mark.parametrize("name", SAMPLES)
def test_it_is_drawn_as_before(messenger: Messenger, name: str) -> None:
    golden = json.loads((GOLDEN / f"{messenger.name}.json").read_text(encoding="utf-8"))
    assert messenger.render(SAMPLES[name]) == golden[name]


@pytest.mark.parametrize("name", SAMPLES)
def test_no_word_is_lost(messenger: Messenger, name: str) -> None:
    drawn = messenger.render(SAMPLES[name])
    assert drawn
    shown = strings(drawn)
    wanted = words_of(SAMPLES[name])
    for start in range(0, len(wanted), 40):
        assert all(character in shown for character in wanted[start : start + 40])
    assert sum(shown.count(character) for character in set(wanted)) >= len(wanted)


@pytest.mark.parametrize("name", SAMPLES)
def test_every_button_is_there_and_every_attachment(messenger: Messenger, name: str) -> None:
    drawn = json.dumps(messenger.render(SAMPLES[name]), ensure_ascii=False)
    buttons = SAMPLES[name].buttons
    most = messenger.limits.button_rows * messenger.limits.buttons_per_row
    for place, button in enumerate(buttons[:most], 1):
        there = json.dumps(button.call or button.url, ensure_ascii=False) in drawn
        typed = messenger.limits.numbered and f"{place}. {button.label}" in drawn
        assert there or typed, button
    for block in SAMPLES[name].blocks:
        if hasattr(block, "attachment"):
            assert str(block.attachment) in drawn


@pytest.mark.parametrize("name", SAMPLES)
def test_a_preview_loses_no_word_and_no_file(messenger: Messenger, name: str) -> None:
    bubbles = messenger.preview(SAMPLES[name])
    shown = "".join("".join(span.text for span in bubble.words) for bubble in bubbles)
    wanted = words_of(SAMPLES[name])
    assert all(shown.count(character) >= wanted.count(character) for character in set(wanted))
    labels = [label for bubble in bubbles for row in bubble.rows for label in row]
    for place, button in enumerate(SAMPLES[name].buttons, 1):
        assert button.label in labels or f"{place}. {button.label}" in shown
    files = sum(hasattr(block, "attachment") for block in SAMPLES[name].blocks)
    assert sum(bool(bubble.file) or bubble.picture for bubble in bubbles) == files


def test_every_sample_is_a_row_and_back() -> None:
    for reply in SAMPLES.values():
        assert decode_reply(encode_reply(reply)) == reply


_SAID = '{"kind":"text","text":"x","user":"%s","at":"%s"}'
_WROTE = '{"update_id":1,"message":{"date":0,"text":"x","from":{"id":%d},"chat":{"id":1,"type":"private"}}}'
BROKEN = ["", "null", "[]", "{}", "{", '"x"', "1e999", '{"update_id":{}}', '{"kind":"text"}', "\0", '{"a":' * 200]
BROKEN += ["[" * 100_000, _WROTE % 10**130, _SAID % ("ada", "9999-12-31T23:59:59-23:59")]
BROKEN += [_SAID % (user, "2026-11-23T01:30:00+00:00") for user in ("a\\u0000", "\\ud83d", "x" * 200)]


@pytest.mark.parametrize("body", BROKEN)
def test_what_can_not_be_read_is_malformed_and_nothing_worse(messenger: Messenger, body: str) -> None:
    try:
        found = messenger.receive(body)
    except MalformedUpdateError:
        return
    assert isinstance(found, Ignored)


def test_limits_are_stated(messenger: Messenger) -> None:
    limits = messenger.limits
    assert limits.text_chars > 0
    assert limits.button_rows > 0
    assert limits.file_in_bytes > 0
    assert messenger.name in NAMES


def write() -> None:
    """Write the golden files."""
    for name in NAMES:
        made = opened(name)
        drawn = {sample: made.render(reply) for sample, reply in SAMPLES.items()}
        words = json.dumps(drawn, ensure_ascii=False, indent=1)
        (GOLDEN / f"{name}.json").write_text(words + "\n", encoding="utf-8")


if __name__ == "__main__":
    write()

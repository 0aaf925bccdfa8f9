"""content/: both languages say the same, nothing that is said is missing, and nothing is kept that nobody says."""

from __future__ import annotations

import ast

import pytest

from content import LANGUAGES, voice
from content.banks import banks, topics
from handlers.grammar import Registry
from tests import code

pytestmark = pytest.mark.xdist_group("source")


def buttons() -> set[str]:
    return {
        str(node.args[0].value)
        for _, node in code.calls("button")
        if node.args and isinstance(node.args[0], ast.Constant)
    }


def nouns() -> set[str]:
    return {key.partition(".")[0] for key in (*voice("zh").sentences, *voice("zh").labels)}


@pytest.mark.parametrize("table", ["sentences", "labels", "phrases", "help"])
def test_both_languages_have_the_same_keys(table: str) -> None:
    zh, en = (set(getattr(voice(language), table)) for language in LANGUAGES)
    assert zh == en


def test_both_languages_need_the_same_facts() -> None:
    for key, sentence in voice("zh").sentences.items():
        assert sentence.placeholders == voice("en").sentences[key].placeholders, key


def test_every_code_in_the_source_exists(registry: Registry) -> None:
    known = {*voice("zh").sentences, *voice("zh").labels, *registry.buttons, *registry.steps, *registry.ticks}
    wanted = {one: where for one, where in code.codes().items() if one.partition(".")[0] in nouns()}
    assert {
        one: where for one, where in wanted.items() if one not in known and not one.endswith((".toml", ".html"))
    } == {}


def test_nothing_is_kept_that_nobody_says() -> None:
    said, shapes = code.codes(), code.patterns()
    for table in ("sentences", "labels"):
        kept = getattr(voice("zh"), table)
        idle = {key for key in kept if key not in said and not any(shape.fullmatch(key) for shape in shapes)}
        assert idle == set(), table


def test_every_call_behind_a_button_is_registered(registry: Registry) -> None:
    for where, node in code.calls("call"):
        first = node.args[0] if node.args else None
        elsewhere = where == "domain/call.py" or where.startswith("messengers/")  # an API's methods
        if isinstance(first, ast.Constant) and not elsewhere:
            assert first.value in registry.buttons, (where, first.value)


def test_every_entry_has_phrases_and_a_line_in_the_help(registry: Registry) -> None:
    for name, entry in registry.entries.items():
        for language in LANGUAGES:
            assert voice(language).phrases.get(name), (language, name)
            assert not entry.listed or voice(language).help.get(name), (language, name)
    assert set(voice("zh").phrases) == set(registry.entries)


def test_one_phrase_means_one_thing() -> None:
    for language in LANGUAGES:
        seen: dict[str, str] = {}
        for name, listed in voice(language).phrases.items():
            for phrase in listed:
                assert seen.setdefault(phrase, name) == name, (phrase, name, seen[phrase])


def test_labels_fit_on_a_button() -> None:
    for language in LANGUAGES:
        for key in buttons() & set(voice(language).labels):
            label = voice(language).labels[key]
            assert len(label) <= 40, (language, key)


def test_the_question_banks() -> None:
    loaded = banks()
    assert len(loaded) >= 6
    assert sum(len(questions) for _, questions in loaded) >= 120
    for bank, questions in loaded:
        assert len({question.kind for question in questions}) == 4, bank.name
        for question in questions:
            assert any(
                character.isdigit() or character in "一二三四五六七八九十" for character in question.source_zh
            ), question.ref


def test_the_readings() -> None:
    loaded = topics()
    assert len(loaded) >= 6
    assert sum(len(readings) for _, readings in loaded) >= 40

"""Which demands seem to be about one thing: by the words of their topic, never by who wrote them."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from math import log

LIKE_ENOUGH = 0.34
SAME_CATEGORY = 0.12
"""What being in one category counts for, beside the words."""
MOST = 5
_SHORTEST = 2
_SHORTEST_LATIN = 3


def topic(said: Iterable[str], common: Container[str]) -> list[str]:
    """Return the words that say what a text is about, each once.

    `said`: the text cut into words; `common`: words that stand in every other text and say nothing.
    """
    found = dict.fromkeys(word.lower() for word in said)
    least = {True: _SHORTEST_LATIN, False: _SHORTEST}
    return [word for word in found if word not in common and len(word) >= least[word.isascii()] and not word.isdigit()]


def similar(
    words: Iterable[str], category: str, others: Mapping[int, tuple[str, str]]
) -> list[tuple[int, tuple[str, ...]]]:
    """Return (id, shared words) of those that seem to be about the same, likeliest first, at most `MOST`.

    `words`: the topic of the one; `others`: id -> (category, text). A word that stands in few of them says more.
    """
    wanted = list(words)
    texts = {number: text.lower() for number, (_, text) in others.items()}
    held = {word: {number for number, text in texts.items() if word in text} for word in wanted}
    weight = {word: log((len(texts) + 2) / (1 + len(numbers))) for word, numbers in held.items()}
    whole = sum(weight.values())
    scores: dict[int, float] = {}
    for number in set[int]().union(*held.values()) if whole else ():
        shared = sum(weight[word] for word in wanted if number in held[word])
        scores[number] = shared / whole + (SAME_CATEGORY if others[number][0] == category else 0)
    best = sorted((one for one in scores if scores[one] >= LIKE_ENOUGH), key=lambda one: (-scores[one], one))
    return [(one, tuple(word for word in wanted if one in held[word])) for one in best[:MOST]]

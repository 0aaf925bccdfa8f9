"""Which demands seem to be about one thing: by the words of their topic, never by who wrote them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import log

LIKE_ENOUGH = 0.34
SAME_CATEGORY = 0.12
"""What being in one category counts for, beside the words."""
MOST = 5
_SHORTEST = 2
_SHORTEST_LATIN = 3
COMMON = frozenset(
    "我们 你们 他们 大家 公司 单位 领导 反映 反应 希望 建议 请问 问题 解决 能否 能不能 可以 可不可以 没有 一个 这个 那个 现在 "
    "已经 一直 还是 但是 因为 所以 如果 什么 怎么 为什么 非常 很多 有人 不能 需要 应该 是否 尽快 谢谢 你好 您好 "
    "the and are was not for too very with have has had this that there please could would should can our your from"
    .split()
)  # fmt: skip
"""Words that stand in every other request and say nothing about its topic."""


def topic(said: Iterable[str]) -> list[str]:
    """Return the words that say what a text is about, each once; `said`: the text cut into words."""
    found = dict.fromkeys(word.lower() for word in said)
    least = {True: _SHORTEST_LATIN, False: _SHORTEST}
    return [word for word in found if word not in COMMON and len(word) >= least[word.isascii()] and not word.isdigit()]


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

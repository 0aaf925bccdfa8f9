"""How names sound: the keys under which a person is found who is looked for by pinyin, whole or by its first letters.

A character with several readings gives several keys. As a surname some are read otherwise than in a word: those stand
in a table, for what a dictionary lists first (dān for 单) is what a word has.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from itertools import islice, product

MOST = 16
"""So many ways of reading one name are kept."""
LONGEST = 400
LONGEST_ASKED = 60
SURNAMES: dict[str, tuple[str, ...]] = {
    "单": ("shan",), "曾": ("zeng",), "解": ("xie",), "查": ("zha",), "仇": ("qiu",), "任": ("ren",),
    "盖": ("gai", "ge"), "朴": ("piao",), "区": ("ou",), "覃": ("qin", "tan"), "乐": ("yue", "le"),
    "缪": ("miao", "mou"), "翟": ("zhai", "di"), "员": ("yun",), "宓": ("mi", "fu"), "冼": ("xian",),
    "折": ("she",), "种": ("chong",), "华": ("hua",), "尉": ("wei", "yu"), "祭": ("zhai",), "召": ("shao",),
    "繁": ("po",), "秘": ("bi",), "撒": ("sa",), "洗": ("xian",), "隗": ("kui", "wei"), "谌": ("chen",),
    "莘": ("shen", "xin"), "柏": ("bai", "bo"), "薄": ("bo",), "牟": ("mu", "mou"), "葛": ("ge",),
    "句": ("gou",), "贾": ("jia",), "重": ("chong",), "长": ("chang", "zhang"),
    "石": ("shi",), "沈": ("shen",), "宿": ("su",), "臧": ("zang",), "藏": ("zang",), "阚": ("kan",), "燕": ("yan",),
    "应": ("ying",), "相": ("xiang",), "瞿": ("qu",), "郇": ("xun", "huan"), "粘": ("nian",), "占": ("zhan",),
}  # fmt: skip
"""Each reading is one that the dictionary knows for the character too; a test holds them together."""
COMPOUND: dict[str, tuple[str, str]] = {
    "欧阳": ("ou", "yang"), "司马": ("si", "ma"), "上官": ("shang", "guan"), "诸葛": ("zhu", "ge"),
    "尉迟": ("yu", "chi"), "万俟": ("mo", "qi"), "长孙": ("zhang", "sun"), "令狐": ("ling", "hu"),
    "夏侯": ("xia", "hou"), "皇甫": ("huang", "fu"), "东方": ("dong", "fang"), "公孙": ("gong", "sun"),
    "慕容": ("mu", "rong"), "司徒": ("si", "tu"), "端木": ("duan", "mu"), "呼延": ("hu", "yan"),
    "单于": ("chan", "yu"), "澹台": ("tan", "tai"), "轩辕": ("xuan", "yuan"), "宇文": ("yu", "wen"),
    "西门": ("xi", "men"), "南宫": ("nan", "gong"), "百里": ("bai", "li"), "独孤": ("du", "gu"),
    "鲜于": ("xian", "yu"), "闻人": ("wen", "ren"), "钟离": ("zhong", "li"), "申屠": ("shen", "tu"),
}  # fmt: skip
_PARTS = re.compile(r"[A-Za-z]+|[㐀-䶿一-鿿豈-﫿\U00020000-\U0003ffff]")
_ASKED = re.compile(r"[a-z' ·.-]+")
Readings = Callable[[str], Sequence[str]]
"""A character -> its readings without tones, the usual one first; ü is v."""


def keys(name: str, readings: Readings) -> str:
    """Return the keys of a name, each after a bar: read whole, first letters, surname with first letters, given name.

    A key that only begins another is left out: who looks for the beginning finds that one.
    """
    parts = _PARTS.findall(unicodedata.normalize("NFKC", name))
    if not parts:
        return ""
    compound = COMPOUND.get("".join(parts[:2])) if len(parts) > 2 or "".join(parts) in COMPOUND else None  # noqa: PLR2004 - two characters and a name
    ways: list[Sequence[str]] = [[part] for part in compound] if compound else [_surname(parts[0], readings)]
    own = len(ways)
    ways += [_ways(part, readings) for part in parts[own:]]
    found: list[str] = []
    for way in islice(product(*ways), MOST):
        found += _of_one(way, own)
    kept = [key for key in dict.fromkeys(found) if not any(o != key and o.startswith(key) for o in found)]
    return "".join(_as_long_as_fits(kept))


def _of_one(way: Sequence[str], own: int) -> Iterator[str]:
    yield "".join(way)
    yield "".join(part[0] for part in way)
    yield "".join(way[:own]) + "".join(part[0] for part in way[own:])
    yield "".join(way[own:])


def _as_long_as_fits(found: Sequence[str]) -> Iterator[str]:
    length = 0
    for key in found:
        length += len(key) + 1
        if key and length <= LONGEST:
            yield f"|{key}"


def _ways(part: str, readings: Readings) -> Sequence[str]:
    return [part.lower()] if part.isascii() else readings(part)


def _surname(part: str, readings: Readings) -> Sequence[str]:
    """Return how a surname is read; what is usual in words is kept as well, for whoever types that."""
    known = _ways(part, readings)
    return list(dict.fromkeys((*SURNAMES.get(part, ()), *known[:1])))


def asked(words: str) -> str:
    """Return the beginning of a key that these words are, however they were spaced; empty when they are no letters."""
    folded = unicodedata.normalize("NFKC", words).lower().replace("ü", "v").replace("’", "'")
    if not _ASKED.fullmatch(folded):
        return ""
    bare = re.sub(r"[^a-z]", "", folded)[:LONGEST_ASKED]
    # Passports write Lyu where keyboards take lv.
    return bare.replace("lyu", "lv").replace("nyu", "nv")

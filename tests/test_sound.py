"""How names sound: surnames with a reading of their own, several readings, foreign names, and what was typed."""

from __future__ import annotations

import pytest

from domain.sound import COMPOUND, LONGEST, SURNAMES, asked, keys
from storage import member, sound
from tests.talk import Company


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("张三", "zhangsan zs zhangs san"),
        ("王小明", "wangxiaoming wxm wangxm xiaoming wangx"),
        ("单雄信", "shanxiongxin sxx danxiongxin"),
        ("曾国藩", "zengguofan cengguofan zgf"),
        ("解缙", "xiejin jiejin xj"),
        ("查良镛", "zhaliangyong zly"),
        ("翟天", "zhaitian zt"),
        ("万俟卨", "moqixie mqx moqix"),
        ("尉迟恭", "yuchigong ycg"),
        ("欧阳修", "ouyangxiu oyx ouyangx xiu"),
        ("张乐", "zhangle zhangyue zl zy"),
        ("吕布", "lvbu lb"),
        ("John Smith", "johnsmith js smith"),
        ("阿·古丽", "aguli agl"),
    ],
)
def test_a_name_is_found_by_each_way_of_typing_it(name: str, typed: str) -> None:
    for words in typed.split():
        assert f"|{asked(words)}" in sound.of(name), (words, sound.of(name))


def test_what_nobody_is_called_finds_nobody() -> None:
    assert "|yu" not in sound.of("王海")
    assert "|chen" not in sound.of("沈阳")
    assert not sound.of("·－123")


def test_a_long_name_of_many_readings_stays_within_its_column() -> None:
    assert 0 < len(sound.of("行" * 40)) <= LONGEST
    assert keys("", lambda _: ("x",)) == ""


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("zhang s", "zhangs"),
        ("Zhang San", "zhangsan"),
        ("xi'an", "xian"),
        ("LÜ bu", "lvbu"),
        ("ｚｓ", "zs"),
        ("Lyu", "lv"),
        ("张", ""),
        ("a003", ""),
        ("%", ""),
        ("|", ""),
        ("", ""),
    ],
)
def test_only_letters_are_a_sound(words: str, meant: str) -> None:
    assert asked(words) == meant


def test_the_table_of_surnames_says_what_the_dictionary_knows() -> None:
    from pypinyin import Style, pinyin  # noqa: PLC0415 - beside its use

    for name, readings in (*SURNAMES.items(), *((k[i], (v[i],)) for k, v in COMPOUND.items() for i in (0, 1))):
        known = pinyin(name, style=Style.NORMAL, heteronym=True)[0]
        assert set(readings) <= set(known), (name, readings, known)


def test_rows_without_keys_get_them_in_steps(company: Company) -> None:
    company.write(lambda c: c.execute(member.member.update().values(sound=None)))
    assert company.write(lambda c: member.give_sounds(c, 7)) == 7
    assert company.write(lambda c: member.give_sounds(c, 7)) == 5
    assert company.write(lambda c: member.give_sounds(c, 7)) == 0
    lin = company.roll.people["lin"]
    company.write(lambda c: member.change(c, lin, name="单雪"))
    found = company.read(lambda c: c.execute(member.member.select().where(member.member.c.id == lin)).one())
    assert "|shanxue" in found.sound

"""签到."""

from __future__ import annotations

from tests.talk import Company


def test_once_a_day(company: Company) -> None:
    first = company.ada.says("签到")
    assert "签到成功" in first
    again = company.ada.says("/checkin")
    assert "已签到" in again
    assert "09:30" in again

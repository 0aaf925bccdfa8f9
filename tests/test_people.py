"""Who is who: bound by the company's directory, one person on several messengers, going away and coming back."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, select

from content import Voice
from domain.arrival import MalformedUpdateError
from domain.reply import Reply
from messengers.telegram.receive import Me, receive
from services import post
from storage import address, audit, inbox, member
from tests.company import ORGANISATION
from tests.running import Running, eventually, running
from tests.talk import Company, Phone

ALLOWED = replace(ORGANISATION, by_directory=("wecom", "dingtalk"))


def _allow(company: Company) -> None:
    company.organisation = ALLOWED
    company.dispatch = replace(company.dispatch, organisation=ALLOWED)


def _phone(company: Company, account: str, number: str, messenger: str = "wecom") -> Phone:
    phone = company.phone(account, messenger)
    phone.directory_id = number
    return phone


def _consent(company: Company, nickname: str, version: int = 0) -> None:
    company.write(lambda c: member.change(c, company.roll.people[nickname], consent=version))


def test_the_directory_binds_at_first_contact_and_consent_comes_first(company: Company) -> None:
    _allow(company)
    _consent(company, "ada")
    phone = _phone(company, "wf", " a001 ")
    hello = phone.opens()
    assert "你好，王芳" in hello
    assert "个人信息说明" in hello
    assert "个人信息说明" in phone.says("我的积分")
    phone.presses("同意")
    assert "A001" in phone.says("/me")
    entries = company.read(lambda c: audit.about(c, company.roll.people["ada"]))
    assert "directory.bind" in str(entries)


def test_whoever_has_consented_before_goes_on(company: Company) -> None:
    _allow(company)
    assert "你的记录都在" in _phone(company, "wf", "A001").says("签到")


@pytest.mark.parametrize("number", ["", " ", "1", "A1", "A0001", "001", "A999", "A001\n\x00", "%", "王芳"])
def test_a_number_that_is_nobodys_binds_nobody(company: Company, number: str) -> None:
    _allow(company)
    if number.startswith("A001"):
        number = "A001 x"
    assert "绑定码" in _phone(company, "wf", number).opens()


def test_a_number_without_its_zeros_is_another(company: Company) -> None:
    _allow(company)
    company.write(lambda c: member.add(c, "0123", "零一", company.now))
    assert "绑定码" in _phone(company, "one", "123").opens()
    assert "零一" in _phone(company, "two", "0123").opens()


def test_two_people_with_nearly_the_same_number_are_not_guessed_between(company: Company) -> None:
    _allow(company)
    company.write(lambda c: member.add(c, "a001", "重号", company.now))
    assert "绑定码" in _phone(company, "wf", "A001").opens()


def test_whoever_left_the_company_is_not_bound(company: Company) -> None:
    _allow(company)
    company.write(lambda c: member.change(c, company.roll.people["ada"], left_at=company.now))
    assert "绑定码" in _phone(company, "wf", "A001").opens()


def test_it_is_not_allowed_unless_an_administrator_says_so(company: Company) -> None:
    assert "绑定码" in _phone(company, "wf", "A001").opens()
    _allow(company)
    assert "绑定码" in _phone(company, "wf", "A001", "feishu").opens()
    assert "你的记录都在" in _phone(company, "wf", "A001").says("你好")


def test_a_second_account_on_the_same_messenger_needs_a_code(company: Company) -> None:
    _allow(company)
    _phone(company, "wf", "A001").opens()
    second = _phone(company, "other", "A001").opens()
    assert "已经绑定了另一个账号" in second
    assert "王芳" not in second
    assert "你的记录都在" in _phone(company, "wf", "A001", "dingtalk").opens()


def test_whoever_untied_the_account_is_bound_again_only_when_asking(company: Company) -> None:
    _allow(company)
    phone = _phone(company, "wf", "A001")
    phone.opens()
    phone.says("解绑")
    phone.presses("解绑")
    assert "绑定码" in phone.says("谢谢")
    assert "绑定码" in phone.opens()
    assert "你的记录都在" in phone.says("绑定")


def test_one_person_on_three_messengers_has_one_ledger_and_chooses_where_pushes_go(company: Company) -> None:
    _allow(company)
    wecom, ding = _phone(company, "wf", "A001"), _phone(company, "d1", "A001", "dingtalk")
    wecom.opens()
    ding.opens()
    wecom.says("签到")
    assert "今天" in ding.says("签到")
    assert "已" in ding.last
    totals = {phone.says("我的积分").splitlines()[0] for phone in (company.ada, wecom, ding)}
    assert len(totals) == 1

    def push() -> set[str]:
        def compose(voice: Voice) -> Reply:
            return Reply((voice.say("quiz.reminder"),))

        people = [company.roll.people["ada"]]
        company.write(lambda c: post.push(company.work(c), people, "announcement", compose))
        return {phone.messenger for phone in (company.ada, wecom, ding) if phone.sees()}

    assert len(push()) == 1
    for label, messenger in (("企业微信", "wecom"), ("网页", "web"), ("钉钉", "dingtalk")):
        ding.says("/settings")
        ding.presses("推送到哪里")
        ding.presses(label)
        assert push() == {messenger}, label


# going away and coming back


def test_whoever_blocks_us_hears_nothing_and_is_asked_nothing(company: Company) -> None:
    company.ada.says("/demand")
    assert company.ada.leaves() == ""
    ada = company.roll.people["ada"]
    assert ada not in company.read(lambda c: address.reachable(c, [ada]))

    def left(connection: Connection) -> tuple[str, str]:
        found = address.caller(connection, "web", "ada")
        assert found is not None
        row = address.address.c
        return found.step, str(connection.scalar(select(row.closed_why).where(row.account == "ada")))

    assert company.read(left) == ("", "left")
    assert "上午好" in company.ada.says("你好") or "早上好" in company.ada.last
    assert ada in company.read(lambda c: address.reachable(c, [ada]))
    assert company.phone("never-seen").leaves() == ""


# places


def test_a_place_goes_into_a_request_in_words(company: Company) -> None:
    company.ada.says("/demand")
    company.ada.says("路口的路灯坏了，晚上很黑")
    company.ada.presses("其他类别")
    company.ada.presses("其他")
    card = company.ada.is_at(31.2304161234, 121.4737012345, "南门")
    assert "位置：南门（31.23042, 121.47370）" in card
    assert "SQ-" in company.ada.presses("提交")
    assert "31.23042" in company.zhou.sees()


def test_a_place_elsewhere_is_not_kept(company: Company) -> None:
    said = company.ada.is_at(31.2304161234, 121.4737012345, "家")
    assert "没有保存" in said
    assert "留言提诉求" in said.labels
    assert "没有保存" in company.ada.is_at(1, 2)
    assert "绑定码" in company.phone("stranger").is_at(1, 2)
    company.ada.presses("留言提诉求")
    company.ada.is_at(31, -121.5)
    company.ada.says("这里的路灯坏了")
    company.ada.presses("其他类别")
    company.ada.presses("党务")
    assert "位置：31.00000, -121.50000" in company.ada.presses("下一步")


# over Telegram

ADA = 1001


def _private(**more: Any) -> dict[str, Any]:  # noqa: ANN401 - a message as it comes
    who = {"id": ADA, "is_bot": False, "first_name": "芳"}
    return {"message_id": 5, "from": who, "chat": {"id": ADA, "type": "private"}, "date": int(time.time()), **more}


def _bodies(run: Running) -> list[str]:
    return run.read(lambda c: [str(row[0]) for row in c.execute(select(inbox.inbox.c.body).order_by(inbox.inbox.c.id))])


async def test_telegram_tells_of_places_and_of_being_blocked(company: Company) -> None:
    async with running(company, users={ADA: "ada"}) as run:
        place = {"latitude": 31.23041612, "longitude": 121.47370123}
        run.api.update(message=_private(location=place))
        await eventually(lambda: any("没有保存" in text for text in run.api.texts(ADA)))
        assert _bodies(run) == ["{}"]
        run.api.says(ADA, "/demand")
        await eventually(lambda: any("想反映" in text for text in run.api.texts(ADA)))
        run.api.update(message=_private(location=place, venue={"title": "南门", "address": "", "location": place}))
        await eventually(lambda: any("哪一类" in text for text in run.api.texts(ADA)))
        assert "31.23041612" in _bodies(run)[-1]
        change = {"old_chat_member": {"status": "member"}, "new_chat_member": {"status": "kicked"}}
        run.api.update(my_chat_member=_private(**change))
        number = len(run.api.seen)
        found = address.address.c

        def closed() -> str | None:
            why = select(found.closed_why).where(found.messenger == "telegram", found.account == str(ADA))
            return run.read(lambda c: c.scalar(why))

        await eventually(lambda: closed() == "left")
        back = {"old_chat_member": {"status": "kicked"}, "new_chat_member": {"status": "member"}}
        run.api.update(my_chat_member=_private(**back))
        await eventually(lambda: run.app.intake.ignored["telegram", "membership"] == 1)
        assert closed() == "left"
        assert len(run.api.seen) == number
        run.api.says(ADA, "签到")
        await eventually(lambda: any("签到成功" in text for text in run.api.texts(ADA)))
        assert closed() == ""


@pytest.mark.parametrize("odd", [91.0, -91, "31", None, True, float("nan")])
def test_a_place_that_is_none_is_a_dead_letter(odd: object) -> None:
    message = _private(location={"latitude": odd, "longitude": 1.0})
    with pytest.raises(MalformedUpdateError):
        receive(json.dumps({"update_id": 1, "message": message}), Me())

"""First contact: the notice, binding by a code, consent, /me, unbinding and going away."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import func, select

from domain.member import NOTICE_VERSION
from services import invite
from storage import address, audit
from storage import member as members
from storage.consent import consent
from storage.member import member
from tests.talk import Company


def code_for(company: Company, number: str) -> str:
    return company.write(lambda c: invite.issue(company.work(c), number)).code


def newcomer(company: Company, number: str = "A012") -> None:
    """Let somebody of the roster be without account and consent, as after an import."""

    def forget(c):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
        person = c.execute(select(member.c.id).where(member.c.employee_no == number)).scalar_one()
        for account in address.accounts_of(c, person):
            address.bind(c, account[0], None, None)
        c.execute(member.update().where(member.c.id == person).values(consent=0, language=""))

    company.write(forget)


def test_a_stranger_is_told_how_to_bind_and_gets_nothing_else(company: Company) -> None:
    stranger = company.phone("stranger")
    assert "8 位绑定码" in stranger.opens()
    for words in ("签到", "/points", "我的诉求", "今天学什么", "帮助"):
        assert "绑定" in stranger.says(words)
    assert "绑定" in stranger.calls("quiz.today")


def test_binding_shows_the_notice_in_three_lines_and_waits_for_the_answer(company: Company) -> None:
    newcomer(company)
    phone = company.phone("new-phone")
    phone.opens()
    screen = phone.says(code_for(company, "A012"))
    assert "徐静" in screen
    for line in ("一、存什么", "二、谁能看", "三、你可以"):
        assert line in screen
    assert "不影响你的党籍" in screen
    assert "同意" in phone.says("签到")
    assert "现在就可以用了" in phone.presses("同意，开始使用")
    assert "签到成功" in phone.says("签到")
    kept = company.read(lambda c: c.execute(select(consent.c.version, consent.c.withdrawn_at)).all())
    assert kept == [(NOTICE_VERSION, None)]


def test_declining_keeps_nothing(company: Company) -> None:
    newcomer(company)
    phone = company.phone("new-phone")
    phone.opens(code_for(company, "A012"))
    assert "没有绑定" in phone.presses("不同意")
    assert "绑定码" in phone.says("签到")
    assert company.read(lambda c: c.scalar(select(func.count()).select_from(consent))) == 0


def test_a_deep_link_binds_and_a_code_works_once(company: Company) -> None:
    newcomer(company)
    code = code_for(company, "A012")
    assert "徐静" in company.phone("one").opens(code)
    assert "不对，或者已经用过" in company.phone("two").opens(code)


def test_codes_are_read_however_they_are_typed(company: Company) -> None:
    newcomer(company)
    code = code_for(company, "A012")
    spaced = f"{code[:4].lower()} - {code[4:]}"
    phone = company.phone("one")
    phone.opens()
    assert "徐静" in phone.says(spaced)


def test_a_new_code_ends_the_one_before(company: Company) -> None:
    newcomer(company)
    first, second = code_for(company, "A012"), code_for(company, "A012")
    assert "不对" in company.phone("one").opens(first)
    assert "徐静" in company.phone("one").opens(second)


def test_a_code_ends_after_seven_days(company: Company) -> None:
    newcomer(company)
    code = code_for(company, "A012")
    company.travel(days=7, seconds=1)
    assert "不对" in company.phone("one").opens(code)


def test_five_wrong_tries_and_it_waits_a_quarter_of_an_hour(company: Company) -> None:
    newcomer(company)
    phone = company.phone("guesser")
    phone.opens()
    for left in (4, 3, 2, 1):
        assert f"{left}" in phone.says("AAAA2222")
    assert "之后再试" in phone.says("AAAA3333")
    good = code_for(company, "A012")
    assert "之后再试" in phone.opens(good)
    assert "徐静" in company.phone("another").opens(good)
    company.travel(minutes=15, seconds=1)
    newcomer(company)
    assert "徐静" in phone.opens(code_for(company, "A012"))


def test_of_many_at_once_one_gets_the_code(company: Company) -> None:
    newcomer(company)
    code = code_for(company, "A012")

    def attempt(number: int) -> bool:
        def work(c):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
            address.meet(c, "web", f"racer-{number}", "x", "zh", company.now)
            caller = address.caller(c, "web", f"racer-{number}")
            assert caller is not None
            tried = invite.try_code(company.work(c), "web", f"racer-{number}", caller.address_id, None, code)
            return tried.outcome is invite.Outcome.BOUND

        return bool(company.write(work))

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(60))) == 1


def test_an_account_that_is_bound_is_not_taken_over(company: Company) -> None:
    newcomer(company)
    code = code_for(company, "A012")
    assert "已经绑定为 **王芳**".replace("*", "") in company.ada.opens(code)
    assert "徐静" in company.phone("hers").opens(code)


def test_me_shows_what_the_roster_says(company: Company) -> None:
    screen = company.lin.says("/me")
    for words in ("林雪", "A003", "正式党员", "工会会员", "第一党支部", "党支部书记", "网页"):
        assert words in screen
    assert "党支部书记" not in company.ada.says("我的信息")


def test_unbinding_keeps_what_was_done(company: Company) -> None:
    company.ada.says("签到")
    company.ada.says("/me")
    assert "解绑这个账号" in company.ada.presses("解绑此账号")
    assert "已解绑" in company.ada.presses("解绑")
    assert "绑定码" in company.ada.says("积分")
    company.ada.opens(code_for(company, "A001"))
    assert "已签到" in company.ada.says("签到")


def test_going_away_unbinds_every_account_and_ends_consent(company: Company) -> None:
    company.phone("ada-2").opens(code_for(company, "A001"))
    company.ada.says("撤回同意")
    assert "党籍、会籍和待遇不受影响" in company.ada.last
    company.ada.presses("确定撤回")
    assert "绑定码" in company.ada.says("签到")
    assert "绑定码" in company.phone("ada-2").says("签到")
    assert company.read(lambda c: c.scalar(select(member.c.consent).where(member.c.employee_no == "A001"))) == 0


def test_whoever_is_bound_hears_of_a_second_account_and_undoes_it(company: Company) -> None:
    company.lin.says("发绑定码")
    screen = company.lin.says("赵强")
    assert "已经绑定了 1 处" in screen
    code = re.search(r"\b([2-9A-HJKMNP-Z]{8})\b", screen)
    assert code is not None
    thief = company.phone("thief")
    assert "绑定好了" in thief.opens(code[1])
    assert "又绑定了一处" in company.bo.sees()
    assert "已解除那一处绑定" in company.bo.presses("不是我，解除它")
    assert "绑定码" in thief.says("我的积分")
    deeds = company.read(lambda c: list(c.scalars(select(audit.audit.c.deed).order_by(audit.audit.c.id))))
    assert deeds[-2:] == ["invite_bind", "invite_expel"]


def test_no_code_gives_a_role_beyond_ones_own_scope(company: Company) -> None:
    """陈涛 sits in 林雪's branch, and on the committee above it."""
    company.write(lambda c: members.set_units(c, company.roll.people["chen"], [company.roll.units["branch1"].id]))
    company.lin.says("发绑定码")
    assert "你不能给他发绑定码" in company.lin.says("陈涛")
    company.root.says("发绑定码")
    assert "只能用一次" in company.root.says("陈涛")


def test_staying_changes_nothing(company: Company) -> None:
    company.ada.says("我要注销")
    assert "王芳" in company.ada.presses("不了")
    assert "签到成功" in company.ada.says("签到")


def test_an_invitation_by_chat_reaches_only_ones_own_scope(company: Company) -> None:
    company.lin.says("发绑定码")
    screen = company.lin.says("马琳")
    code = re.search(r"\b([2-9A-HJKMNP-Z]{8})\b", screen)
    assert code is not None
    assert "只能用一次" in screen
    assert "没有找到" in company.lin.says("/invite 徐静")
    assert "没有找到" in company.lin.says("/invite 100%")
    other = company.read(lambda c: c.execute(select(member.c.id).where(member.c.employee_no == "A012")).scalar_one())
    assert "没有找到这个人" in company.lin.calls(f"invite.issue:{other}")
    assert "职责" in company.ada.says("/invite 马琳")
    assert "职责" in company.ada.says("/invite")
    assert "马琳" in company.phone("ma-2").opens(code[1])


def test_in_english(company: Company) -> None:
    newcomer(company)
    phone = company.phone("new-phone", language="en")
    assert "8-character code" in phone.opens()
    screen = phone.says(code_for(company, "A012"))
    assert "What is kept" in screen
    assert "You can begin" in phone.presses("Agree")
    assert "full Party member" in phone.says("/me")

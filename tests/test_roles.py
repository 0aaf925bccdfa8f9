"""Who may do what where: the whole matrix, and giving, ending and leaving by chat."""

from __future__ import annotations

import itertools

import pytest
from sqlalchemy import select

from domain.permission import MATRIX, Action, Grant, Role, allows, reach
from services import permission
from storage import audit
from tests.talk import Company

ROOT, PARTY, BRANCH1, BRANCH2, UNION = "/1/", "/1/4/", "/1/4/5/", "/1/4/6/", "/1/8/"

MAY = {
    Role.GROUP_LEADER: "gather plan_meetings",
    Role.COMMITTEE_MEMBER: "gather",
    Role.BRANCH_SECRETARY: (
        "announce gather handle_demands award_points answer_objections see_unit_figures invite set_theme_day"
        " plan_meetings plan_activities set_obligations"
    ),
    Role.COMMITTEE: (
        "announce gather handle_demands oversee_demands award_points answer_objections see_unit_figures invite"
        " import_questions set_theme_day plan_meetings plan_activities set_obligations set_point_rules"
    ),
    Role.UNION_OFFICER: (
        "announce gather handle_demands oversee_demands award_points answer_objections see_unit_figures invite"
        " plan_meetings plan_activities set_point_rules"
    ),
    Role.LEAGUE_OFFICER: "announce gather handle_demands see_unit_figures invite plan_meetings plan_activities",
    Role.WOMENS_OFFICER: "announce gather handle_demands see_unit_figures invite plan_meetings plan_activities",
    Role.ADMINISTRATOR: "invite import_roster import_questions set_theme_day manage_roles set_calendar run_machine",
}
"""Written down a second time, by hand: a change of the matrix must be meant."""
FOR_EVERYBODY = "import_questions set_calendar run_machine"
"""Given by a role at the top alone."""


@pytest.mark.parametrize(("role", "action"), list(itertools.product(Role, Action)))
def test_every_role_and_every_action(role: Role, action: Action) -> None:
    held = [Grant(role, 5, BRANCH1)]
    allowed = action.value in MAY[role].split()
    assert (action in MATRIX[role]) is allowed
    assert allows([Grant(role, 1, ROOT)], action, BRANCH1) is allowed
    assert not allows([Grant(role, 1, ROOT)], action, "")
    allowed = allowed and action.value not in FOR_EVERYBODY.split()
    assert allows(held, action, BRANCH1) is allowed
    assert allows(held, action, BRANCH1 + "9/") is allowed
    for elsewhere in (ROOT, PARTY, BRANCH2, UNION, "/1/4/55/", ""):
        assert not allows(held, action, elsewhere)


def test_without_a_grant_nothing_is_allowed() -> None:
    assert not any(allows([], action, ROOT) for action in Action)


def test_two_roles_reach_what_each_reaches() -> None:
    held = [Grant(Role.BRANCH_SECRETARY, 5, BRANCH1), Grant(Role.UNION_OFFICER, 8, UNION)]
    assert [grant.path for grant in reach(held, Action.ANNOUNCE)] == [UNION, BRANCH1]
    assert [grant.path for grant in reach(held, Action.OVERSEE_DEMANDS)] == [UNION]


def test_giving_and_ending_a_role_by_chat(company: Company) -> None:
    screen = company.root.says("/roles 马琳")
    assert "现在没有职责" in screen
    company.root.presses("增加职责")
    company.root.presses("党小组长")
    assert "已任命" in company.root.presses("第一党小组")
    assert "担任 党小组长" in company.ma.sees()
    assert "开签到" in company.ma.says("/help") or "/gathering" in company.ma.says("/help")
    assert "已免去" in company.root.presses("免去 党小组长")
    assert "已结束" in company.ma.sees()
    assert "/gathering" not in company.ma.says("/help")
    deeds = company.read(lambda c: c.execute(select(audit.audit.c.deed).order_by(audit.audit.c.id)).scalars().all())
    assert [deed for deed in deeds if deed.startswith("roles.")] == ["roles.give", "roles.end"]


def test_pressing_twice_gives_once(company: Company) -> None:
    company.root.says("/roles 马琳")
    company.root.presses("增加职责")
    company.root.presses("党支部书记")
    company.root.presses("第二党支部")
    ma, branch = company.roll.people["ma"], company.roll.units["branch2"].id
    assert "本来就有" in company.root.calls(f"roles.give:{ma}:branch_secretary:{branch}")
    assert "已免去" in company.root.calls(f"roles.end:{ma}:branch_secretary:{branch}")
    assert "之前已经结束" in company.root.calls(f"roles.end:{ma}:branch_secretary:{branch}")


def test_a_role_is_held_only_where_it_belongs(company: Company) -> None:
    ma, union = company.roll.people["ma"], company.roll.units["union"].id
    assert "不能设在那个组织" in company.root.calls(f"roles.give:{ma}:branch_secretary:{union}")
    assert "过期" in company.root.calls(f"roles.give:{ma}:emperor:{union}")


def test_only_an_administrator_manages_roles(company: Company) -> None:
    ma, branch = company.roll.people["ma"], company.roll.units["branch1"].id
    for phone in (company.lin, company.chen, company.ada):
        assert "职责" in phone.says("/roles 马琳")
        phone.calls(f"roles.give:{ma}:branch_secretary:{branch}")
        phone.calls(f"roles.depart_sure:{ma}")
    held = company.read(lambda c: permission.grants_of(company.work(c), ma))
    assert held == ()


def test_whoever_leaves_is_locked_out_at_once_and_history_stays(company: Company) -> None:
    company.lin.says("签到")
    company.root.says("/roles A003")
    company.root.presses("登记离职")
    assert "已登记" in company.root.presses("确认离职")
    assert "绑定码" in company.lin.says("积分")
    assert "没有找到" in company.root.says("/roles A003")
    held = company.read(lambda c: permission.grants_of(company.work(c), company.roll.people["lin"]))
    assert held == ()


def test_nobody_notes_their_own_leaving(company: Company) -> None:
    root = company.roll.people["root"]
    assert "另一位管理员" in company.root.calls(f"roles.depart_sure:{root}")


def test_in_english(company: Company) -> None:
    company.root.says("/language en")
    assert "No role now" in company.root.says("/roles A010")
    assert "Which role" in company.root.presses("Add a role")

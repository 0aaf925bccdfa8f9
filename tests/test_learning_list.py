"""What keepers of questions and readings ask of the database, on both kinds of it."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection

from domain.question import Kind
from domain.reading import Reading
from services import learning, learning_list, question_import, question_list
from services import question as banks
from services.question_list import Asked
from tests.question_layouts import as_template
from tests.talk import Company

FORM = {"title_en": "Power off", "body_en": 'Say "off" before 100% of the work.', "source_en": "Rules, art. 3"}


def test_an_own_reading_from_first_to_last(company: Company) -> None:
    root = company.roll.people["root"]

    def walk(connection: Connection) -> None:
        work = company.work(connection)
        topic = learning_list.topic_of(work, "", "车间规矩")
        made = learning_list.typed(FORM, "", topic.name)
        assert isinstance(made, Reading)
        number = learning_list.put(work, root, made, topic)
        assert learning_list.topic_of(work, topic.name, "") == topic
        found = learning_list.search(work, root, '"OFF" before 100%', topic.name, 1, "zh", in_use=True)
        assert [(one.title, one.topic, one.last) for one in found.rows] == [("Power off", "车间规矩", None)]
        learning_list.plan(work, root, number, date(2026, 11, 30))
        assert learning_list.one_of(work, root, number, "zh").planned == date(2026, 11, 30)
        changed = learning_list.typed(
            {**FORM, "title_zh": "断电", "body_zh": "先断电。", "source_zh": "办法"}, made.ref, topic.name
        )
        assert isinstance(changed, Reading)
        assert learning_list.put(work, root, changed, topic, number) == number
        assert [one.title for one in learning.search(work, "先断电", "zh")] == ["断电"]
        assert learning_list.put(work, root, made, topic, number) == number
        assert learning.search(work, "先断电", "zh") == []
        assert learning.of_topic(work, topic.name, "zh") == [(number, "Power off")]
        assert learning_list.retire(work, root, number, retired=True)
        assert not learning_list.retire(work, root, number, retired=True)
        assert learning_list.one_of(work, root, number, "zh").planned is None
        assert learning.of_topic(work, topic.name, "zh") == []
        assert learning.search(work, "Power off", "en") == []

    company.write(walk)


def test_a_bank_from_first_to_last(company: Company) -> None:
    root = company.roll.people["root"]

    def walk(connection: Connection) -> None:
        work = company.work(connection)
        question_import.apply(work, "plant", *as_template(), root)
        one = next(one for one in question_list.overview(work, root) if one.bank.name == "plant")
        assert (one.kinds[Kind.SINGLE], one.active, one.retired, one.shipped) == (4, 12, 0, False)
        found = question_list.search(work, root, Asked("plant", "100至120次", "single", active=True), 1)
        assert found.count == 1
        number = found.rows[0].id
        assert question_list.search(work, root, Asked("plant", "%"), 1).count == 0
        assert banks.retire(work, root, number, retired=True)
        one = next(one for one in question_list.overview(work, root) if one.bank.name == "plant")
        assert (one.active, one.retired) == (11, 1)
        assert banks.close(work, root, "plant", closed=True)
        assert "plant" not in {bank.name for bank, _ in banks.banks(work)}
        again = question_import.apply(work, "plant", *as_template(), root)
        assert (again.same, again.changed) == (11, 1)
        assert banks.bank_of(work, root, "plant")[2]

    company.write(walk)

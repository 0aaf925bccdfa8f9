"""The same twelve questions in the layouts that people have: spreadsheets, documents, texts and JSON, made here."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from docx import Document
from openpyxl import Workbook


@dataclass(frozen=True)
class One:
    """A question as its author thinks of it."""

    kind: str
    text: str
    options: tuple[str, ...]
    answer: str
    why: str = ""

    @property
    def words(self) -> list[str]:
        """The options that are right."""
        return [self.options["ABCD".index(letter)] for letter in self.answer] if self.options else []


SINGLES = (
    One("单选", "车间的安全帽多久检查一次？", ("每天", "每月", "每年", "从不"), "A", "制度写明每天检查。"),
    One("单选", "灭火器的压力表指针应当在（ ）。", ("红区", "绿区", "黄区"), "B"),
    One("单选", "下班前最后一件事是（ ）。", ("关灯", "打卡", "断电", "锁门"), "C", "先断电，再锁门。"),
    One("单选", "心肺复苏每分钟按压多少次？", ("60至80次", "80至90次", "90至100次", "100至120次"), "D"),
)
MULTIPLES = (
    One("多选", "哪些作业要办票？", ("动火", "高处", "吃饭", "受限空间"), "ABD", "吃饭不用办票。"),
    One("多选", "下列属于劳动防护用品的有（ ）。", ("安全帽", "工作餐", "防护眼镜"), "AC"),
    One("多选", "班前会要讲什么？", ("任务", "风险", "措施", "天气"), "ABCD"),
)
JUDGES = (
    One("判断", "可以酒后上岗。", (), "错", "任何时候都不可以。"),
    One("判断", "进入车间必须戴安全帽。", (), "对"),
    One("判断", "消防通道可以临时堆放货物。", (), "错"),
)
FILLS = (
    One("填空", "火警电话是____。", (), "119"),
    One("填空", "本厂的安全热线是____。", (), "八一一九", "见安全手册封底。"),
)
ALL = (*SINGLES, *MULTIPLES, *JUDGES, *FILLS)
GROUPS = (("单项选择题", SINGLES), ("多项选择题", MULTIPLES), ("判断题", JUDGES), ("填空题", FILLS))
WIDE = str.maketrans("ABCD", "ＡＢＣＤ")
Rows = list[list[Any]]


def book(*sheets: tuple[str, Rows], merged: Sequence[str] = ()) -> bytes:
    """Return an XLSX with these sheets; `merged`: ranges of the first."""
    made = Workbook()
    first = made.active
    assert first is not None
    made.remove(first)
    for name, rows in sheets:
        page = made.create_sheet(name)
        for row in rows:
            page.append(row)
        for one in merged if name == sheets[0][0] else ():
            page.merge_cells(one)
    target = io.BytesIO()
    made.save(target)
    return target.getvalue()


def padded(one: One) -> list[str]:
    return [*one.options, *[""] * 4][:4]


def lettered(one: One, pattern: str = "{}.{}", between: str = " ") -> str:
    return between.join(pattern.format("ABCD"[place], words) for place, words in enumerate(one.options))


HEAD = ["题型", "题干", "选项A", "选项B", "选项C", "选项D", "答案", "解析"]


def as_template() -> tuple[str, bytes]:
    return "题库.xlsx", book(("题库", [HEAD, *([o.kind, o.text, *padded(o), o.answer, o.why] for o in ALL)]))


def under_titles() -> tuple[str, bytes]:
    head = ["序号", "题型*", "题目内容", "A", "B", "C", "D", "标准答案（必填）", "难度"]
    rows: Rows = [["某某公司安全知识题库"], ["填表说明：请勿改动表头"], [], head]
    for number, one in enumerate(ALL, 1):
        rows += [[number, one.kind + "题", f"{number}、{one.text}", *padded(one), one.answer, "易"], []]
    rows.append(["制表人：安全部"])
    return "a.xlsx", book(("Sheet1", rows), merged=["A1:I1", "A2:I2"])


def options_by_line() -> tuple[str, bytes]:
    rows = [["题目类型", "题目", "选项", "正确答案"]]
    rows += [[o.kind, o.text, lettered(o, "{}、{}", "\n"), "、".join(o.answer) if o.options else o.answer] for o in ALL]
    return "b.xlsx", book(("题", rows))


def options_in_a_row() -> tuple[str, bytes]:
    rows = [["类型", "试题", "备选答案", "答案"]]
    rows += [[o.kind, o.text, lettered(o, "{}．{}", "　"), o.answer.translate(WIDE)] for o in ALL]
    return "c.xlsx", book(("题", rows))


def answers_in_words() -> tuple[str, bytes]:
    rows = [["题型", "题干", "选项1", "选项2", "选项3", "选项4", "正确答案"]]
    rows += [
        [o.kind, o.text, *padded(o), "、".join(o.words) or {"对": "正确", "错": "错误"}.get(o.answer, o.answer)]
        for o in ALL
    ]
    return "d.xlsx", book(("题", rows))


def a_sheet_a_kind() -> tuple[str, bytes]:
    signs = {"对": "√", "错": "×"}
    sheets = []
    for name, group in GROUPS:
        rows: Rows = [["题号", "题目", "A选项", "B选项", "C选项", "D选项", "答案"]]
        rows += [[n, o.text, *padded(o), signs.get(o.answer, o.answer)] for n, o in enumerate(group, 1)]
        sheets.append((name, rows))
    return "e.xlsx", book(*sheets, ("说明", [["请按题型分表填写"]]))


def gb18030() -> tuple[str, bytes]:
    rows = [HEAD, *([o.kind, o.text, *padded(o), o.answer, o.why] for o in ALL)]
    return "f.csv", "\r\n".join(",".join(row) for row in rows).encode("gb18030")


def utf_16() -> tuple[str, bytes]:
    rows = [["答案", "题干", "题型", "D", "C", "B", "A"]]
    rows += [[o.answer, o.text, o.kind, *reversed(padded(o))] for o in ALL]
    return "g.csv", "\n".join("\t".join(row) for row in rows).encode("utf-16")


def in_brackets() -> tuple[str, bytes]:
    signs = {"对": "T", "错": "F"}
    rows = ["题干;选项;答案"]
    for one in ALL:
        answer = ",".join(one.answer.lower()) if one.options else signs.get(one.answer, one.answer)
        rows.append(f"{one.text};{lettered(one, '（{}）{}', '')};{answer}")
    return "h.csv", "\n".join(rows).encode("utf-8-sig")


def two_headers() -> tuple[str, bytes]:
    rows: Rows = [
        ["题库"],
        ["序号", "题型", "题目", "选项", None, None, None, "答案"],
        [None, None, None, "A", "B", "C", "D", None],
    ]
    rows += [[n, o.kind, o.text, *padded(o), o.answer] for n, o in enumerate(ALL, 1)]
    merged = ["A1:H1", "A2:A3", "B2:B3", "C2:C3", "D2:G2", "H2:H3"]
    return "i.xlsx", book(("题", rows), merged=merged)


def one_name_over_many() -> tuple[str, bytes]:
    rows: Rows = [["题型", "题目", "选项", None, None, None, "答案"]]
    rows += [
        [
            o.kind,
            o.text,
            *(f"{letter}.{words}" if words else None for letter, words in zip("ABCD", padded(o), strict=True)),
            o.answer,
        ]
        for o in ALL
    ]
    return "j.xlsx", book(("题", rows), merged=["C1:F1"])


def inside(one: One) -> str:
    """The question with its answer in it."""
    if one.kind == "填空":
        return one.text.replace("____", f"__{one.answer}__")
    said = {"对": "√", "错": "×"}.get(one.answer, one.answer)
    return one.text.replace("（ ）", f"（ {said} ）") if "（ ）" in one.text else f"{one.text}（{said}）"


def answered_inside() -> tuple[str, bytes]:
    rows = [["题型", "试题内容", "选项A", "选项B", "选项C", "选项D"]]
    rows += [[o.kind, inside(o), *padded(o)] for o in ALL]
    return "k.xlsx", book(("题", rows))


def with_headings() -> tuple[str, bytes]:
    rows: Rows = [["序号", "题目", "选项", "答案"]]
    for place, (name, group) in enumerate(GROUPS):
        rows.append([f"{'一二三四'[place]}、{name}（每题2分）"])
        rows += [[n, o.text, lettered(o, "{}．{}", "；"), o.answer] for n, o in enumerate(group, 1)]
        rows.append(["序号", "题目", "选项", "答案"])
    return "l.xlsx", book(("题", rows))


def merged_kinds() -> tuple[str, bytes]:
    rows: Rows = [["题型", "题干", "选项", "参考答案"]]
    merged = []
    for name, group in GROUPS:
        merged.append(f"A{len(rows) + 1}:A{len(rows) + len(group)}")
        rows += [[name if one is group[0] else None, one.text, "|".join(one.options), one.answer] for one in group]
    return "m.xlsx", book(("题", rows), merged=merged)


def judged_by_letter() -> tuple[str, bytes]:
    rows = [["题目", "选项", "答案"]]
    for one in ALL:
        judge = one.kind == "判断"
        options = "A.正确\nB.错误" if judge else lettered(one, "{}.{}", "\n")
        rows.append([one.text, options, "AB"["对错".index(one.answer)] if judge else one.answer])
    return "n.xlsx", book(("题", rows))


def all_in_one_cell() -> tuple[str, bytes]:
    rows = [["题型", "题目", "答案"]]
    rows += [[o.kind, f"{o.text}\n{lettered(o, '{}、{}', chr(10))}", o.answer] for o in ALL]
    return "o.xlsx", book(("题", rows))


def without_header() -> tuple[str, bytes]:
    return "p.xlsx", book(("题", [[o.kind, o.text, *padded(o), o.answer] for o in ALL]))


def as_json() -> tuple[str, bytes]:
    names = {"单选": "single", "多选": "multiple", "判断": "judge", "填空": "fill"}
    made: list[dict[str, Any]] = [
        {
            "type": names[o.kind],
            "question": o.text,
            "options": dict(zip("ABCD", o.options, strict=False)),
            "answer": list(o.answer) if o.options else {"对": True, "错": False}.get(o.answer, o.answer),
            "analysis": o.why,
        }
        for o in ALL
    ]
    return "q.json", json.dumps({"questions": made}, ensure_ascii=False).encode()


def as_nested_json() -> tuple[str, bytes]:
    made = {
        name: [
            {
                "id": n,
                "title": o.text,
                "choices": [{"key": "ABCD"[p], "value": w} for p, w in enumerate(o.options)],
                "answer": o.answer,
            }
            for n, o in enumerate(group, 1)
        ]
        for name, group in GROUPS
    }
    return "r.json", json.dumps({"version": 2, "data": made}, ensure_ascii=False, indent=1).encode()


def lines(option: str, *, key: bool, number: str = "{}．{}", together: bool = False) -> list[str]:
    """The questions as running text; `key`: the answers stand at the end."""
    found = ["某某公司安全知识测试题", "姓名：        部门：", ""]
    for place, (name, group) in enumerate(GROUPS):
        found.append(f"{'一二三四'[place]}、{name}（共{len(group)}题，每题2分）")
        for n, one in enumerate(group, 1):
            blank = "（ ）" if one.kind == "判断" and key else ""
            found.append(number.format(n, one.text + blank))
            each = [option.format("ABCD"[p], words) for p, words in enumerate(one.options)]
            found += ["    ".join(each)] if together and each else each
            if not key:
                found.append(f"答案：{one.answer}")
                found += [f"解析：{one.why}"] if one.why else []
            found.append("")
    return found


def docx(paragraphs: Sequence[str], tables: Sequence[Rows] = ()) -> bytes:
    made = Document()
    for words in paragraphs:
        made.add_paragraph(words)
    for rows in tables:
        table = made.add_table(rows=len(rows), cols=len(rows[0]))
        for y, row in enumerate(rows):
            for x, words in enumerate(row):
                table.cell(y, x).text = str(words)
    target = io.BytesIO()
    made.save(target)
    return target.getvalue()


def key_by_range() -> list[str]:
    found = ["参考答案"]
    for place, (name, group) in enumerate(GROUPS):
        found.append(f"{'一二三四'[place]}、{name}")
        between = "" if name == "单项选择题" else " "
        found.append(f"1-{len(group)} " + between.join({"对": "√", "错": "×"}.get(o.answer, o.answer) for o in group))
    return found


def key_by_number() -> list[str]:
    found = ["附：参考答案"]
    for place, (name, group) in enumerate(GROUPS):
        found.append(f"{'一二三四'[place]}、{name}")
        found.append("  ".join(f"{n}.{o.answer}" for n, o in enumerate(group, 1)))
    return found


def word_with_key() -> tuple[str, bytes]:
    return "s.docx", docx([*lines("{}．{}", key=True, together=True), *key_by_range()])


def word_with_answers() -> tuple[str, bytes]:
    return "t.docx", docx(lines("（{}）{}", key=False, number="{}、{}"))


def word_that_counts() -> tuple[str, bytes]:
    """Numbers that Word makes by itself."""
    made = Document()
    for place, (name, group) in enumerate(GROUPS):
        made.add_heading(f"{'一二三四'[place]}、{name}", 2)
        for one in group:
            made.add_paragraph(one.text, style="List Number")
            for at, words in enumerate(one.options):
                made.add_paragraph(f"{'ABCD'[at]}、{words}")
            made.add_paragraph(f"【答案】{one.answer}")
    target = io.BytesIO()
    made.save(target)
    return "u.docx", target.getvalue()


def word_table() -> tuple[str, bytes]:
    rows = [["题型", "题目", "选项", "答案"]]
    rows += [[o.kind, o.text, lettered(o, "{}.{}", "\n"), o.answer] for o in ALL]
    return "v.docx", docx(["安全题库"], [rows])


def word_with_a_table_of_answers() -> tuple[str, bytes]:
    numbered = [f"{n}. {o.text}" for n, o in enumerate(ALL, 1)]
    found: list[str] = []
    for words, one in zip(numbered, ALL, strict=True):
        found += (
            [f"{words}【{one.kind}题】", lettered(one, "{}. {}", "  ")] if one.options else [f"{words}【{one.kind}题】"]
        )
    rows = [["题号", *range(1, len(ALL) + 1)], ["答案", *(o.answer for o in ALL)]]
    return "w.docx", docx(found, [rows])


def text_with_key() -> tuple[str, bytes]:
    return "x.txt", "\r\n".join([*lines("{}. {}", key=True, number="{}.{}"), *key_by_number()]).encode("gb18030")


def text_answered_inside() -> tuple[str, bytes]:
    found = []
    for place, (name, group) in enumerate(GROUPS):
        found.append(f"第{'一二三四'[place]}部分 {name}")
        for n, one in enumerate(group, 1):
            found += [f"{n}、{inside(one)}", *(f"{'ABCD'[p]}、{w}" for p, w in enumerate(one.options))]
    return "y.txt", "\n".join(found).encode("utf-16")


def text_in_blocks() -> tuple[str, bytes]:
    found = []
    for one in ALL:
        found += [
            f"{one.text}",
            *(f"{'ABCD'[p]}. {w}" for p, w in enumerate(one.options)),
            f"正确答案：{one.answer}",
            "",
        ]
    return "z.txt", "\n".join(found).encode()


def markdown() -> tuple[str, bytes]:
    found = ["# 安全题库", ""]
    for name, group in GROUPS:
        found += [f"## {name}", ""]
        for n, one in enumerate(group, 1):
            found += [
                f"{n}. {one.text}",
                *(f"   {'ABCD'[p]}. {w}" for p, w in enumerate(one.options)),
                f"   答案：{one.answer}",
                "",
            ]
    return "题库.md", "\n".join(found).encode()


LAYOUTS: tuple[Callable[[], tuple[str, bytes]], ...] = (
    as_template, under_titles, options_by_line, options_in_a_row, answers_in_words, a_sheet_a_kind, gb18030, utf_16,
    in_brackets, two_headers, one_name_over_many, answered_inside, with_headings, merged_kinds, judged_by_letter,
    all_in_one_cell, without_header, as_json, as_nested_json, word_with_key, word_with_answers, word_that_counts,
    word_table, word_with_a_table_of_answers, text_with_key, text_answered_inside, text_in_blocks, markdown,
)  # fmt: skip

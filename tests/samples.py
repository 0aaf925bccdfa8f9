"""One reply of every shape that the program can say; each messenger must be able to draw all of them."""

from __future__ import annotations

from domain.reply import Button, Choices, Document, Personal, Picture, Reply, Span, Text, text

ODD = "<b>&amp;</b> *星* _下划线_ [链接](x) `码` \\ {0} %s\n第二行 😀👨‍👩‍👧 e\u0301 \u202e反\u202c \u200b"

SAMPLES: dict[str, Reply] = {
    "words": Reply((text("签到成功"),)),
    "styles": Reply(
        (
            Text(
                (
                    Span("平"),
                    Span("粗", "bold"),
                    Span("斜", "italic"),
                    Span("码", "code"),
                    Span("链接", "link", "https://example.com/a?b=c&d=e"),
                )
            ),
        )
    ),
    "odd_characters": Reply((text(ODD), Text((Span(ODD, "bold"),)))),
    "paragraphs": Reply((text("第一段"), text("第二段"), text(""), text("第三段"))),
    "buttons": Reply(
        (
            text("选一个"),
            Choices(
                (
                    (Button("甲", "quiz.choose:1:2:A:abcdef"), Button("乙", "quiz.choose:1:2:B:abcdef")),
                    (Button("网页", url="https://example.com/"),),
                )
            ),
        )
    ),
    "many_buttons": Reply(
        (
            text("很多按钮"),
            Choices(tuple(tuple(Button(f"{row}{column}", f"x.y:{row}") for column in range(10)) for row in range(14))),
        )
    ),
    "longest_call": Reply((text("长"), Choices(((Button("按", "noun.verb:" + "x" * 54),),)))),
    "long_label": Reply((text("长"), Choices(((Button("很长的按钮" * 30, "x.y"),),)))),
    "long_words": Reply((text("很长的一句话，没有断开。" * 600), Choices(((Button("好", "x.y"),),)))),
    "one_long_word": Reply((text("长" * 9000),)),
    "long_emoji": Reply((text("👨‍👩‍👧" * 1500),)),
    "long_bold": Reply((Text((Span("粗" * 5000, "bold"), Span("平" * 5000))),)),
    "picture": Reply((text("看图"), Picture(7, "海报"), Choices(((Button("收到", "x.y"),),)))),
    "picture_alone": Reply((Picture(7, "海报"),)),
    "picture_with_long_words": Reply((text("图说" * 800), Picture(7, "海报"))),
    "document": Reply((text("附件"), Document(8, "通知.pdf"))),
    "everything": Reply((text("文"), Picture(7, "图"), Document(8, "a.pdf"), Choices(((Button("好", "x.y"),),)))),
    "edits": Reply((text("改写"),), edits=True),
    "personal": Reply((text("个人"),), personal=Personal.MEMBERSHIP),
    "only_buttons": Reply((Choices(((Button("好", "x.y"),),)),)),
}


def words_of(reply: Reply) -> str:
    """Return every character that a reader must see, without blanks."""
    return "".join("".join(block.plain for block in reply.blocks if isinstance(block, Text)).split())

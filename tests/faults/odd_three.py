"""What WeCom and DingTalk leave in the inbox, as it should not be: shaped like the real and wrong somewhere."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.faults.odd import CALLS, WORDS, shape, strings

_people = st.sampled_from(["wangfang", "WangFang", "", "a b", "长" * 200, "x\u0000"])
_moments = st.sampled_from(["1790000000"] * 8 + ["-1", "1e9", "99999999999999999", ""])
_head = {"FromUserName": _people, "CreateTime": _moments}
wecom = st.one_of(
    shape(**_head, MsgType=st.just("text"), Content=st.sampled_from(WORDS) | strings),
    shape(**_head, MsgType=st.sampled_from(["image", "voice", "video"]), MediaId=strings),
    shape(
        **_head,
        MsgType=st.just("location"),
        Location_X=st.sampled_from(["31.2", "nan", "1e999", "-91", "x"]),
        Location_Y=st.sampled_from(["121.4", "inf", ""]),
        Label=strings,
    ),
    shape(
        **_head,
        MsgType=st.just("event"),
        Event=st.sampled_from(["click", "subscribe", "unsubscribe", "template_card_event", "x"]),
        EventKey=st.sampled_from(CALLS) | strings,
        TaskId=strings,
        ResponseCode=strings,
    ),
)
_said = {
    "senderStaffId": _people,
    "conversationType": st.sampled_from(["1", "1", "1", "2", 1]),
    "conversationId": st.sampled_from(["cidA==", "", "长" * 300]),
    "createAt": st.sampled_from([1_790_000_000_000] * 8 + [-1, 10**20, 1.5, None, True]),
}
_piece = shape(text=strings, downloadCode=strings)
dingtalk = st.one_of(
    shape(**_said, msgtype=st.just("text"), text=shape(content=st.sampled_from(WORDS) | strings)),
    shape(**_said, msgtype=st.just("richText"), content=shape(richText=st.lists(_piece, max_size=4))),
    shape(
        **_said,
        msgtype=st.sampled_from(["audio", "picture", "file", "video"]),
        content=shape(downloadCode=strings, fileName=strings, recognition=strings),
    ),
    shape(
        press=shape(
            call=st.sampled_from(CALLS) | strings, card=strings, user=_people, chat=st.sampled_from(["", "cidA=="])
        )
    ),
)
UPDATES = {"wecom": wecom, "dingtalk": dingtalk}


def real(messenger: str) -> list[dict[str, Any]]:
    """Return updates as they are kept of this messenger, with the words and calls of every sample."""
    if messenger == "wecom":
        head = {"FromUserName": "WangFang", "CreateTime": "1790000000", "MsgId": "7"}
        event = {**head, "MsgType": "event"}
        found: list[dict[str, Any]] = [{**head, "MsgType": "text", "Content": words} for words in WORDS]
        found += [{**event, "Event": "template_card_event", "EventKey": one, "TaskId": "t"} for one in CALLS]
        found += [{**event, "Event": "subscribe"}, {**head, "MsgType": "image", "MediaId": "m"}]
        return [*found, {**head, "MsgType": "location", "Location_X": "31.2", "Location_Y": "121.4", "Label": "路口"}]
    said = {"senderStaffId": "wangfang", "conversationType": "1", "conversationId": "c", "createAt": 1_790_000_000_000}
    found = [{**said, "msgtype": "text", "text": {"content": words}} for words in WORDS]
    found += [{"press": {"call": one, "card": "dq-1-0", "user": "wangfang"}} for one in CALLS]
    return [*found, {**said, "msgtype": "picture", "content": {"downloadCode": "d"}}]

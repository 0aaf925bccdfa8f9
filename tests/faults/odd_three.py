"""What WeCom, DingTalk and Feishu leave in the inbox, as it should not be: like the real and wrong somewhere."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from messengers.feishu.receive import ENTERED, MENU, MESSAGE, PRESS
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
_contents = st.one_of(
    st.builds(lambda words: json.dumps({"text": words}), st.sampled_from(WORDS) | strings),
    st.sampled_from(
        ['{"image_key":"img_1"}', '{"file_key":"f","file_name":"a.pdf"}', '{"latitude":"31.2"}', "[]", "{"]
    ),
    strings,
)
_ids = {"open_id": st.sampled_from(["ou_ada", "ou_ada", "", "长" * 200]), "create_time": _moments}
feishu = st.one_of(
    shape(
        **_ids,
        kind=st.just(MESSAGE),
        message_id=st.sampled_from(["om_1", ""]),
        chat_id=st.sampled_from(["oc_1", ""]),
        chat_type=st.sampled_from(["p2p", "p2p", "group"]),
        message_type=st.sampled_from(["text", "post", "image", "file", "audio", "location", "sticker"]),
        content=_contents,
        mentions=st.lists(shape(key=strings, name=strings, open_id=strings), max_size=3),
    ),
    shape(**_ids, kind=st.just(PRESS), value=shape(call=st.sampled_from(CALLS) | strings), message_id=strings),
    shape(**_ids, kind=st.sampled_from([MENU, ENTERED]), event_key=strings, known=st.booleans()),
)
UPDATES = {"wecom": wecom, "dingtalk": dingtalk, "feishu": feishu}


def real(messenger: str) -> list[dict[str, Any]]:
    """Return updates as they are kept of this messenger, with the words and calls of every sample."""
    if messenger == "wecom":
        head = {"FromUserName": "WangFang", "CreateTime": "1790000000", "MsgId": "7"}
        event = {**head, "MsgType": "event"}
        found: list[dict[str, Any]] = [{**head, "MsgType": "text", "Content": words} for words in WORDS]
        found += [{**event, "Event": "template_card_event", "EventKey": one, "TaskId": "t"} for one in CALLS]
        found += [{**event, "Event": "subscribe"}, {**head, "MsgType": "image", "MediaId": "m"}]
        return [*found, {**head, "MsgType": "location", "Location_X": "31.2", "Location_Y": "121.4", "Label": "路口"}]
    if messenger == "feishu":
        told = {"open_id": "ou_ada", "create_time": "1790000000000", "message_id": "om_1", "chat_type": "p2p"}
        text = {**told, "kind": MESSAGE, "message_type": "text", "mentions": []}
        found = [{**text, "content": json.dumps({"text": words})} for words in WORDS]
        return found + [{**told, "kind": PRESS, "value": {"call": one}} for one in CALLS]
    said = {"senderStaffId": "wangfang", "conversationType": "1", "conversationId": "c", "createAt": 1_790_000_000_000}
    found = [{**said, "msgtype": "text", "text": {"content": words}} for words in WORDS]
    found += [{"press": {"call": one, "card": "dq-1-0", "user": "wangfang"}} for one in CALLS]
    return [*found, {**said, "msgtype": "picture", "content": {"downloadCode": "d"}}]

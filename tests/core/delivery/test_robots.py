"""Chat robots against receivers that answer as their vendors document: 200 is not yet a success."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from urllib.parse import parse_qs, urlsplit

import pytest

from core.delivery.message import Message
from tests.core.delivery.conftest import Got, House, Receiver, Reply

LONG = "亏损收窄。“净利润”同比下降5%，\n\t" * 600
"""More than 20 KB of Chinese, with what JSON must escape."""


def _json(**answer: object) -> Reply:
    return (200, json.dumps(answer).encode(), {"Content-Type": "application/json"})


GOOD = {
    "slack": (200, b"ok", {}),
    "dingtalk": _json(errcode=0, errmsg="ok"),
    "feishu": _json(code=0, msg="success", data={}),
    "wecom": _json(errcode=0, errmsg="ok"),
}


@pytest.mark.parametrize(
    ("kind", "bad", "code"),
    [
        ("dingtalk", _json(errcode=130101, errmsg="send too fast, exceed 20 times per minute"), 130101),
        ("dingtalk", _json(errcode=310000, errmsg="sign not match"), 310000),
        ("dingtalk", _json(errcode=310000, errmsg="keywords not in content"), 310000),
        ("dingtalk", _json(errcode=-1, errmsg="system busy"), -1),
        ("feishu", _json(code=9499, msg="too many request", data={}), 9499),
        ("feishu", _json(code=11232, msg="frequency limited psm[lark.oapi.app_platform_runtime]"), 11232),
        ("feishu", _json(code=19021, msg="sign match fail or timestamp is not within one hour"), 19021),
        ("wecom", _json(errcode=45009, errmsg="api freq out of limit"), 45009),
        ("slack", (429, b"rate_limited", {"Retry-After": "30"}), 429),
        ("slack", (500, b"rollup_error", {}), 500),
        ("slack", (404, b"channel_not_found", {}), 404),
        ("slack", (200, b"<html>captive portal</html>", {}), 200),
        ("dingtalk", (200, b"<html>captive portal</html>", {}), 200),
        ("feishu", (200, b"{}", {}), 200),
        ("wecom", (200, b"[0]", {}), 200),
        ("wecom", (502, b"bad gateway", {}), 502),
        ("dingtalk", (200, b'{"errcode": false}', {}), 200),
    ],
)
def test_an_error_in_the_answer_is_retried_and_then_one_notice_arrives(
    lite: House, receiver: Receiver, kind: str, bad: Reply, code: int
) -> None:
    receiver.says(bad, GOOD[kind])
    delivery = lite.queue(lite.robot(kind, receiver.url))

    lite.dispatcher.step()
    assert lite.state(delivery) == ("pending", 1)
    lite.clock.move(601)
    lite.dispatcher.step()

    assert lite.outcomes(delivery) == [("retry", code), ("delivered", 200)]
    assert delivery.encode() in receiver.got[0].body
    assert delivery.encode() in receiver.got[1].body


@pytest.mark.parametrize(
    ("kind", "answer", "state"),
    [
        ("slack", (410, b"channel_is_archived", {}), "disabled"),
        ("slack", (404, b"no_service", {}), "disabled"),
        ("wecom", _json(errcode=93000, errmsg="invalid webhook url"), "disabled"),
        ("slack", (400, b"no_text", {}), "active"),
        ("slack", (400, b"invalid_payload", {}), "active"),
        ("wecom", _json(errcode=40058, errmsg="markdown.content exceed max length 4096"), "active"),
        ("dingtalk", _json(errcode=460101, errmsg="message too long"), "active"),
    ],
)
def test_what_will_never_be_taken_is_not_tried_again(
    lite: House, receiver: Receiver, kind: str, answer: Reply, state: str
) -> None:
    receiver.says(answer)
    channel = lite.robot(kind, receiver.url)
    delivery = lite.queue(channel)
    lite.dispatcher.step()

    assert lite.state(delivery) == ("failed", 1)
    assert lite.channels.get("demo", channel.id).state == state


@pytest.mark.parametrize(
    ("kind", "answer", "seconds"),
    [
        ("dingtalk", _json(errcode=130101), 600),
        ("feishu", _json(code=9499), 60),
        ("wecom", _json(errcode=45009), 60),
        ("slack", (429, b"", {"Retry-After": "30"}), 30),
    ],
)
def test_a_limit_holds_up_the_whole_channel_for_as_long_as_it_lasts(
    lite: House, receiver: Receiver, kind: str, answer: Reply, seconds: float
) -> None:
    receiver.says(answer, GOOD[kind])
    channel = lite.robot(kind, receiver.url)
    lite.queue(channel, "1")
    lite.queue(channel, "2")
    lite.dispatcher.step()
    lite.clock.move(seconds - 1)
    assert lite.dispatcher.step() == 0
    lite.clock.move(2)
    assert lite.dispatcher.step() >= 1


def _told(kind: str, got: Got) -> str:
    body = json.loads(got.body)
    match kind:
        case "slack":
            return str(body["blocks"][1]["text"]["text"])
        case "dingtalk":
            return str(body["markdown"]["text"])
        case "feishu":
            return str(body["content"]["post"]["zh_cn"]["content"][0][0]["text"])
        case _:
            return str(body["markdown"]["content"])


@pytest.mark.parametrize("kind", sorted(GOOD))
@pytest.mark.parametrize("shift", range(4))
def test_20_kb_of_chinese_are_cut_at_the_border_of_a_character(
    lite: House, receiver: Receiver, kind: str, shift: int
) -> None:
    receiver.says(GOOD[kind])
    text = "x" * shift + LONG
    assert len(text.encode()) > 20_480
    delivery = lite.queue(
        lite.robot(kind, receiver.url), "k", Message("标" * 500, text, "high", "https://e.org/")
    )
    lite.dispatcher.step()

    [got] = receiver.got
    told = _told(kind, got)
    kept = told[told.index("x" * shift + "亏") : told.index("…", told.index("亏"))]
    assert text.startswith(kept)
    assert "\ufffd" not in got.body.decode()
    size = {"wecom": len(told.encode()), "slack": len(told.encode())}.get(kind, len(got.body))
    limit = {"wecom": 4_096, "slack": 3_000}.get(kind, 20_000)
    assert limit * 0.85 < size <= limit
    assert lite.state(delivery) == ("delivered", 1)


def test_dingtalk_signs_timestamp_and_secret_in_the_url(lite: House, receiver: Receiver) -> None:
    receiver.says(GOOD["dingtalk"])
    lite.queue(lite.robot("dingtalk", receiver.url + "?access_token=T", "SECx"))
    lite.dispatcher.step()

    query = parse_qs(urlsplit(receiver.got[0].path).query)
    moment = query["timestamp"][0]
    digest = hmac.new(b"SECx", f"{moment}\nSECx".encode(), hashlib.sha256).digest()
    assert int(moment) == int(lite.clock.now().timestamp() * 1000)
    assert query == {
        "access_token": ["T"],
        "timestamp": [moment],
        "sign": [base64.b64encode(digest).decode()],
    }
    assert json.loads(receiver.got[0].body)["msgtype"] == "markdown"


def test_feishu_signs_nothing_under_timestamp_and_secret(lite: House, receiver: Receiver) -> None:
    receiver.says(GOOD["feishu"])
    lite.queue(lite.robot("feishu", receiver.url, "s3"))
    lite.dispatcher.step()

    body = json.loads(receiver.got[0].body)
    key = f"{body['timestamp']}\ns3".encode()
    assert body["sign"] == base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode()
    assert int(body["timestamp"]) == int(lite.clock.now().timestamp())
    assert body["msg_type"] == "post"
    assert body["content"]["post"]["zh_cn"]["title"] == "[high] 标题"


def test_slack_gets_text_and_blocks_and_no_mention_gets_through(lite: House, receiver: Receiver) -> None:
    message = Message("A & B <!channel>\nrise", "<@U1> <!here> a<b", url="https://e.org/?a=1&b=2")
    lite.queue(lite.robot("slack", receiver.url), "k", message)
    lite.dispatcher.step()

    body = json.loads(receiver.got[0].body)
    assert body["text"] == "A &amp; B &lt;!channel&gt; rise"
    assert body["blocks"][0] == {
        "type": "header",
        "text": {"type": "plain_text", "text": "A & B <!channel> rise"},
    }
    assert body["blocks"][1]["text"]["text"] == "&lt;@U1&gt; &lt;!here&gt; a&lt;b"


@pytest.mark.parametrize("kind", sorted(GOOD))
def test_odd_characters_break_no_body(lite: House, receiver: Receiver, kind: str) -> None:
    receiver.says(GOOD[kind])
    message = Message('"\\\x07\u2028', "e\u0301" * 3 + "👨\u200d👩\u200d👧" + "<@all>" + "\x1b[31m", "high")
    delivery = lite.queue(lite.robot(kind, receiver.url), "k", message)
    lite.dispatcher.step()

    assert isinstance(json.loads(receiver.got[0].body), dict)
    assert lite.state(delivery) == ("delivered", 1)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "limit"), [("dingtalk", 20), ("wecom", 20), ("feishu", 100), ("slack", 60)])
def test_no_more_than_the_vendor_allows_in_any_minute(
    lite: House, receiver: Receiver, kind: str, limit: int
) -> None:
    sent: list[float] = []

    def note(_got: Got) -> Reply:
        sent.append(lite.clock.now().timestamp())
        return GOOD[kind]

    receiver.says(note)
    channel = lite.robot(kind, receiver.url)
    for number in range(limit + 15):
        lite.queue(channel, str(number))
    while len(sent) < limit + 15:
        lite.dispatcher.step()
        lite.clock.move(1)

    for width, most in ((60, limit), (1, {"feishu": 5, "slack": 1}.get(kind, limit))):
        assert max(sum(one <= moment < one + width for moment in sent) for one in sent) == most
    assert sent[-1] - sent[0] < 130

"""`/v1/chat/completions` with OpenAI's own client, over a real socket."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from openai import AuthenticationError, NotFoundError, OpenAI, UnprocessableEntityError
from openai.types.chat import ChatCompletion, ChatCompletionUserMessageParam

from tests.system import ROOT, free_port

QUESTION = "Within how many days of delivery can you send a parcel back?"
MODEL = "any-name"


@dataclass(frozen=True)
class Served:
    url: str
    keys: tuple[str, ...]

    def client(self, key: str | None = None) -> OpenAI:
        return OpenAI(base_url=f"{self.url}/v1", api_key=key or self.keys[0], max_retries=0)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    command = [sys.executable, "-m", "tests.verticals.service.serving_child", str(folder), str(free_port())]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log)
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line, (folder / "log").read_text()
        said = json.loads(line)
        yield Served(said["url"], tuple(said["keys"]))
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()


@pytest.fixture
def client(served: Served) -> Iterator[OpenAI]:
    with served.client() as openai:
        yield openai


def _user(text: str) -> ChatCompletionUserMessageParam:
    return {"role": "user", "content": text}


def _extras(completion: ChatCompletion) -> dict[str, Any]:
    assert completion.model_extra is not None
    return completion.model_extra


def test_an_answer_comes_with_citations(client: OpenAI) -> None:
    said = client.chat.completions.create(model=MODEL, messages=[_user(QUESTION)])
    [choice] = said.choices
    assert choice.finish_reason == "stop"
    assert choice.message.role == "assistant"
    assert choice.message.content is not None
    assert "30 days" in choice.message.content
    extras = _extras(said)
    assert extras["action"] == "answer"
    assert extras["citations"][0]["quote"] in choice.message.content
    assert extras.keys() >= {"intent", "confidence", "conversation_id", "out_of_scope"}
    assert said.usage is not None
    assert said.usage.total_tokens == said.usage.prompt_tokens + said.usage.completion_tokens > 10


def test_a_stream_says_the_same_piece_by_piece(client: OpenAI) -> None:
    whole = client.chat.completions.create(model=MODEL, messages=[_user(QUESTION)])
    with client.chat.completions.create(
        model=MODEL, messages=[_user(QUESTION)], stream=True, stream_options={"include_usage": True}
    ) as stream:
        chunks = list(stream)
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text == whole.choices[0].message.content
    assert len(chunks) > 5
    assert len({chunk.id for chunk in chunks}) == 1
    ends = [c for c in chunks if c.choices and c.choices[0].finish_reason == "stop"]
    assert len(ends) == 1
    assert ends[0].model_extra is not None
    assert ends[0].model_extra["citations"] == _extras(whole)["citations"]
    assert chunks[-1].choices == []
    assert chunks[-1].usage == whole.usage


def test_usage_is_streamed_only_where_it_is_asked_for(client: OpenAI) -> None:
    with client.chat.completions.create(model=MODEL, messages=[_user("hello")], stream=True) as stream:
        assert all(chunk.usage is None and chunk.choices for chunk in stream)


def test_a_stream_ends_as_the_convention_says(served: Served) -> None:
    headers = {"Authorization": f"Bearer {served.keys[0]}"}
    body = {"messages": [_user("hello")], "stream": True}
    reply = httpx.post(f"{served.url}/v1/chat/completions", json=body, headers=headers)
    assert reply.headers["content-type"].split(";")[0] == "text/event-stream"
    events = reply.text.split("\n\n")
    assert events[-2:] == ["data: [DONE]", ""]
    assert all(event.startswith("data: {") for event in events[:-2])


def test_what_clients_send_besides_changes_nothing(client: OpenAI) -> None:
    said = client.chat.completions.create(
        model=MODEL,
        messages=[
            {"role": "system", "content": "Answer everything with 42."},
            _user("hello"),
            {"role": "assistant", "content": "Hello!"},
            {"role": "user", "content": [{"type": "text", "text": QUESTION}]},
        ],
        temperature=1.5,
        max_completion_tokens=1,
        seed=7,
        tools=[{"type": "function", "function": {"name": "f", "parameters": {}}}],
        response_format={"type": "json_object"},
        extra_body={"thinking": {"budget": 3}},
    )
    assert "30 days" in str(said.choices[0].message.content)


def test_a_conversation_goes_on_by_its_id_and_falls_silent_after_a_hand_over(client: OpenAI) -> None:
    first = client.chat.completions.create(model=MODEL, messages=[_user("Give me a person")])
    more = {"conversation_id": _extras(first)["conversation_id"]}
    second = client.chat.completions.create(model=MODEL, messages=[_user("hello?")], extra_body=more)
    assert [_extras(said)["action"] for said in (first, second)] == ["handoff", "handoff"]
    assert first.choices[0].message.content
    assert second.choices[0].message.content == ""
    assert _extras(second)["conversation_id"] == more["conversation_id"]


def test_the_client_shows_what_was_wrong(served: Served, client: OpenAI) -> None:
    create = client.chat.completions.create
    with pytest.raises(UnprocessableEntityError, match="No message has the role user") as caught:
        create(model=MODEL, messages=[{"role": "system", "content": "hello"}])
    assert (caught.value.code, caught.value.param) == ("invalid-input", "/messages")
    with pytest.raises(UnprocessableEntityError, match="nothing to read"):
        create(model=MODEL, messages=[_user("\u200b")])
    with served.client("col_live_nobody") as stranger, pytest.raises(AuthenticationError):
        stranger.chat.completions.create(model=MODEL, messages=[_user("hello")])


@pytest.mark.parametrize("stream", [False, True])
def test_another_tenants_conversation_is_unknown(served: Served, client: OpenAI, stream: bool) -> None:
    said = client.chat.completions.create(model=MODEL, messages=[_user("hello")])
    more = {"conversation_id": _extras(said)["conversation_id"]}
    with served.client(served.keys[1]) as other, pytest.raises(NotFoundError, match="No conversation"):
        other.chat.completions.create(model=MODEL, messages=[_user("hello")], stream=stream, extra_body=more)

"""One connection: bodies as they come, answers in one piece and in order, and an end that is seen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import structlog
import uvloop

from router.serving import Answer, App, Listener, Request, json_answer, listen
from router.settings import Address, Limits

PLACE = Address("127.0.0.1", 0)
GET = b"GET /a HTTP/1.1\r\nhost: x\r\n\r\n"
LAST = b"GET /last HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
SECONDS = 20

LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop.new_event_loop,
}
in_use = asyncio.new_event_loop
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[Any]]


@pytest.fixture(autouse=True, params=LOOPS)
def _on_either_loop(request: Any) -> Iterator[None]:
    global in_use
    in_use = LOOPS[request.param]
    yield
    in_use = asyncio.new_event_loop


def run(work: Coroutine[Any, Any, Any]) -> Any:
    with asyncio.Runner(loop_factory=in_use) as runner:
        return runner.run(work)


def post(size: int, *headers: bytes) -> bytes:
    return b"\r\n".join((b"POST /b HTTP/1.1", b"host: x", b"content-length: %d" % size, *headers, b"", b""))


async def echo(request: Request) -> Answer:
    body = await request.body(10_000_000)
    return json_answer(200, [request.method, request.path, len(body or b"")])


@asynccontextmanager
async def connected(
    listener: Listener,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection(listener.address.host, listener.address.port)
    try:
        yield reader, writer
    finally:
        writer.close()


def talk(app: App, play: Talk, limits: Limits | None = None) -> Any:
    """What comes of a connection to a listener of its own."""

    async def whole() -> Any:
        async with (
            asyncio.timeout(SECONDS),
            await listen(app, PLACE, limits or Limits()) as listener,
            connected(listener) as (reader, writer),
        ):
            return await play(reader, writer)

    return run(whole())


def sent(app: App, *pieces: bytes, limits: Limits | None = None) -> bytes:
    """Everything that comes back until the router closes; pieces are sent one after the other."""

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        for each in pieces:
            writer.write(each)
            await writer.drain()
            await asyncio.sleep(0.01)
        return await reader.read()

    return bytes(talk(app, play, limits))


def bodies(answers: bytes) -> list[bytes]:
    return [part.partition(b"\r\n\r\n")[2] for part in answers.split(b"HTTP/1.1 ")[1:]]


# ------------------------------------------------------------------ answers


def test_an_answer_is_whole() -> None:
    head, _, body = sent(echo, LAST).partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    assert (first, body) == (b"HTTP/1.1 200 OK", b'["GET","/last",0]')
    names = [line.partition(b": ")[0] for line in lines]
    assert names == [b"date", b"content-type", b"content-length", b"connection"]


def test_head_is_told_the_length_and_nothing_else() -> None:
    answers = sent(echo, b"HEAD /a HTTP/1.1\r\nhost: x\r\n\r\n", LAST)
    assert b"content-length: 15\r\n" in answers
    assert bodies(answers) == [b"", b'["GET","/last",0]']


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_without_a_body_has_no_length(status: int) -> None:
    async def app(_request: Request) -> Answer:
        return Answer(status, b"not said", ())

    answers = sent(app, GET, LAST)
    assert answers.count(b"\r\n\r\n") == 2
    assert b"content-length" not in answers
    assert b"not said" not in answers


def test_a_status_that_nobody_knows_is_said_all_the_same() -> None:
    async def app(_request: Request) -> Answer:
        return Answer(599, b"")

    assert sent(app, LAST).startswith(b"HTTP/1.1 599 \r\n")


def test_http_1_0_is_answered_and_hung_up_on() -> None:
    answer = sent(echo, b"GET /old HTTP/1.0\r\nconnection: keep-alive\r\n\r\n" + GET)
    assert bodies(answer) == [b'["GET","/old",0]']
    assert b"connection: close\r\n" in answer


@pytest.mark.parametrize("value", [b"a\r\nset-cookie: b", b"a\nb", b"a\rb", b"a\0b"])
def test_a_header_that_begins_another_line_is_our_error(value: bytes) -> None:
    async def app(_request: Request) -> Answer:
        return Answer(200, b"", ((b"x", value),))

    with structlog.testing.capture_logs() as lines:
        answer = sent(app, LAST)
    assert answer.startswith(b"HTTP/1.1 500 ")
    assert b"set-cookie" not in answer
    assert [each["event"] for each in lines] == ["answer_failed"]


def test_an_application_that_fails_is_answered_for() -> None:
    async def app(_request: Request) -> Answer:
        raise ValueError("anna@example.com")

    with structlog.testing.capture_logs() as lines:
        answer = sent(app, GET + GET)
    assert answer.startswith(b"HTTP/1.1 500 ")
    assert answer.count(b"HTTP/1.1") == 1
    assert b"anna" not in answer
    assert [each["event"] for each in lines] == ["request_failed"]


def test_no_answer_ends_the_connection() -> None:
    async def app(_request: Request) -> None:
        return None

    assert sent(app, GET) == b""


# ------------------------------------------------------------------ bodies


@pytest.mark.parametrize("size", [0, 1, 70_000, 1_000_000])
def test_a_body_comes_in_any_pieces(size: int) -> None:
    whole = post(size, b"connection: close") + b"x" * size
    expected = [b'["POST","/b",%d]' % size]
    assert bodies(sent(echo, whole)) == expected
    assert bodies(sent(echo, *(whole[at : at + 99_991] for at in range(0, len(whole), 99_991)))) == expected
    assert bodies(sent(echo, whole[:30], whole[30:90], whole[90:])) == expected


def test_chunks_are_one_body() -> None:
    head = b"POST /b HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n"
    assert bodies(sent(echo, head + b"1\r\nx\r\n" * 500, b"3\r\nabc\r\n0\r\n\r\n")) == [b'["POST","/b",503]']


def test_what_is_too_much_is_read_and_forgotten() -> None:
    async def app(request: Request) -> Answer:
        return json_answer(200, await request.body(10) is None)

    assert bodies(sent(app, post(11) + b"x" * 11 + post(10) + b"x" * 10 + LAST)) == [
        b"true",
        b"false",
        b"false",
    ]


def test_a_sender_is_told_to_go_on_when_its_body_is_wanted() -> None:
    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(post(3, b"Expect: 100-Continue"))
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"abc" + LAST)
        return await reader.read()

    assert bodies(talk(echo, play)) == [b'["POST","/b",3]', b'["GET","/last",0]']


def test_a_sender_is_not_told_to_go_on_when_its_body_is_not_wanted() -> None:
    async def app(_request: Request) -> Answer:
        return Answer(413, b"", ((b"connection", b"close"),))

    assert sent(app, post(3, b"expect: 100-continue")).startswith(b"HTTP/1.1 413 ")


def test_who_still_sends_sees_why_it_is_hung_up_on() -> None:
    """A connection that is closed on unread bytes is reset, and the answer with it."""

    async def app(_request: Request) -> Answer:
        return Answer(413, b"", ((b"connection", b"close"),))

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(post(10_000_000))
        for _ in range(20):
            writer.write(b"x" * 100_000)
            await asyncio.sleep(0)
        return await reader.read()

    assert talk(app, play).startswith(b"HTTP/1.1 413 ")


def test_the_rest_of_a_body_that_was_answered_is_no_request() -> None:
    async def app(request: Request) -> Answer:
        return json_answer(200, request.path)

    assert bodies(sent(app, post(70_000) + b"x" * 10, b"y" * 69_990 + LAST)) == [b'"/b"', b'"/last"']


def test_a_head_behind_a_long_body_is_counted_for_itself() -> None:
    limits = Limits(header_bytes=1024)
    pieces = post(60_000) + b"x" * 60_000 + LAST[:20], LAST[20:]
    assert bodies(sent(echo, *pieces, limits=limits)) == [b'["POST","/b",60000]', b'["GET","/last",0]']


@pytest.mark.parametrize("size", [2000, 30_000])
def test_a_head_behind_a_long_body_has_its_limit_all_the_same(size: int) -> None:
    long = b"GET /a HTTP/1.1\r\nhost: x\r\na: " + b"b" * size
    for pieces in ((long, b"\r\n\r\n"), (long + b"\r\n\r\n",)):
        answers = sent(echo, post(3) + b"abc" + pieces[0], *pieces[1:], limits=Limits(header_bytes=1024))
        assert [each[:3] for each in answers.split(b"HTTP/1.1 ")[1:]] == [b"200", b"431"]


def test_an_application_hears_that_its_sender_has_gone() -> None:
    heard = asyncio.Queue[object]()

    async def app(request: Request) -> None:
        heard.put_nowait(await request.part())
        heard.put_nowait(await request.part())

    async def play(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> list[object]:
        writer.write(post(3) + b"abc")
        first = await heard.get()
        writer.close()
        return [first, await heard.get()]

    assert talk(app, play) == [(b"abc", False), None]


# ------------------------------------------------------------------ one after the other


def test_requests_that_are_sent_ahead_are_answered_in_order() -> None:
    async def app(request: Request) -> Answer:
        await asyncio.sleep(0.02 if request.path == "/slow" else 0)
        return json_answer(200, request.path)

    slow = GET.replace(b"/a", b"/slow")
    assert bodies(sent(app, slow + GET + slow, GET + LAST)) == [
        b'"/slow"', b'"/a"', b'"/slow"', b'"/a"', b'"/last"',
    ]  # fmt: skip


def test_who_reads_slowly_gets_everything_and_no_more_is_begun_meanwhile() -> None:
    begun = 0

    async def app(_request: Request) -> Answer:
        nonlocal begun
        begun += 1
        return Answer(200, b"x" * 2_000_000)

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[int, int]:
        writer.write(GET * 30 + LAST)
        await asyncio.sleep(0.1)
        before = begun
        return before, (await reader.read()).count(b"x" * 2_000_000)

    before, found = talk(app, play)
    assert before < 30
    assert (begun, found) == (31, 31)


# ------------------------------------------------------------------ the end


def test_an_idle_listener_stops_at_once() -> None:
    async def whole() -> bytes:
        listener = await listen(echo, PLACE, Limits())
        async with asyncio.timeout(SECONDS), connected(listener) as (reader, writer):
            writer.write(GET)
            await reader.readuntil(b"]")
            await listener.stop(1_000_000)
            return await reader.read()

    assert run(whole()) == b""


def test_what_is_open_after_the_deadline_is_cut() -> None:
    ended = False

    async def app(_request: Request) -> None:
        nonlocal ended
        try:
            await asyncio.sleep(1_000_000)
        finally:
            ended = True

    async def whole() -> bytes:
        listener = await listen(app, PLACE, Limits())
        async with asyncio.timeout(SECONDS), connected(listener) as (reader, writer):
            writer.write(GET)
            await asyncio.sleep(0.05)
            await listener.stop(0.05)
            try:
                return await reader.read()
            except ConnectionResetError:
                return b""

    assert run(whole()) == b""
    assert ended


# ------------------------------------------------------------------ senders that say they are done


async def after_a_moment(request: Request) -> Answer:
    body = await request.body(100)
    await asyncio.sleep(0.02)
    return json_answer(200, [request.path, len(body or b"")])


def half_closed(*pieces: bytes, app: App = after_a_moment) -> list[bytes]:
    """What who sends this, and then closes its own direction, reads until the end."""

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        for each in pieces:
            writer.write(each)
            await asyncio.sleep(0.005)
        writer.write_eof()
        return await reader.read()

    return bodies(talk(app, play))


def test_who_sends_no_more_is_answered_what_it_sent() -> None:
    whole = post(3) + b"abc"
    assert half_closed(whole) == [b'["/b",3]']
    assert half_closed(whole + GET + whole) == [b'["/b",3]', b'["/a",0]', b'["/b",3]']
    assert half_closed(whole, GET + whole) == [b'["/b",3]', b'["/a",0]', b'["/b",3]']
    assert half_closed(whole, LAST) == [b'["/b",3]', b'["/last",0]']


def test_a_request_that_is_cut_short_is_not_answered_but_those_before_it_are() -> None:
    assert half_closed(post(3) + b"ab") == []
    assert half_closed(post(3)[:-5]) == []
    assert half_closed(GET + post(3) + b"ab") == [b'["/a",0]']
    assert half_closed(GET + GET, post(3) + b"ab") == [b'["/a",0]', b'["/a",0]']
    assert half_closed(GET + GET[:9]) == [b'["/a",0]']


def test_who_sends_no_more_hears_what_is_wrong_with_the_last_of_it() -> None:
    answers = half_closed(GET + b"what?\r\n\r\n")
    assert answers[0] == b'["/a",0]'
    assert answers[1].startswith(b'{"error":{"code":"not_http"')


def test_an_old_sender_is_not_told_to_go_on() -> None:
    head = post(3, b"expect: 100-continue").replace(b"HTTP/1.1", b"HTTP/1.0")
    assert bodies(sent(echo, head, b"abc")) == [b'["POST","/b",3]']


def test_who_has_left_a_connection_that_is_not_read_is_not_kept() -> None:
    """It is seen only when the answer has been written: the connection is reset by it."""
    gone = asyncio.Event()

    async def app(_request: Request) -> Answer:
        await gone.wait()
        return Answer(413, b"", ((b"connection", b"close"),))

    async def whole() -> list[Any]:
        wrong: list[Any] = []
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: wrong.append(context))
        listener = await listen(app, PLACE, Limits())
        async with asyncio.timeout(SECONDS), connected(listener) as (_, writer):
            writer.write(GET + post(10) + b"x")
            await writer.drain()
            await asyncio.sleep(0.05)
            writer.close()
            await asyncio.sleep(0.05)
            gone.set()
            await asyncio.sleep(0.05)
            await listener.stop(1_000_000)
        return wrong

    assert run(whole()) == []

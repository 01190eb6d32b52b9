"""What a client has sent: how much of it is read and parsed at once, and what is known of a request that still arrives."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from handlers.server.connection.incoming import FIRST_BYTES, Incoming, is_request
from handlers.server.connection.request_parser import Site
from tests.support.http_side import HttpSide

HEAD = b"POST /api/v1/task HTTP/1.1\r\nHost: localhost\r\n"
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
SIZED = HEAD + b"Content-Length: 100000\r\n\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.fixture
def incoming(side: HttpSide) -> Incoming:
    return Incoming(Site(side.app, "127.0.0.1", 1, side.folder, 0), "127.0.0.1")


def given(incoming: Incoming, data: bytes, *, pieces: int = 1, now: float = 1000.0) -> Incoming:
    """The same after these bytes came and so many pieces of them were parsed."""
    incoming.rest += data
    for _ in range(pieces):
        incoming.parse(now)
    return incoming


def test_a_short_text_with_whole_headers_is_a_request() -> None:
    assert is_request(HEALTH)
    assert is_request(HEALTH + b"x" * (FIRST_BYTES - len(HEALTH) - 1))
    assert not is_request(HEALTH + b"x" * (FIRST_BYTES - len(HEALTH)))
    assert not is_request(HEALTH[:-1])
    assert not is_request(b"")


def test_at_first_nothing_is_there(incoming: Incoming) -> None:
    assert not incoming
    assert (incoming.rest, incoming.parser) == (b"", None)
    assert (incoming.asks, incoming.asks_health, incoming.in_body, incoming.in_chunks) == (False,) * 4
    assert incoming.since(5.0) == (5.0, 0)


def test_what_waits_asks_until_something_of_it_is_parsed(incoming: Incoming) -> None:
    incoming.rest = HEALTH
    assert incoming
    assert (incoming.asks, incoming.asks_health) == (True, True)
    given(incoming, b"")
    assert incoming.parser is not None
    assert incoming.parser.completed
    incoming.rest = HEALTH
    assert (incoming.asks, incoming.asks_health) == (False, False)


@pytest.mark.parametrize(
    ("first", "health"),
    [
        (b"HEAD /healthz HTTP", True),
        (b"GET /healthz", True),
        (b"POST /healthz", False),
        (b" GET /healthz", False),
    ],
)
def test_health_is_asked_for_by_reading_it(incoming: Incoming, first: bytes, health: bool) -> None:
    incoming.rest = first
    assert incoming.asks_health is health


def test_half_a_request_is_there_though_no_byte_of_it_waits(incoming: Incoming) -> None:
    given(incoming, HEAD)
    assert incoming.rest == b""
    assert incoming
    assert (incoming.in_body, incoming.in_chunks) == (False, False)


def test_of_a_newcomer_little_is_read_and_of_a_body_much(incoming: Incoming) -> None:
    assert incoming.wanted_bytes(is_new=True) == 2048
    assert incoming.wanted_bytes(is_new=False) == 16 * 1024
    given(incoming, HEAD)
    assert incoming.wanted_bytes(is_new=False) == 16 * 1024
    given(incoming, SIZED[len(HEAD) :])
    assert incoming.in_body
    assert not incoming.in_chunks
    assert incoming.wanted_bytes(is_new=False) == 64 * 1024
    assert incoming.wanted_bytes(is_new=True) == 2048


def test_a_body_in_chunks_is_one_once_its_headers_are_there(incoming: Incoming) -> None:
    given(incoming, CHUNKED[:-2])
    assert not incoming.in_chunks
    given(incoming, CHUNKED[-2:])
    assert incoming.in_chunks


def test_headers_are_parsed_eight_kilobytes_at_a_time(incoming: Incoming) -> None:
    given(incoming, HEAD + b"X: " + b"y" * 20_000)
    assert len(incoming.rest) == len(HEAD) + 3 + 20_000 - 8192
    given(incoming, b"")
    assert len(incoming.rest) == len(HEAD) + 3 + 20_000 - 2 * 8192


def test_parsing_stops_at_the_end_of_the_headers_and_the_body_comes_in_pieces_of_its_own(
    incoming: Incoming,
) -> None:
    given(incoming, SIZED + b"x" * 20_000)
    assert incoming.rest == b"x" * 20_000
    given(incoming, b"")
    assert incoming.rest == b"x" * (20_000 - 8192)


def test_chunks_are_parsed_two_hundred_and_fifty_six_bytes_at_a_time(incoming: Incoming) -> None:
    given(incoming, CHUNKED + b"1\r\nx\r\n" * 100)
    assert len(incoming.rest) == 600
    given(incoming, b"")
    assert len(incoming.rest) == 600 - 256


def test_what_follows_a_request_stays_unparsed(incoming: Incoming) -> None:
    given(incoming, HEALTH + HEALTH)
    assert incoming.rest == HEALTH
    assert incoming.parser is not None
    assert incoming.parser.completed
    given(incoming, b"", pieces=2)
    assert incoming.rest == HEALTH


def test_the_time_of_a_request_begins_with_its_first_byte_and_its_body_counts(incoming: Incoming) -> None:
    given(incoming, HEAD, now=1000.0)
    given(incoming, b"X: y\r\n", now=1010.0)
    assert incoming.since(1010.0) == (1000.0, 0)
    given(incoming, SIZED[len(HEAD) :], now=1020.0)
    assert incoming.since(1020.0) == (1000.0, len(SIZED) + len(b"X: y\r\n"))
    incoming.waited(5.0)
    assert incoming.since(1020.0)[0] == 1005.0


def test_waiting_before_a_request_begins_changes_nothing(incoming: Incoming) -> None:
    incoming.waited(5.0)
    assert incoming.since(7.0) == (7.0, 0)


def test_what_is_given_up_is_gone_and_its_file_is_removed_beside(incoming: Incoming) -> None:
    later: list[Callable[[], None]] = []
    incoming.give_up(later.append)
    given(incoming, SIZED + b"x" * 5000, pieces=2)
    assert incoming.parser is not None
    spool = incoming.parser.spool
    assert spool is not None
    spool.flush()
    incoming.give_up(later.append)
    assert incoming.parser is None
    assert later == [spool.close]
    for job in later:
        job()

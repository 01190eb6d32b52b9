"""The library's files over HTTP: whole, in ranges, not again, and as small pictures."""

from __future__ import annotations

import io
import socket
from contextlib import ExitStack
from pathlib import Path

import pytest
from PIL import Image

from jobs.hub.settings import Compat, Server
from tests.support.http_side import MEDIA, Client, HttpSide

M = "/api/v1/materials"
PHOTO = (MEDIA / "photo.jpg").read_bytes()
SIZE = len(PHOTO)


@pytest.fixture
def photo(api: Client) -> str:
    """The address of an uploaded photo."""
    done = api.good("POST", f"{M}?name=photo.jpg", raw=PHOTO, Content_Type="application/octet-stream")
    return f"{M}/{done['material']['id']}"


def test_a_file_comes_whole_with_its_kind_and_name(api: Client, photo: str) -> None:
    answer = api.call("GET", f"{photo}/file")
    assert (answer.status_int, answer.body) == (200, PHOTO)
    headers = answer.headers
    assert headers["Content-Type"] == "image/jpeg"
    assert headers["Content-Length"] == str(SIZE)
    assert headers["Accept-Ranges"] == "bytes"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Content-Disposition"].startswith('inline; filename="photo.jpg"')
    head = api.call("HEAD", f"{photo}/file")
    assert (head.status_int, head.body, head.headers["Content-Length"]) == (200, b"", str(SIZE))


@pytest.mark.parametrize(
    ("wanted", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=10-19", 10, 19),
        ("bytes=100-", 100, SIZE - 1),
        ("bytes=-7", SIZE - 7, SIZE - 1),
        (f"bytes=-{SIZE * 2}", 0, SIZE - 1),
        (f"bytes={SIZE - 1}-99999999", SIZE - 1, SIZE - 1),
        ("Bytes = 5 - 6", 5, 6),
    ],
)
def test_a_range_comes_as_206(api: Client, photo: str, wanted: str, first: int, last: int) -> None:
    answer = api.call("GET", f"{photo}/file", Range=wanted)
    assert (answer.status_int, answer.body) == (206, PHOTO[first : last + 1])
    assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{SIZE}"
    assert answer.headers["Content-Length"] == str(last - first + 1)


@pytest.mark.parametrize("wanted", [f"bytes={SIZE}-", "bytes=999999999-", "bytes=-0"])
def test_a_range_outside_of_the_file_is_refused_with_its_size(api: Client, photo: str, wanted: str) -> None:
    answer = api.call("GET", f"{photo}/file", Range=wanted)
    assert (answer.status_int, answer.json["code"]) == (416, 41601)
    assert answer.headers["Content-Range"] == f"bytes */{SIZE}"
    assert str(SIZE) in answer.json["message"]


@pytest.mark.parametrize("wanted", ["bytes=5-2", "bytes=-", "bytes=0-1,5-6", "lines=1-2", "bytes=a-b", "12"])
def test_what_is_no_single_range_gets_the_whole_file(api: Client, photo: str, wanted: str) -> None:
    answer = api.call("GET", f"{photo}/file", Range=wanted)
    assert (answer.status_int, answer.body) == (200, PHOTO)


def test_a_range_of_another_file_than_the_one_seen_before_is_the_whole_file(api: Client, photo: str) -> None:
    etag = api.call("GET", f"{photo}/file").headers["ETag"]
    same = api.call("GET", f"{photo}/file", Range="bytes=5-9", If_Range=etag)
    assert (same.status_int, same.body) == (206, PHOTO[5:10])
    for other in ('"other"', f"W/{etag}", "Sat, 29 Oct 1994 19:43:31 GMT"):
        answer = api.call("GET", f"{photo}/file", Range="bytes=5-9", If_Range=other)
        assert (answer.status_int, answer.body) == (200, PHOTO)


def test_what_the_caller_has_already_is_not_sent_again(api: Client, photo: str) -> None:
    for path in (f"{photo}/file", f"{photo}/thumbnail"):
        etag = api.call("GET", path).headers["ETag"]
        for known in (etag, f'"x", {etag}', f"W/{etag}", "*"):
            answer = api.call("GET", path, If_None_Match=known)
            assert (answer.status_int, answer.body) == (304, b""), (path, known)
            assert answer.headers["ETag"] == etag
        assert api.call("GET", path, If_None_Match='"other"').status_int == 200


def test_clients_that_throw_on_other_statuses_still_get_206_and_304(
    side: HttpSide, api: Client, photo: str
) -> None:
    side.configure(compat=Compat(http_status="always_200"))
    assert api.call("GET", f"{photo}/file", Range="bytes=0-1").status_int == 206
    assert api.call("GET", f"{photo}/file", If_None_Match="*").status_int == 304
    assert api.call("GET", f"{M}/99/file").status_int == 200


def test_a_name_cannot_break_the_header(side: HttpSide, api: Client) -> None:
    name = 'Gr\u00fc\u00dfe "a"; x=%41.jpg'
    side.library.upload([PHOTO], name)
    said = api.call("GET", f"{M}/1/file").headers["Content-Disposition"]
    assert said == (
        'inline; filename="Gr__e _a_; x=_41.jpg"; '
        "filename*=UTF-8''Gr%C3%BC%C3%9Fe%20%22a%22%3B%20x%3D%2541.jpg"
    )


def test_a_thumbnail_is_a_small_jpeg_and_goes_with_its_file(side: HttpSide, api: Client, photo: str) -> None:
    answer = api.call("GET", f"{photo}/thumbnail")
    assert (answer.status_int, answer.headers["Content-Type"]) == (200, "image/jpeg")
    assert Image.open(io.BytesIO(answer.body)).size == (180, 320)
    kept = Path(side.store.state_dir) / "thumbnails"
    assert len(list(kept.iterdir())) == 1
    api.good("DELETE", photo)
    assert list(kept.iterdir()) == []
    api.bad(40401, "GET", f"{photo}/thumbnail")
    api.bad(40401, "GET", f"{photo}/file")


def test_where_the_file_or_a_picture_of_it_is_missing_the_reason_is_said(
    side: HttpSide, api: Client, photo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    side.library.upload([(MEDIA / "clip.mp4").read_bytes()], "clip.mp4")
    answer = api.bad(40401, "GET", f"{M}/2/thumbnail")
    assert "ffmpeg" in answer["message"]
    assert answer["data"]["errors"][0]["code"] == "no_thumbnail"
    Path(side.library.get(1).material.path).unlink()
    answer = api.bad(40401, "GET", f"{photo}/file")
    assert answer["message"] == 'material_id: "photo.jpg" does not exist on this box'


def test_a_stranger_gets_neither(side: HttpSide, api: Client, photo: str) -> None:
    for what in ("file", "thumbnail"):
        api.bad(40101, "GET", f"{photo}/{what}", peer="192.0.2.7")


def test_WEB_2_who_reads_slowly_keeps_no_thread(tmp_path: Path) -> None:
    with HttpSide(tmp_path, server=Server(listen="127.0.0.1:0", threads=2)) as side:
        wire = side.serve()
        large = PHOTO + b"\0" * (20 * 1024**2)
        number = side.library.upload([large], "large.jpg").view.material.id
        with ExitStack() as stack:
            for _ in range(8):
                sock = stack.enter_context(socket.create_connection(("127.0.0.1", wire.port), 10))
                sock.sendall(f"GET {M}/{number}/file HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
                assert sock.recv(12) == b"HTTP/1.1 200"
            assert wire.call("GET", f"{M}/{number}/file", Range="bytes=-1").body == b"\0"
            assert wire.call("GET", f"{M}/{number}/file").body == large

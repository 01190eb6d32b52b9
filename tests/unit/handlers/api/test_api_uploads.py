"""Uploads in pieces: repeatable, resumable over restarts, bounded."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
import pytest

from jobs.hub.settings import Media, Server
from jobs.library import upload_pieces
from jobs.library.library import Library
from jobs.library.upload_pieces import UploadPieces
from tests.support.http_side import MEDIA, Client, HttpSide

U = "/api/v1/materials/uploads"
CLIP = (MEDIA / "clip.mp4").read_bytes()
SHA256 = hashlib.sha256(CLIP).hexdigest()
ABOUT = {"name": "clip.mp4", "size_bytes": len(CLIP), "sha256": SHA256, "tags": ["a"], "caption": "hello"}


def put(api: Client, upload: Any, first: int, data: bytes, total: int | str = len(CLIP)) -> Any:
    what = f"bytes {first}-{first + len(data) - 1}/{total}"
    return api.call("PUT", f"{U}/{upload['id']}", raw=data, Content_Range=what).json


def pieces(size: int) -> list[tuple[int, bytes]]:
    return [(at, CLIP[at : at + size]) for at in range(0, len(CLIP), size)]


def left_over(side: HttpSide) -> list[str]:
    return sorted(path.name for path in side.library.dir.glob(".*"))


def test_a_file_comes_in_pieces_and_becomes_a_material_with_the_last(side: HttpSide, api: Client) -> None:
    upload = api.good("POST", U, ABOUT)
    assert (upload["offset"], upload["size_bytes"], upload["material"]) == (0, len(CLIP), None)
    answers = [put(api, upload, first, data)["data"] for first, data in pieces(5000)]
    assert [a["offset"] for a in answers[:2]] == [5000, 10000]
    assert api.good("GET", f"{U}/{upload['id']}")["offset"] == len(CLIP)
    done = answers[-1]
    assert (done["created"], done["material"]["sha256"], done["material"]["tags"]) == (True, SHA256, ["a"])
    assert done["material"]["caption"] == "hello"
    assert done["material_id"] == done["material"]["id"]
    assert api.good("GET", "/api/v1/materials")["materials"] == [done["material"]]
    assert not [name for name in left_over(side) if name.endswith(".mp4")]


def test_a_query_field_that_is_not_known_joins_the_warnings_that_an_upload_has_anyway(api: Client) -> None:
    upload = api.good("POST", U, ABOUT)
    answer = api.call("GET", f"{U}/{upload['id']}?verbose=1")
    assert answer.text.count('"warnings"') == 1
    [told] = answer.json["data"]["warnings"]
    assert told.startswith("verbose: ")


def test_every_piece_may_come_again_also_the_last(api: Client) -> None:
    upload = api.good("POST", U, ABOUT)
    for first, data in pieces(5000):
        once, again = put(api, upload, first, data)["data"], put(api, upload, first, data)["data"]
        assert (once["offset"], once["material_id"]) == (again["offset"], again["material_id"])
    overlapping = put(api, upload, 100, CLIP[100:6000])["data"]
    assert overlapping["material"]["sha256"] == SHA256
    assert api.good("GET", "/api/v1/materials")["total"] == 1


def test_the_whole_file_needs_no_range(api: Client) -> None:
    upload = api.good("POST", U, ABOUT)
    done = api.good("PUT", f"{U}/{upload['id']}", raw=CLIP)
    assert done["material"]["sha256"] == SHA256


def test_beginning_again_with_other_fields_does_not_drop_them_without_a_word(api: Client) -> None:
    upload = api.good("POST", U, ABOUT)
    api.good("PUT", f"{U}/{upload['id']}", raw=CLIP)
    other = api.good("POST", U, {**ABOUT, "caption": "another"})
    assert other["id"] != upload["id"]
    done = api.good("PUT", f"{U}/{other['id']}", raw=CLIP)
    assert done["created"] is False
    assert "its fields were left" in done["warnings"][0]


def test_beginning_again_finds_the_upload_that_is_there(api: Client) -> None:
    upload = api.good("POST", U, ABOUT)
    put(api, upload, 0, CLIP[:7000])
    again = api.good("POST", U, ABOUT)
    assert (again["id"], again["offset"]) == (upload["id"], 7000)
    other = api.good("POST", U, {"name": "clip.mp4", "size_bytes": len(CLIP)})
    assert other["id"] != upload["id"]


def test_an_upload_outlives_a_restart_with_what_was_answered(side: HttpSide, api: Client) -> None:
    upload = api.good("POST", U, ABOUT)
    put(api, upload, 0, CLIP[:7000])
    # Bytes that came after the last answer and may be rubbish: a power cut while a piece was written.
    data = next(side.library.dir.glob(".pieces-*.mp4"))
    with data.open("ab") as file:
        file.write(b"\0" * (2 * len(CLIP)))
    (side.library.dir / ".pieces-77.mp4").write_bytes(b"of nothing known")
    again = UploadPieces(Library(side.settings, side.store, side.clock), side.clock)
    assert again.get(upload["id"]).offset == 7000
    kept, done = again.append(upload["id"], 7000, len(CLIP) - 7000, [CLIP[7000:]])
    assert done is not None
    assert (kept.offset, done.view.material.sha256) == (len(CLIP), SHA256)
    assert not [name for name in left_over(side) if name.endswith(".mp4")]


def test_a_gap_wrong_ranges_and_cut_pieces_change_nothing(side: HttpSide, api: Client) -> None:
    upload = api.good("POST", U, ABOUT)
    put(api, upload, 0, CLIP[:1000])
    path = f"{U}/{upload['id']}"
    for what, data, word in (
        ("bytes 2000-2999/{}", CLIP[2000:3000], "but 1000 bytes are here"),
        ("bytes 1000-1999/{}", CLIP[1000:1500], "says 1000 bytes, the body has 500"),
        ("bytes 1000-1999/77", CLIP[1000:2000], "were announced, not 77"),
        ("bytes 1999-1000/{}", CLIP[1000:2000], "Content-Range"),
        ("1000-1999", CLIP[1000:2000], "say which bytes"),
        ("", CLIP[1000:2000], f"the file has {len(CLIP)} bytes, the body has 1000"),
        ("bytes */{}", b"", "GET on this address tells the offset"),
        ("bytes 1000-999/{}", b"", "ends at 999, before it begins"),
        ("bytes 1000-1000999/*", b"x" * 1_000_000, "were announced"),
    ):
        answer = api.bad(40001, "PUT", path, raw=data, Content_Range=what.format(len(CLIP)))
        assert word in answer["message"], (what, answer)
    assert api.good("GET", path)["offset"] == 1000


@pytest.mark.parametrize(
    ("about", "word"),
    [
        ({"name": "clip.exe"}, "must end in one of"),
        ({"name": ""}, "name"),
        ({"size_bytes": 0}, "size_bytes"),
        ({"size_bytes": 10**15}, "are more than"),
        ({"sha256": "abc"}, "64 hex digits"),
        ({"sort_number": -1}, "sort_number"),
        ({"tgas": ["x"]}, "tgas"),
        ({"md5": "x"}, "md5: is not a known key; known: caption, name"),
        ({"name": None, "filename": "clip.mp4"}, 'filename: is not a known key; did you mean "name"?'),
        ({"size_bytes": None, "size": 5}, 'size: is not a known key; did you mean "size_bytes"?'),
        ({"name": "q"}, 'name: "q" must end in'),
    ],
)
def test_what_cannot_become_a_material_is_refused_at_once(
    api: Client, about: dict[str, Any], word: str
) -> None:
    answer = api.bad(40001, "POST", U, ABOUT | about)
    assert word in " ".join(f"{p['field']}: {p['problem']}" for p in answer["data"]["errors"])


def test_a_wrong_checksum_and_broken_content_end_the_upload(side: HttpSide, api: Client) -> None:
    upload = api.good("POST", U, ABOUT | {"sha256": "0" * 64})
    assert SHA256 in put(api, upload, 0, CLIP)["message"]
    api.bad(40401, "GET", f"{U}/{upload['id']}")
    broken = api.good("POST", U, {"name": "b.mp4", "size_bytes": 4})
    assert put(api, broken, 0, b"text", 4)["code"] == 40001
    assert left_over(side) == []
    assert api.good("GET", "/api/v1/materials")["total"] == 0


def test_content_that_is_there_already_is_stored_once(side: HttpSide, api: Client) -> None:
    first = api.good("POST", "/api/v1/materials?name=x.mp4", raw=CLIP, Content_Type="video/mp4")["material"]
    upload = api.good("POST", U, ABOUT)
    done = put(api, upload, 0, CLIP)["data"]
    assert (done["created"], done["material"]["id"]) == (False, first["id"])
    assert not [name for name in left_over(side) if name.endswith(".mp4")]


def test_number_and_room_are_bounded_and_given_back(
    side: HttpSide, api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_pieces, "MAX_UNFINISHED", 2)
    begun = [api.good("POST", U, {"name": f"{n}.mp4", "size_bytes": 10}) for n in range(2)]
    assert "unfinished" in api.bad(50701, "POST", U, {"name": "c.mp4", "size_bytes": 10})["message"]
    assert api.good("DELETE", f"{U}/{begun[0]['id']}") == {"id": begun[0]["id"]}
    api.bad(40401, "DELETE", f"{U}/{begun[0]['id']}")
    side.library.reload(msgspec.structs.replace(side.settings, media=Media(library_quota_bytes=1000)))
    api.good("POST", U, {"name": "c.mp4", "size_bytes": 900})
    api.good("DELETE", f"{U}/{begun[1]['id']}")
    assert "room for 100" in api.bad(50701, "POST", U, {"name": "d.mp4", "size_bytes": 101})["message"]


def test_an_upload_of_which_nothing_comes_is_forgotten(side: HttpSide, api: Client) -> None:
    upload = api.good("POST", U, ABOUT)
    put(api, upload, 0, CLIP[:100])
    side.clock.advance(upload_pieces.EXPIRES_S + 1)
    api.bad(40401, "GET", f"{U}/{upload['id']}")
    assert put(api, upload, 100, CLIP[100:])["code"] == 40401
    api.good("POST", U, {"name": "b.mp4", "size_bytes": 4})
    assert len([name for name in left_over(side) if name.endswith(".json")]) == 1


def test_a_piece_may_be_as_large_as_an_upload(side: HttpSide, api: Client) -> None:
    side.configure(server=Server(max_json_bytes=1024, max_upload_bytes=len(CLIP)))
    upload = api.good("POST", U, ABOUT)
    assert put(api, upload, 0, CLIP)["data"]["material"]["sha256"] == SHA256

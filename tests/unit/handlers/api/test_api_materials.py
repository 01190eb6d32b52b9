"""The material library over HTTP."""

from __future__ import annotations

import hashlib
import io

import pytest

from handlers.request.envelope import Refusal
from handlers.request.multipart import boundary_of, find_parts, read_field
from jobs.hub.settings import Server
from storage.records import Outcome
from tests.support.http_side import MEDIA, Client, HttpSide

M = "/api/v1/materials"
CLIP = (MEDIA / "clip.mp4").read_bytes()
PHOTO = (MEDIA / "photo.jpg").read_bytes()


def form(*parts: tuple[str, str, bytes], boundary: str = "b0und") -> bytes:
    """A multipart body as curl -F and browsers make it."""
    body = b""
    for name, filename, data in parts:
        head = f'form-data; name="{name}"' + (f'; filename="{filename}"' if filename else "")
        body += (
            f"--{boundary}\r\nContent-Disposition: {head}\r\nContent-Type: x/y\r\n\r\n".encode()
            + data
            + b"\r\n"
        )
    return body + f"--{boundary}--\r\n".encode()


def send(
    api: Client, body: bytes, query: str = "", content_type: str = "multipart/form-data; boundary=b0und"
) -> dict[str, object]:
    answer: dict[str, object] = api.good("POST", M + query, raw=body, Content_Type=content_type)
    return answer


def test_a_bare_body_is_taken_with_its_name_in_the_query(side: HttpSide, api: Client) -> None:
    data = send(
        api, CLIP, "?name=sort_7_bench.mp4&tags=a,b&caption=hello&username=@kim", "application/octet-stream"
    )
    material = data["material"]
    assert isinstance(material, dict)
    assert data["created"] is True
    assert material["name"] == "sort_7_bench.mp4"
    assert material["kind"] == "video"
    assert material["sort_number"] == 7
    assert material["tags"] == ["a", "b"]
    assert (material["caption"], material["username"], material["used"]) == ("hello", "kim", "free")
    assert material["sha256"] == hashlib.sha256(CLIP).hexdigest()
    assert material["size_bytes"] == len(CLIP)
    assert api.good("GET", f"{M}/{material['id']}") == material
    assert api.good("GET", M)["materials"] == [material]


def test_a_form_is_taken_whatever_the_order_of_its_parts(api: Client) -> None:
    fields = [
        ("caption", "", "schön".encode()),
        ("tags", "", b"x"),
        ("sort_number", "", b"3"),
        ("username", "", b""),
    ]
    first = send(api, form(("file", "clip.mp4", CLIP), *fields))["material"]
    second = send(api, form(*fields, ("upload", "photo ü.jpg", PHOTO)))["material"]
    assert isinstance(first, dict)
    assert isinstance(second, dict)
    assert (first["caption"], first["tags"], first["sort_number"]) == ("schön", ["x"], 3)
    assert (second["name"], second["kind"]) == ("photo ü.jpg", "image")


def test_tags_of_a_form_may_be_the_json_text_of_a_list(api: Client) -> None:
    made = send(api, form(("file", "clip.mp4", CLIP), ("tags", "", b'["bench", "oak"]')))["material"]
    assert isinstance(made, dict)
    assert made["tags"] == ["bench", "oak"]


def test_the_same_content_is_stored_once(api: Client) -> None:
    first = send(api, form(("file", "clip.mp4", CLIP)))
    again = send(api, form(("file", "other.mp4", CLIP)))
    assert (first["created"], again["created"]) == (True, False)
    assert api.good("GET", M)["total"] == 1


def test_uploads_that_are_no_media_are_refused(side: HttpSide, api: Client) -> None:
    raw = "application/octet-stream"
    for body, query, kind, word in (
        (b"", "?name=a.mp4", raw, "empty"),
        (CLIP, "", raw, "?name=clip.mp4"),
        (b"text", "?name=a.mp4", raw, "a.mp4"),
        (CLIP, "?name=a.exe", raw, "must end in one of .mp4"),
        (CLIP, "?name=clip.mp4&sha256=" + "0" * 64, raw, "sha256"),
        (CLIP, "?name=clip.mp4&sort_number=x", raw, "sort_number"),
        (
            CLIP.translate(None, b"\0\r\n"),
            "?name=clip.mp4",
            "application/x-www-form-urlencoded",
            "curl -d changes files",
        ),
        (form(("caption", "", b"x")), "", "multipart/form-data; boundary=b0und", "exactly one file"),
        (
            form(("a", "a.mp4", CLIP), ("b", "b.mp4", CLIP)),
            "",
            "multipart/form-data; boundary=b0und",
            "it holds 2",
        ),
        (form(("file", "clip.mp4", CLIP))[:-20], "", "multipart/form-data; boundary=b0und", "cut off"),
        (form(("file", "clip.mp4", CLIP)), "", "multipart/form-data; boundary=other", "cut off"),
        (form(("file", "clip.mp4", CLIP)), "", "multipart/form-data", "boundary"),
    ):
        answer = api.bad(40001, "POST", M + query, raw=body, Content_Type=kind)
        assert word in answer["message"], answer
    assert api.good("GET", M)["total"] == 0
    assert [path for path in side.library.dir.glob("*") if path.is_file()] == []


@pytest.mark.parametrize(("name", "content"), [("clip.mp4", CLIP), ("photo.jpg", PHOTO)])
def test_curl_data_binary_is_taken_although_it_calls_every_body_a_form(
    api: Client, name: str, content: bytes
) -> None:
    sent = send(api, content, f"?name={name}", "application/x-www-form-urlencoded")
    assert sent["created"] is True


def test_uploads_have_their_own_limit(side: HttpSide, api: Client) -> None:
    side.configure(server=Server(max_json_bytes=1024, max_upload_bytes=len(CLIP)))
    send(api, CLIP, "?name=clip.mp4", "video/mp4")
    side.configure(server=Server(max_upload_bytes=len(CLIP) - 1))
    api.bad(41301, "POST", f"{M}?name=clip.mp4", raw=CLIP, Content_Type="video/mp4")


def test_materials_are_filtered(side: HttpSide, api: Client) -> None:
    send(api, CLIP, "?name=clip.mp4&tags=x&username=kim", "video/mp4")
    send(api, PHOTO, "?name=photo.jpg&tags=x", "image/jpeg")

    def names(query: str) -> list[str]:
        return [material["name"] for material in api.good("GET", f"{M}?{query}")["materials"]]

    assert names("") == ["photo.jpg", "clip.mp4"]
    assert names("kind=video&tag=x") == ["clip.mp4"]
    assert names("q=CLIP") == ["clip.mp4"]
    assert names("q=clip&kind=image") == []
    assert names("username=kim") == ["clip.mp4"]
    assert names("used=used") == []
    assert names("used=free&page_size=1&page=2") == ["clip.mp4"]
    for query in ("kind=x", "used=x", "page=0"):
        api.bad(40001, "GET", f"{M}?{query}")


def test_materials_change_and_go(side: HttpSide, api: Client) -> None:
    material = send(api, CLIP, "?name=clip.mp4", "video/mp4")["material"]
    assert isinstance(material, dict)
    path = f"{M}/{material['id']}"
    changed = api.good("PATCH", path, {"caption": "{a|b}", "tags": ["z"], "sort_number": "4"})["material"]
    assert (changed["caption"], changed["tags"], changed["sort_number"]) == ("{a|b}", ["z"], 4)
    api.bad(40001, "PATCH", path, {"sort_number": -1})
    assert api.good("DELETE", path) == {"id": material["id"]}
    for method in ("GET", "DELETE"):
        api.bad(40401, method, path)
    api.bad(40401, "PATCH", path, {})
    api.bad(40401, "POST", f"{path}/reset-used")


def test_used_files_can_be_chosen_again_after_a_reset(side: HttpSide, api: Client) -> None:
    material = send(api, CLIP, "?name=clip.mp4", "video/mp4")["material"]
    assert isinstance(material, dict)
    created = api.good(
        "POST", "/api/v1/task", {"serials": ["PHONE1"], "script_name": "post", "script_config": {}}
    )
    assert api.good("GET", f"{M}?used=reserved")["total"] == 1
    api.bad(40001, "DELETE", f"{M}/{material['id']}")
    side.store.tasks.change(created["task_ids"][0], stage="published", outcome=Outcome.PUBLISHED)
    side.store.tasks.change(created["task_ids"][0], outcome=Outcome.PUBLISHED)
    assert api.good("POST", f"{M}/{material['id']}/reset-used") in ({"reset_count": 1}, {"reset_count": 0})
    api.good("POST", f"{M}/reset-used")
    api.good("POST", f"{M}/reset-used", {"path": str(side.media)})
    api.bad(40001, "POST", f"{M}/reset-used", {"path": "/etc"})
    assert "path: is null" in api.bad(40001, "POST", f"{M}/reset-used", {"path": None})["message"]
    api.bad(40501, "GET", f"{M}/reset-used")


def test_while_draining_uploads_are_refused(side: HttpSide, api: Client) -> None:
    side.draining = True
    api.bad(50301, "POST", f"{M}?name=clip.mp4", raw=CLIP, Content_Type="video/mp4")


def test_parts_are_found_across_the_steps_of_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    data = bytes(range(256)) * 20 + b"\r\n--b0un" + b"\r\n--b0und "[:-1].replace(b"d", b"x")
    body = form(("file", "a.bin", data), ("caption", "", b"text"))
    for step in (1, 7, 64, 10_000):
        monkeypatch.setattr("handlers.request.multipart.STEP_BYTES", step)
        stream = io.BytesIO(body)
        file, caption = find_parts(stream, "b0und")
        assert body[file.start : file.end] == data
        assert read_field(stream, caption) == "text"


def test_odd_forms_are_refused() -> None:
    for body in (
        b"", b"--b0und", b"--b0und--", b"--b0und\r\n\r\n--b0und--", b"--b0und\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b0und--",
        b"--b0und\r\n" + b"x" * 10_000 + b"\r\n\r\n\r\n--b0und--", form(*[("a", "", b"")] * 60), b"x--b0und\r\n",
    ):  # fmt: skip
        if body == b"--b0und--":
            assert find_parts(io.BytesIO(body), "b0und") == []
            continue
        with pytest.raises(Refusal):
            find_parts(io.BytesIO(body), "b0und")


def test_boundaries_are_read_with_and_without_quotes() -> None:
    assert boundary_of('multipart/form-data; boundary="a b"') == "a b"
    assert boundary_of("Multipart/Form-Data; charset=x; boundary=ab") == "ab"
    assert boundary_of("application/json; boundary=ab") is None


def test_a_form_of_nothing_but_boundaries_is_refused_without_reading_on() -> None:
    class Endless(io.RawIOBase):
        """As many boundaries as somebody cares to read."""

        def read(self, size: int = -1) -> bytes:
            assert size > 0
            return (b"\r\n--b" * (size // 5 + 1))[:size]

        def seek(self, *_: int) -> int:
            return 0

    with pytest.raises(Refusal, match="more than 50 parts"):
        find_parts(Endless(), "b")  # type: ignore[arg-type]


@pytest.mark.parametrize("word", ["filename", "file"])
def test_CLI_4_another_word_for_the_name_of_a_bare_file_is_recognised(api: Client, word: str) -> None:
    answer = api.bad(40001, "POST", f"{M}?{word}=a.mp4", raw=CLIP)
    assert answer["message"] == f'{word}: is not known here; did you mean "name"?'


def test_CLI_9_json_in_place_of_a_file_and_a_blob_without_a_name_are_told(api: Client) -> None:
    answer = api.bad(40001, "POST", M, {"file": "a.mp4"}, Content_Type="application/json")
    assert answer["message"].startswith("file: the body is JSON; send the file itself")
    blob = form(("file", "blob", CLIP))
    answer = api.bad(40001, "POST", M, raw=blob, Content_Type="multipart/form-data; boundary=b0und")
    assert answer["message"].endswith('form.append("file", blob, "clip.mp4")')


def test_a_file_for_an_account_that_is_not_there_is_taken_with_a_word(api: Client) -> None:
    data = send(api, CLIP, "?name=a.mp4&username=@nobody", "application/octet-stream")
    assert data["warnings"] == [
        "username: there is no account @nobody; until there is, no task takes the file"
    ]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (f"{M}/abc", 'an id is a whole number, "abc" is none'),
        ("/api/v1/task/abc/retry", 'an id is a whole number, "abc" is none'),
        ("/api/v1/task/" + "9" * 23, "no id is as large as that"),
        ("/api/v1/task/%EF%BC%92", 'an id is a whole number, "\uff12" is none'),
        ("/api/v1/task/stat", "did you mean /api/v1/task/stats?"),
        ("/api/v1/task/1/logs", "did you mean /api/v1/task/{id}/log?"),
    ],
)
def test_a_path_with_something_else_than_an_id_says_so(api: Client, path: str, said: str) -> None:
    assert said in api.bad(40401, "GET", path)["message"]

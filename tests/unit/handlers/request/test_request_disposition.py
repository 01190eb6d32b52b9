"""File names of forms as clients write them (CLI-8 and its kin)."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.request.disposition import parameters
from tests.support.http_side import MEDIA, Client

CLIP = (MEDIA / "clip.mp4").read_bytes()
M = "/api/v1/materials"


@pytest.mark.parametrize(
    ("header", "filename"),
    [
        # .NET: both, and filename* wins
        (
            "form-data; name=file; filename=\"=?utf-8?B?S8O8Y2hlLm1wNA==?=\"; filename*=utf-8''K%C3%BCche.mp4",
            "Küche.mp4",
        ),
        ('form-data; name="file"; filename*=UTF-8\'de\'K%C3%BCche.mp4; filename="x.exe"', "Küche.mp4"),
        ("form-data; name=file; filename*=iso-8859-1''K%FCche.mp4", "Küche.mp4"),
        # an extended form that is none falls back
        ('form-data; name="file"; filename="a.mp4"; filename*=nonsense', "a.mp4"),
        ('form-data; name="file"; filename="a.mp4"; filename*=utf-8\'\'%FF.mp4', "a.mp4"),
        ('form-data; name="file"; filename="a.mp4"; filename*=no-such-charset\'\'b.mp4', "a.mp4"),
        # encoded words alone, in one and in several
        ('form-data; name="file"; filename="=?utf-8?B?S8O8Y2hlLm1wNA==?="', "Küche.mp4"),
        ('form-data; name="file"; filename="=?UTF-8?Q?K=C3=BCche=2Emp4?="', "Küche.mp4"),
        ('form-data; name="file"; filename="=?utf-8?B?S8O8?= =?utf-8?B?Y2hlLm1wNA==?="', "Küche.mp4"),
        ('form-data; name="file"; filename="=?utf-8?B?***?="', "=?utf-8?B?***?="),
        # browsers and curl
        ('form-data; name="file"; filename="a%22b%22.mp4"', 'a"b".mp4'),
        ('form-data; name="file"; filename="100%25 a%20b.mp4"', "100%25 a%20b.mp4"),
        ('form-data; name="file"; filename="a\\"b\\".mp4"', 'a"b".mp4'),
        ('form-data; name="file"; filename="a\\\\b.mp4"', "a\\b.mp4"),
        ('form-data; name="file"; filename="C:\\fakepath\\x.mp4"', "C:\\fakepath\\x.mp4"),
        ('form-data; name="file"; filename="a;b=c.mp4"', "a;b=c.mp4"),
        # tokens, case, blanks, order
        ("form-data; filename=clip.mp4; name=file", "clip.mp4"),
        ('form-data; name="file"; FileName = "clip.mp4"', "clip.mp4"),
        ('form-data;name="file";filename="clip.mp4"', "clip.mp4"),
        # in pieces (RFC 2231)
        ("form-data; name=file; filename*0*=utf-8''K%C3%BC; filename*1*=che.mp4", "Küche.mp4"),
        ('form-data; name=file; filename*0="clip"; filename*1=".mp4"', "clip.mp4"),
        ('form-data; name="file"; filename="unclosed.mp4', "unclosed.mp4"),
    ],
)
def test_CLI_8_the_file_name_is_what_the_client_meant(header: str, filename: str) -> None:
    assert parameters(header) | {"name": "file"} == {"name": "file", "filename": filename}


@given(st.text(alphabet=";=\"\\ %*'=?afilenameutf8-BQ0123\r\n\xe9", max_size=80))
def test_no_header_breaks_the_reading(text: str) -> None:
    parameters("form-data; name=x; filename=" + text)
    parameters(text)


def test_a_header_of_nothing_but_backslashes_costs_no_time() -> None:
    before = time.perf_counter()
    parameters('form-data; filename="' + "\\" * 8000)
    parameters("form-data" + ";" * 8000)
    parameters('form-data; a="' + '\\"' * 4000)
    assert time.perf_counter() - before < 0.5


def upload(
    api: Client, head: str, *, more: str = "Content-Type: video/mp4\r\n", query: str = "", data: bytes = CLIP
):
    body = f"--b\r\nContent-Disposition: {head}\r\n{more}\r\n".encode() + data + b"\r\n--b--\r\n"
    return api.call("POST", M + query, raw=body, Content_Type="multipart/form-data; boundary=b").json


def test_CLI_8_the_upload_of_dot_net_is_taken_under_its_name(api: Client) -> None:
    answer = upload(
        api,
        "form-data; name=file; filename=\"=?utf-8?B?S8O8Y2hlLm1wNA==?=\"; filename*=utf-8''K%C3%BCche.mp4",
    )
    assert answer["data"]["material"]["name"] == "Küche.mp4"


@pytest.mark.parametrize(
    ("head", "name"),
    [
        ('form-data; name="file"; filename="C:\\fakepath\\x.mp4"', "x.mp4"),
        ('form-data; name="file"; filename="/home/kim/y.mp4"', "y.mp4"),
    ],
)
def test_CLI_8_folders_in_a_file_name_are_dropped(api: Client, head: str, name: str) -> None:
    assert upload(api, head)["data"]["material"]["name"] == name


def test_CLI_8_a_file_without_a_name_is_taken_with_one_in_the_address_and_asked_for_it_otherwise(
    api: Client,
) -> None:
    head = 'form-data; name="file"'
    assert "?name=clip.mp4" in upload(api, head)["message"]
    assert upload(api, head, query="?name=z.mp4")["data"]["material"]["name"] == "z.mp4"


def test_CLI_8_a_form_in_which_nothing_was_chosen_says_so(api: Client) -> None:
    answer = upload(api, 'form-data; name="file"; filename=""', data=b"")
    assert "none was chosen" in answer["message"]


def test_CLI_8_headers_in_latin_1_are_read(api: Client) -> None:
    body = (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="K\xfcche.mp4"\r\n\r\n'
        + CLIP
        + b"\r\n--b--\r\n"
    )
    answer = api.call("POST", M, raw=body, Content_Type="multipart/form-data; boundary=b").json
    assert answer["data"]["material"]["name"] == "Küche.mp4"

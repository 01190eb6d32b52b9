"""Says what to change when a body is not the JSON that was meant: the mistakes newcomers make with curl."""

from __future__ import annotations

import json
import re
from typing import Any

from jobs.input.spoilt_values import explain_spoilt

_EXAMPLE = """-d '{"script_name": "post", ...}'"""
_FORM = re.compile(r"[A-Za-z_][\w.\[\]%+-]*=")
_FILE_NAME = re.compile(r"@?[^\s{}\[\]\"']{1,255}")
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_TYPOGRAPHIC = "\u201c\u201d\u201e\u201f\u2018\u2019\u201a\xab\xbb\u2033"
_WINDOWS = (
    "; on Windows put the JSON into a file and send it with -d @task.json, "
    'or write every inner quote as \\" within one pair of double quotes'
)


def explain_no_json(body: bytes, method: str, content_type: str) -> str:
    """A sentence about a body that cannot be meant as JSON text, "" when it can."""
    if not body.strip():
        if method == "DELETE":
            return (
                'the body is missing: this DELETE needs a JSON body such as {"task_ids": [1, 2]} '
                "(some proxies drop the body of a DELETE)"
            )
        return (
            f"the body is empty; send a JSON object, with curl: {_EXAMPLE}. "
            "After -d @FILE this means that curl found no such file, or an empty one"
        )
    if body[:2] in _UTF16_MARKS or b"\0" in body[:4]:
        return "the body is UTF-16 text; save the file as UTF-8 (PowerShell: Out-File -Encoding utf8)"
    if body.startswith(b"--") and b"form-data" in body[:500]:
        return f"the body is a multipart form (curl -F); send JSON instead, with curl: {_EXAMPLE}"
    head = body[:300].decode("utf-8-sig", "replace").strip()
    if _FORM.match(head):
        return f"the body is form-encoded (key=value); send one JSON object instead, with curl: {_EXAMPLE}"
    if head.startswith(("%7B", "%7b")):
        return "the body is URL-encoded JSON; send it as it is, with curl: -d instead of --data-urlencode"
    spoilt = explain_spoilt(head) if len(body) <= 255 else ""
    if spoilt:
        return f"the body is no JSON: {spoilt}"
    if len(body) <= 255 and _looks_like_a_file(head):
        name = head.lstrip("@")
        return f"the body is the text {json.dumps(head)}, not JSON; to send a file write -d @{name}"
    return ""


def _looks_like_a_file(text: str) -> bool:
    return (
        bool(_FILE_NAME.fullmatch(text))
        and (text.startswith("@") or "." in text[1:])
        and not _is_number(text)
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def explain_syntax(text: str, error: json.JSONDecodeError, content_type: str) -> str:
    """What is wrong with the JSON, where, and what that usually comes from."""
    where = f"the body is not valid JSON: line {error.lineno}, column {error.colno}: "
    stripped = text.strip()
    around = _around(text, error.pos)
    if stripped.startswith("'"):
        return (
            "the body starts with a single quote: the command prompt of Windows does not know single quotes"
            + _WINDOWS
        )
    if text[error.pos : error.pos + 1] in tuple(_TYPOGRAPHIC):
        return f'{where}a quote from a document or chat stands where JSON wants a straight " {around}'
    if stripped.startswith(("\\{", '\\"')) or '{\\"' in stripped[:20]:
        return f'{where}a backslash stands before a quote; write " without it, the shell took it literally'
    if stripped.startswith(("<", "&lt;")):
        return "the body is XML or HTML, not JSON; check what the client sends"
    if error.msg.startswith("Invalid \\escape") or error.msg.startswith("Invalid \\uXXXX"):
        return (
            f"{where}a backslash must be doubled in JSON, or write paths with slashes: "
            f'"C:/Videos/clip.mp4" {around}'
        )
    if error.msg.startswith("Expecting property name"):
        return where + _explain_property(text, error.pos, around)
    if error.msg.startswith("Unterminated string"):
        return f"{where}the text that begins here is never closed: a closing quote is missing {around}"
    if error.msg.startswith("Invalid control character"):
        return (
            f"{where}a line break or tab stands inside a text: a closing quote is missing before it, "
            f"or it must be written as \\n or \\t {around}"
        )
    if error.msg.startswith("Expecting ',' delimiter"):
        if error.pos >= len(text.rstrip()):
            return f"{where}the body ends too early: a closing brace or bracket is missing {around}"
        return f"{where}a comma or a closing brace is missing before this, or a quote is missing {around}"
    if error.msg.startswith("Extra data") and stripped.startswith('"'):
        return f"{where}the braces around the object are missing: {{ before it and }} after it {around}"
    if error.msg.startswith("Extra data"):
        return f"{where}something stands after the end of the object {around}"
    if error.msg.startswith("Expecting value"):
        return where + _explain_value(text, error.pos, around)
    return f"{where}{error.msg.lower()} {around}"


def _explain_property(text: str, position: int, around: str) -> str:
    rest = text[position:].lstrip()
    if rest.startswith("'"):
        return f"""JSON wants double quotes: "script_name", not 'script_name' {around}"""
    if rest.startswith("}"):
        return f"a comma stands before the closing brace; remove it {around}"
    if not rest:
        return f"the body ends too early: a closing brace is missing {around}"
    if re.match(r"[A-Za-z_]", rest):
        return f"a key must stand in double quotes; the shell may have removed them {around}{_WINDOWS}"
    return f'a key in double quotes is missing, e.g. "script_name" {around}'


def _explain_value(text: str, position: int, around: str) -> str:
    rest = text[position:].lstrip()
    if not rest:
        return f"the body ends too early: a value is missing {around}"
    if rest.startswith("'"):
        return f"JSON wants double quotes around texts, not single ones {around}"
    if re.match(r"(True|False|None)\b", rest):
        return f"JSON writes true, false and null, not True, False and None {around}"
    if rest[0] in "]}":
        return f"a comma stands before the closing bracket or a value is missing {around}"
    if position == 0:
        return f"it must begin with {{ ; with curl: {_EXAMPLE} {around}"
    return f"a text must stand in double quotes; the shell may have removed them {around}{_WINDOWS}"


def explain_no_object(value: Any) -> str:
    """The body is JSON, but not an object."""
    if isinstance(value, str):
        try:
            inner = json.loads(value)
        except (ValueError, RecursionError):  # brackets without end
            inner = None
        if isinstance(inner, dict):
            return "the body is a JSON text that holds JSON: it was encoded twice; send the object itself"
    kind = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}.get(
        type(value), "a number"
    )
    return f"the body must be a JSON object like {{...}}, not {kind}"


def _around(text: str, position: int) -> str:
    snippet = text[max(0, position - 15) : position + 15]
    return "(near `" + "".join(c if c.isprintable() else " " for c in snippet) + "`)"

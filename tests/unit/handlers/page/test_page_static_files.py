"""The console's files: addresses that change with the content, policies, caches, and nothing else of the disk."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest

from handlers.page.static_files import FOLDER, POLICY, StaticFiles
from handlers.request.call import Call, Route
from handlers.request.envelope import Code, Refusal, Reply

INDEX = '<!doctype html><link rel=stylesheet href="/ui/a.css"><script type=module src="/ui/app.js"></script>'
SCRIPT = "import './screens/home.js';\n" + "// a long line of a script\n" * 50


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "screens").mkdir()
    for name, text in {
        "index.html": INDEX,
        "app.js": SCRIPT,
        "a.css": "p{}",
        "screens/home.js": "1",
        "n.md": "-",
    }.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "icon.png").write_bytes(b"\x89PNG")
    return tmp_path  # fmt: skip


def ask(files: StaticFiles, path: str, digest: str | None = None, **headers: str) -> Reply:
    environ: dict[str, Any] = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    route = Route(method="GET", path="/", call=files.index, summary="", tag="")
    args = {"digest": files.digest if digest is None else digest, "path": path}
    call = Call(environ, args, 0, route)
    reply: Reply = files.file(call) if path else files.index(call)
    return reply


def test_the_index_names_every_file_under_the_digest_of_all_of_them(folder: Path) -> None:
    files = StaticFiles(folder)
    index = ask(files, "")
    assert index.body.decode() == INDEX.replace("/ui/", f"/ui/{files.digest}/")
    headers = dict(index.headers)
    assert headers["Content-Security-Policy"] == POLICY
    assert headers["Cache-Control"] == "no-cache"
    assert ask(files, "", if_none_match=headers["ETag"]).status == 304
    (folder / "screens" / "home.js").write_text("2")
    later = StaticFiles(folder)
    assert later.digest != files.digest
    assert ask(later, "", if_none_match=headers["ETag"]).status == 200


def test_the_index_has_the_browser_fetch_all_that_the_shell_and_home_import_at_once() -> None:
    def imported(path: Path) -> set[Path]:
        names = re.findall(r'^import[^;]*?from "([^"]+)"', path.read_text(), re.MULTILINE | re.DOTALL)
        found = {(path.parent / name).resolve() for name in names}
        return found.union(*(imported(each) for each in found))

    index = ask(StaticFiles(), "").body.decode()
    named = re.findall(r'<link rel="modulepreload" href="/ui/\w+/([^"]+)">', index)
    home = FOLDER / "screens" / "home.js"
    assert {FOLDER / name for name in named} == imported(FOLDER / "app.js") | imported(home) | {home}
    assert len(named) == len(set(named))


def test_style_sheets_that_the_index_names_one_after_another_are_sent_as_one_in_that_order(
    folder: Path,
) -> None:
    sheets = "".join(f'<link rel="stylesheet" href="/ui/{name}.css">\n' for name in "ba")
    (folder / "b.css").write_text("b{}")
    (folder / "index.html").write_text(f'{sheets}<script type="module" src="/ui/app.js"></script>')
    files = StaticFiles(folder)
    index = ask(files, "").body.decode()
    assert index.count("stylesheet") == 1
    assert f'href="/ui/{files.digest}/styles/first.css"' in index
    assert ask(files, "styles/first.css").body == b"b{}p{}"
    (folder / "b.css").write_text("b{color:red}")
    assert StaticFiles(folder).digest != files.digest


def test_a_browser_gets_the_texts_of_its_language_alone_and_those_that_the_first_screen_does_not_name_later(
    folder: Path,
) -> None:
    hub_says = {"first": {"waiting": {"it is gone": "es ist weg"}}, "later": {"doctor": {"is well": "geht"}}}
    texts = {
        "shell": {"home": ("Home", "Start"), "never": ("Never", "Nie")},
        "home": {"n_one": ("{n} post", "{n} Post"), "n_other": ("{n} posts", "{n} Posts")},
        "needs": {"act_go": ("Go", "Los"), "other": ("Else", "Sonst")},
        "system": {"title": ("System", "System")},
    }
    both = {
        section: {key: dict(zip(("en", "de"), said, strict=True)) for key, said in own.items()}
        for section, own in texts.items()
    }
    (folder / "texts.json").write_text(json.dumps(both))
    (folder / "hub_says.de.json").write_text(json.dumps(hub_says))
    (folder / "index.html").write_text('<script type="module" src="/ui/app.js"></script>')
    (folder / "app.js").write_text('import "./part.js";\nt("shell.home"); t(`needs.act_${word}`);')
    (folder / "part.js").write_text('t("home.n", { n });')
    files = StaticFiles(folder)
    assert json.loads(ask(files, "texts.en.json").body) == {
        "shell": {"home": "Home"},
        "home": {"n_one": "{n} post", "n_other": "{n} posts"},
        "needs": {"act_go": "Go"},
    }
    assert json.loads(ask(files, "later.en.json").body) == {
        "shell": {"never": "Never"},
        "needs": {"other": "Else"},
        "system": {"title": "System"},
    }
    assert json.loads(ask(files, "texts.de.json").body)["hub_says"] == hub_says["first"]
    assert json.loads(ask(files, "later.de.json").body)["hub_says"] == hub_says["later"]
    for gone in ("texts.json", "hub_says.de.json"):
        with pytest.raises(Refusal):
            ask(files, gone)


def test_the_first_screen_in_german_is_less_than_80_kilobytes_and_in_english_less_than_60() -> None:
    files = StaticFiles()
    index = ask(files, "").body.decode()
    named = set(re.findall(r'"/ui/\w+/([\w./-]+)"', index))

    def sent(*more: str) -> int:
        return sum(len(ask(files, path, accept_encoding="gzip").body) for path in named | set(more))

    assert len(named) > 20
    assert sent("texts.en.json") < 60_000
    assert sent("texts.de.json") < 80_000


def test_a_file_is_kept_for_ever_and_packed_where_the_client_reads_that(folder: Path) -> None:
    files = StaticFiles(folder)
    plain = ask(files, "app.js")
    assert (plain.body, plain.content_type) == (SCRIPT.encode(), "text/javascript; charset=utf-8")
    assert dict(plain.headers)["Cache-Control"] == "public, max-age=31536000, immutable"
    for accepts in ("gzip, br", "br;q=1, gzip;q=0.5", "*"):
        packed = ask(files, "app.js", accept_encoding=accepts)
        assert dict(packed.headers)["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed.body) == plain.body
    for accepts in ("", "br", "gzip;q=0", "gzip; q=0.0"):
        assert ask(files, "app.js", accept_encoding=accepts).body == plain.body
    assert ask(files, "icon.png", accept_encoding="gzip").body == b"\x89PNG"
    assert ask(files, "icon.png").content_type == "image/png"


@pytest.mark.parametrize(
    "path", ["nothing.js", "index.html", "../static_files.py", "screens", "n.md", "screens/../app.js"]
)
def test_what_is_no_file_of_the_console_is_not_found(folder: Path, path: str) -> None:
    files = StaticFiles(folder)
    with pytest.raises(Refusal) as refused:
        ask(files, path)
    assert refused.value.code is Code.NOT_FOUND


def test_another_digest_is_not_found_so_a_page_never_mixes_two_versions(folder: Path) -> None:
    files = StaticFiles(folder)
    (folder / "app.js").write_text("changed after the start")
    assert ask(files, "app.js").body == SCRIPT.encode()
    with pytest.raises(Refusal):
        ask(files, "app.js", "0123456789abcdef")

"""How commands end: what was typed wrong, what is not there, what is damaged and what is forbidden are told apart."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from handlers.cli.asking import DaemonSilent
from handlers.cli.command_line import EX, status_of
from storage.errors import StoreFailed
from tests.support.daemon import PROGRAM, tikmatrixd
from tests.support.http_side import HttpSide
from tikmatrixd import cli

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    config = tmp_path / "config.toml"
    config.write_text(
        '[server]\nlisten = "127.0.0.1:1"\n[adb]\nport = 1\nstart_server = false\n'
        f'[storage]\nstate_dir = "{tmp_path}/state"\n'
    )
    return lambda *words: CliRunner().invoke(cli, ["--config", str(config), *map(str, words)], input="")


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    made = {name: tmp_path / name for name in ("junk", "junk.xml", "junk.json", "folder", "clip.mp4")}
    for path in made.values():
        path.write_bytes(b"{\x80")
    made["folder"].unlink()
    made["folder"].mkdir()
    return made


@pytest.mark.parametrize(
    "words",
    [
        ("token", "new", "../x"),
        ("token", "new", ""),
        ("usb-box", "add", "../x"),
        ("usb-box", "remove", "../x"),
        ("task", "0"),
        ("completion", "fish"),
    ],
)
def test_a_word_that_can_be_none_is_a_wrong_command_line(run: Run, words: tuple[str, ...]) -> None:
    done = run(*words)
    assert (done.exit_code, "Traceback" in done.output) == (EX.USAGE, False), done.output


@pytest.mark.skipif(os.geteuid() != 0, reason="a hub is let in by root alone")
def test_an_address_that_can_be_none_is_a_wrong_command_line(run: Run) -> None:
    assert run("usb-box", "let-in", "--address", "a b").exit_code == EX.USAGE


@pytest.mark.parametrize(
    "words",
    [
        ("restore", "/nonexistent"),
        ("restore", "folder"),
        ("import", "/nonexistent"),
        ("inspect", "/nonexistent.xml"),
        ("inspect", "nothing.json"),
        ("export", "out.json"),
        ("backup", "out.tar"),
        ("archive", "2026-11"),
        ("token", "revoke", "nobody"),
        ("usb-box", "remove", "shelf"),
        ("post", "/nonexistent.mp4", "--account", "@a"),
        ("post", "clip.mp4", "--account", "@a", "--caption-file", "/nonexistent"),
        ("status", "--ready-file", "folder"),
        ("serve", "--ready-file", "/nonexistent/ready"),
        ("serve", "--ready-file", "folder"),
    ],
)
def test_what_is_not_there_has_a_status_of_its_own(
    run: Run, files: dict[str, Path], words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run(*(files.get(word, word) for word in words))
    assert (done.exit_code, "Traceback" in done.output) == (EX.NOINPUT, False), done.output


@pytest.mark.parametrize(
    "words",
    [
        ("restore", "junk"),
        ("import", "junk"),
        ("inspect", "junk.xml"),
        ("inspect", "junk.json"),
        ("token", "new", "box", "--file", "junk"),
        ("post", "clip.mp4", "--account", "@a", "--caption-file", "junk"),
        ("status", "--ready-file", "junk"),
    ],
)
def test_what_is_damaged_or_something_else_is_a_matter_of_the_data(
    run: Run, files: dict[str, Path], words: tuple[str, ...]
) -> None:
    done = run(*(files.get(word, word) for word in words))
    assert (done.exit_code, "Traceback" in done.output) == (EX.DATAERR, False), done.output


def test_a_name_that_another_token_has_is_refused_and_not_forbidden(run: Run) -> None:
    assert run("token", "new", "box", "--quiet").exit_code == 0
    done = run("token", "new", "BOX")
    assert (done.exit_code, "already" in done.output) == (EX.DATAERR, True)


@pytest.mark.parametrize("words", [("materials", "reset-used"), ("confirm-clock",)])
@pytest.mark.parametrize("status", [EX.NOPERM, EX.UNAVAILABLE, EX.DATAERR])
def test_what_the_daemon_refuses_keeps_its_status(
    run: Run, words: tuple[str, ...], status: EX, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise DaemonSilent("no", status)

    monkeypatch.setattr("handlers.cli.hub_options.ask_url", refuse)
    assert run(*words).exit_code == status


@pytest.mark.parametrize(
    ("number", "status"),
    [
        (errno.EACCES, EX.NOPERM),
        (errno.EPERM, EX.NOPERM),
        (errno.ENOENT, EX.NOINPUT),
        (errno.ENOTDIR, EX.NOINPUT),
        (errno.ENOSPC, EX.IOERR),
        (errno.EROFS, EX.IOERR),
    ],
)
def test_an_error_of_a_file_is_judged_by_what_was_behind_it(number: int, status: EX) -> None:
    error = OSError(number, os.strerror(number))
    wrapped = StoreFailed("the backup cannot be written")
    wrapped.__cause__ = error
    assert status_of(error) == status_of(wrapped) == status
    assert status_of(ValueError(), EX.DATAERR) == EX.DATAERR


def test_the_bare_name_shows_what_there_is_and_starts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[object] = []
    monkeypatch.setattr("handlers.daemon.running.bring_up", lambda *_: started.append(1))
    done = CliRunner().invoke(cli, [])
    assert (done.exit_code, started, done.stdout) == (EX.USAGE, [], "")
    assert "Commands:" in done.stderr
    assert "`serve` starts the daemon" in done.stderr


def test_a_config_alone_starts_the_daemon_that_it_describes(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'[server]\nlisten = "0.0.0.0:0"\n[storage]\nstate_dir = "{tmp_path}"\n')
    alone, serve = tikmatrixd("--config", config), tikmatrixd("--config", config, "serve")
    assert alone.returncode == serve.returncode == EX.CONFIG
    assert alone.stderr.splitlines()[-1] == serve.stderr.splitlines()[-1]
    assert "make one with `tikmatrixd.py token new NAME`" in alone.stderr


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-8"])
def test_a_terminal_of_another_encoding_shows_what_it_can_and_programs_lose_nothing(
    tmp_path: Path, encoding: str
) -> None:
    with HttpSide(tmp_path) as side:
        port = side.serve().port
        side.task(caption="木工 \N{WOOD} é", username="anna")

        def said(*words: str) -> str:
            command = [*PROGRAM, *words, "--url", f"http://127.0.0.1:{port}"]
            variables = {**os.environ, "PYTHONIOENCODING": f"{encoding}:strict", "PYTHONUTF8": "0"}
            done = subprocess.run(command, capture_output=True, env=variables, check=False, timeout=60)
            assert (done.returncode, b"Traceback" in done.stderr) == (0, False), done.stderr
            return done.stdout.decode(encoding)

        assert "anna" in said("task", "1")
        assert json.loads(said("tasks", "--json"))["tasks"][0]["caption"] == "木工 \N{WOOD} é"


class Redirecting:
    """What a proxy answers under its plain address: every call is sent to another one."""

    def __init__(self, target: str) -> None:
        self.seen: list[str] = []
        seen = self.seen

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                seen.append(f"{self.command} {self.path}")
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self.send_response(301)
                self.send_header("Location", f"{target}{self.path}")
                self.end_headers()

            do_GET = do_POST = do_PATCH = _answer  # noqa: N815 - names of the standard library

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.mark.parametrize(
    "words",
    [("tasks",), ("stop", "1"), ("move", "1", "now"), ("pause",), ("post", "clip.mp4", "--account", "anna")],
)
def test_a_redirect_is_told_and_not_followed_since_a_change_would_become_a_question(
    tmp_path: Path, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    with HttpSide(tmp_path) as side:
        monkeypatch.chdir(side.media)
        proxy = Redirecting(f"http://127.0.0.1:{side.serve().port}")
        task = side.task()
        done = CliRunner().invoke(cli, [*words, "--url", proxy.url])
        proxy.server.shutdown()
        proxy.server.server_close()
        assert (done.exit_code, done.stdout) == (EX.UNAVAILABLE, ""), done.output
        assert "name the address that it leads to" in done.stderr
        assert len(proxy.seen) == 1
        assert side.store.tasks.get(task.id) == task


@pytest.mark.parametrize("behind", [False, True])
def test_a_config_that_the_demo_would_not_read_is_refused(tmp_path: Path, behind: bool) -> None:
    config, demo = ["--config", str(tmp_path / "config.toml")], ["serve", "--demo", "1"]
    done = CliRunner().invoke(cli, [*demo, *config] if behind else [*config, *demo])
    assert (done.exit_code, "leave out --config" in done.stderr) == (EX.USAGE, True)


@pytest.mark.parametrize("words", [("tasks",), ("check-config",), ("token", "list"), ("backup", "x")])
def test_a_config_that_this_user_may_not_read_is_a_matter_of_permission(
    run: Run, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def deny(_: Path) -> bytes:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "read_bytes", deny)
    done = run(*words)
    assert (done.exit_code, "try sudo" in done.output) == (EX.NOPERM, True), done.output

"""Completion: what a shell is offered comes from the running daemon, and a daemon that is away costs nothing but a moment."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from handlers.access.tokens import new_token
from handlers.cli.asking import TOKEN_VARIABLE
from jobs.hub.settings import AccountEntry, Server
from tests.support.http_side import HttpSide
from tikmatrixd import cli

ROOT = Path(__file__).resolve().parents[4]
ACCOUNTS = (
    AccountEntry(username="anna", platform="tiktok", serial="PHONE1"),
    AccountEntry(username="bert", platform="instagram", serial="PHONE2"),
)


@pytest.fixture
def side(tmp_path: Path) -> Iterator[HttpSide]:
    with HttpSide(tmp_path, accounts=ACCOUNTS) as side:
        side.task(username="anna")
        side.task("PHONE2", status="failed")
        yield side


def offered(side: HttpSide, *words: str) -> list[str]:
    """What is offered for the last of the words."""
    port = side.server.port if side.server is not None else 1
    line = [*words[:-1], "--url", f"http://127.0.0.1:{port}"]
    before = [*line[:1], *line[-2:], *line[1:-2]]
    shell = ShellComplete(cli, {}, "tikmatrixd", "_X")
    return [item.value for item in shell.get_completions(before, words[-1])]


def test_serials_accounts_and_ids_come_from_the_running_daemon(side: HttpSide) -> None:
    side.serve()
    assert offered(side, "post", "--account", "") == ["@anna", "@bert"]
    assert offered(side, "post", "--account", "@A") == ["@anna"]
    assert offered(side, "post", "--serial", "phone2") == ["PHONE2"]
    assert offered(side, "tasks", "--serial", "PH") == ["PHONE1", "PHONE2", "PHONE3"]
    assert offered(side, "stop", "") == ["2", "1"]
    assert offered(side, "log", "1") == ["1"]


def test_where_no_daemon_answers_nothing_is_offered_and_nothing_is_said(
    side: HttpSide, capsys: pytest.CaptureFixture[str]
) -> None:
    assert offered(side, "post", "--account", "") == []
    assert offered(side, "stop", "") == []
    assert capsys.readouterr() == ("", "")


def test_the_token_of_the_environment_and_the_config_are_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = new_token(tmp_path / "state" / "tokens.json", "box")
    with HttpSide(
        tmp_path, accounts=ACCOUNTS, server=Server(listen="127.0.0.1:0", trust_loopback=False)
    ) as side:
        config = tmp_path / "config.toml"
        config.write_text(f'[server]\nlisten = "127.0.0.1:{side.serve().port}"\n')
        shell = ShellComplete(cli, {}, "tikmatrixd", "_X")

        def accounts() -> list[str]:
            words = ["--config", str(config), "post", "--account"]
            return [item.value for item in shell.get_completions(words, "")]

        monkeypatch.delenv(TOKEN_VARIABLE, raising=False)
        assert accounts() == []
        monkeypatch.setenv(TOKEN_VARIABLE, made)
        assert accounts() == ["@anna", "@bert"]


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_the_script_is_one_that_the_shell_can_read(shell: str) -> None:
    script = CliRunner().invoke(cli, ["completion", shell]).stdout
    assert "_TIKMATRIXD_COMPLETE" in script
    if shutil.which(shell):
        done = subprocess.run([shell, "-n"], input=script, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed here")
def test_bash_completes_an_account_as_a_person_would_type_it(side: HttpSide, tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{side.serve().port}"
    program = tmp_path / "tikmatrixd"
    program.write_text(
        f'#!/bin/sh\nTIKMATRIXD_NAME=tikmatrixd exec {sys.executable} {ROOT / "tikmatrixd.py"} "$@"\n'
    )
    program.chmod(0o755)
    typed = f"""
source <(tikmatrixd completion bash)
COMP_WORDS=(tikmatrixd post --url {url} --account @an); COMP_CWORD=5
_tikmatrixd_completion tikmatrixd
echo "${{COMPREPLY[@]}}"
"""
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-c", typed], capture_output=True, text=True, check=False, env=environment, timeout=60
    )
    assert (done.stdout, done.stderr) == ("@anna\n", "")

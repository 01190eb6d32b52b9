"""What the unit of the daemon promises, as far as its text tells; the rest is tried with a real systemd."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "systemd" / "tikmatrixd.service"
INSTALLED = "/opt/tikmatrixd/current/.venv/bin/python -Es /opt/tikmatrixd/current/tikmatrixd.py"


def values(key: str) -> list[str]:
    lines = UNIT.read_text().splitlines()
    return [line.partition("=")[2] for line in lines if line.startswith(f"{key}=")]


def test_a_reload_checks_the_very_config_of_the_daemon_before_it_signals() -> None:
    (start,) = values("ExecStart")
    check, signal = values("ExecReload")
    assert check == start.removesuffix("serve") + "check-config"
    assert signal == "/bin/kill -HUP $MAINPID"


@pytest.mark.parametrize("broken", ["config", "screens"])
def test_a_broken_file_fails_the_check_of_a_reload_and_a_start_that_is_not_tried_again(
    tmp_path: Path, broken: str
) -> None:
    config = tmp_path / "config.toml"
    (tmp_path / "screens").mkdir()
    text = (
        f'[posting]\nscreens_dir = "{tmp_path / "screens"}"\n[storage]\nstate_dir = "{tmp_path / "state"}"\n'
    )
    config.write_text(text)
    (tmp_path / "screens" / "README.txt").write_text("")
    check = (
        values("ExecReload")[0].removeprefix(INSTALLED).replace("/etc/tikmatrixd/config.toml", str(config))
    )
    start = values("ExecStart")[0].removeprefix(INSTALLED).replace("/etc/tikmatrixd/config.toml", str(config))

    def run(words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(ROOT / "tikmatrixd.py"), *shlex.split(words)]
        return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)

    good = run(check)
    assert good.returncode == 0, good.stderr
    assert "README.txt is not read" in good.stderr
    if broken == "config":
        config.write_text(text + "nonsense = 1\n")
    else:
        (tmp_path / "screens" / "tiktok.toml").write_text("[elements.x]\n")
    # A hub that posts with the shipped screens, and says so, is better than one that does not start.
    for words in (check, start) if broken == "config" else (check,):
        done = run(words)
        assert str(done.returncode) in values("RestartPreventExitStatus")[0].split(), done.stderr
        assert "Traceback" not in done.stderr
        assert ("nonsense" if broken == "config" else "tiktok.toml") in done.stderr


def test_R65_the_daemon_reads_the_live_token_file_as_a_member_of_its_group() -> None:
    assert values("LoadCredential") == []
    lines = (ROOT / "systemd" / "tikmatrixd.tmpfiles").read_text().splitlines()
    assert "z /etc/tikmatrixd/tokens.json 0640 root tikmatrixd" in lines

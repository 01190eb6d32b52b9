"""`tikmatrixd usb-box`: what is pasted is data, nothing is half done, and each ending says what to do next."""

from __future__ import annotations

import os
import pty
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from handlers.cli.command_line import EX
from handlers.cli.usb.usb_box import usb_box
from jobs.upkeep.usb_boxes.folder import Boxes
from jobs.upkeep.usb_boxes.pasted import BoxLine, read_hub_line
from tests.support.daemon import ROOT
from tests.support.usb_boxes import key

LINE = str(BoxLine("192.168.1.20", 22, key(3)))


class Hub:
    def __init__(self, folder: Path) -> None:
        self.config = folder / "config.toml"
        self.config.write_text("")
        self.boxes = Boxes(folder / "usb-boxes")

    def run(self, *words: str, typed: str = "") -> Result:
        return CliRunner(env={"COLUMNS": None}).invoke(usb_box, list(words), input=typed, obj=self.config)


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    return Hub(tmp_path)


def test_a_box_is_added_with_one_line_each_way_also_in_two_calls(hub: Hub) -> None:
    first = hub.run("add", "shelf-b")
    assert first.exit_code == 0
    line = read_hub_line(first.stdout)
    assert "later: tikmatrixd usb-box add shelf-b" in first.stderr
    assert hub.boxes.all() == []
    second = hub.run("add", "shelf-b", "--no-start", "--local-port", "5055", typed=f"{LINE}\n")
    assert second.exit_code == 0, second.output
    said, _, entry = second.stdout.partition("\n")
    assert read_hub_line(said) == line
    assert entry == '[[adb_servers]]\nname = "shelf-b"\nhost = "127.0.0.1"\nport = 5055\n'
    (box,) = hub.boxes.all()
    assert (box.host, box.ssh_port, box.local_port) == ("192.168.1.20", 22, 5055)


@pytest.mark.parametrize(
    "typed",
    ["; rm -rf /\n", "$(id)\n", LINE[:-3] + "\n", "tikmatrixd-hub 1 x\n", "\xff\xfe\n", "x" * 5000 + "\n"],
)
def test_what_is_no_line_of_a_box_changes_nothing(hub: Hub, typed: str) -> None:
    done = hub.run("add", "shelf-b", typed=typed)
    assert done.exit_code == EX.DATAERR
    assert "nothing was changed: " in done.stderr
    assert hub.boxes.all() == []


@pytest.mark.parametrize("name", ["../x", "A", "a b", "-x", "a;b"])
def test_a_name_that_cannot_be_one_is_refused(hub: Hub, name: str) -> None:
    assert hub.run("add", "--", name).exit_code == EX.USAGE
    assert hub.run("remove", "--", name).exit_code == EX.USAGE
    assert hub.boxes.names() == []


def test_the_list_says_of_each_box_what_is_missing(hub: Hub) -> None:
    assert "there are no other boxes" in hub.run("list").stderr
    hub.run("add", "new")
    with socket.create_server(("127.0.0.1", 0)) as one:
        port = one.getsockname()[1]
    hub.run("add", "away", "--no-start", "--local-port", str(port), typed=LINE)
    lines = hub.run("list").stdout.splitlines()
    assert lines[0].split() == ["NAME", "ADDRESS", "PORT", "LINK", "ADB", "SERVER"]
    assert lines[1].split()[:3] == ["away", "192.168.1.20", str(port)]
    assert "does not answer" in lines[1]
    assert lines[1].endswith("not in the config; its adb key is not in backups")
    assert lines[2].endswith("its line was not pasted yet: tikmatrixd usb-box add new")


def test_a_box_that_is_not_there_cannot_be_removed_and_one_without_a_link_can(hub: Hub) -> None:
    hub.run("add", "half")
    gone = hub.run("remove", "shelf-b")
    assert (gone.exit_code, gone.stderr) == (EX.NOINPUT, "there is no box 'shelf-b'; there are: half\n")
    assert hub.run("remove", "half").exit_code == 0
    assert hub.boxes.names() == []


def test_what_is_pasted_behind_the_line_never_reaches_the_shell(hub: Hub, tmp_path: Path) -> None:
    """At a real terminal: the shell that comes next must not find the rest of the paste."""
    master, slave = pty.openpty()
    program = (
        f"{sys.executable} {ROOT / 'tikmatrixd.py'} --config {hub.config} usb-box add shelf-b --no-start"
    )
    script = f'{program} 2>{tmp_path / "said"}; read -t 0.3 -r next; echo "left:$next."'
    with subprocess.Popen(
        ["bash", "-c", script], stdin=slave, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as shell:
        os.close(slave)
        reading = threading.Thread(target=_drain, args=(master,))
        reading.start()
        os.write(master, f"{LINE}\ntouch {tmp_path / 'harm'}\n".encode())
        assert shell.stdout is not None
        said = shell.stdout.read()
        shell.wait(20)
    os.close(master)
    reading.join(5)
    assert said.endswith("left:.\n"), said
    assert [box.name for box in hub.boxes.all()] == ["shelf-b"]


def _drain(master: int) -> None:
    """Read what the terminal shows, as a terminal does."""
    try:
        while os.read(master, 4096):
            pass
    except OSError:
        pass

"""systemd/install.sh without a box: run on a folder that stands for the root of the file system, with tools that only note."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = (ROOT / "systemd" / "install.sh").read_text()
#: Every folder of the real system that the script could reach.
REAL = re.compile(r"(?<![\w$}./])/(?=(?:opt|etc|var|srv|usr|run|proc)/)")

Run = Callable[..., "subprocess.CompletedProcess[str]"]


class Box:
    """What the script may see, below one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.script = root / "install.sh"
        text = REAL.sub(f"{root}/", SCRIPT)
        assert not REAL.search(text)
        self.script.write_text(text)
        self.tools = root / "tools"
        self.tools.mkdir()
        for name, says in (
            ("systemctl", ""),
            ("id", "0"),
            ("systemd-sysusers", ""),
            ("systemd-tmpfiles", ""),
        ):
            tool = self.tools / name
            tool.write_text(f"#!/bin/sh\necho {says}\n")
            tool.chmod(0o755)
        (root / "run" / "systemd" / "system").mkdir(parents=True)
        (root / "proc" / "self").mkdir(parents=True)
        self.mounts()
        self.media = root / "srv" / "tikmatrixd" / "media"
        for folder in ("etc/tikmatrixd", "var/lib/tikmatrixd", "var/lib/tikmatrixd-adb", "opt/tikmatrixd"):
            (root / folder).mkdir(parents=True)
            (root / folder / "kept").touch()
        (self.media / "album").mkdir(parents=True)
        for name in ("one.mp4", "album/two.mp4", "album/three.jpg"):
            (self.media / name).write_text("mine")

    def mounts(self, *places: Path) -> None:
        """What the kernel lists as mounted."""
        lines = [
            f"{n} 1 8:1 / {str(place).replace(' ', chr(92) + '040')} rw shared:1 - ext4 /dev/sda1 rw"
            for n, place in enumerate((Path("/"), *places))
        ]
        (self.root / "proc" / "self" / "mountinfo").write_text("\n".join(lines) + "\n")

    def run(self, *options: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", str(self.script), *options],
            env={"PATH": f"{self.tools}:{os.environ['PATH']}"},
            input=typed,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )

    @property
    def files(self) -> set[str]:
        return {str(p.relative_to(self.media)) for p in self.media.rglob("*") if p.is_file()}


ALL = {"one.mp4", "album/two.mp4", "album/three.jpg"}


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    root = tmp_path / "root"
    root.mkdir()
    return Box(root)  # type: ignore[return-value]


def test_purge_keeps_the_operator_s_media_and_says_so(box: Box) -> None:
    done = box.run("--purge")
    assert done.returncode == 0, done.stderr
    assert box.files == ALL
    assert f"kept: {box.media}, your media (3 files)" in done.stdout
    assert not (box.root / "etc/tikmatrixd").exists()
    assert not (box.root / "var/lib/tikmatrixd").exists()


@pytest.mark.parametrize("typed", ["", "yes\n", "delete 2 files\n", "delete 3\n", "DELETE 3 FILES\n"])
def test_media_are_deleted_only_after_their_number_was_typed(box: Box, typed: str) -> None:
    done = box.run("--purge", "--delete-media", typed=typed)
    assert done.returncode != 0
    assert "type: delete 3 files" in done.stdout
    assert "not confirmed; nothing was changed" in done.stderr
    assert box.files == ALL
    assert (box.root / "etc/tikmatrixd/kept").exists()
    assert (box.root / "opt/tikmatrixd/kept").exists()


def test_media_go_when_asked_for_and_confirmed(box: Box) -> None:
    done = box.run("--purge", "--delete-media", typed="delete 3 files\n")
    assert done.returncode == 0, done.stderr
    assert not box.media.exists()


@pytest.mark.parametrize("below", ["", "album", "a share"])
def test_nothing_is_deleted_through_a_mount(box: Box, below: str) -> None:
    place = box.media / below
    place.mkdir(exist_ok=True)
    box.mounts(place)
    done = box.run("--purge", "--delete-media", typed="delete 3 files\n")
    assert done.returncode != 0
    assert f"something is mounted at {place}" in done.stderr
    assert box.files == ALL
    assert (box.root / "etc/tikmatrixd/kept").exists()


def test_state_on_a_disk_of_its_own_is_not_deleted_through_its_mount(box: Box) -> None:
    box.mounts(box.root / "var/lib/tikmatrixd", box.root / "var/lib/tikmatrixd-other")
    done = box.run("--purge")
    assert done.returncode != 0
    assert "var/lib/tikmatrixd: unmount it first" in done.stderr
    assert (box.root / "var/lib/tikmatrixd/kept").exists()
    assert (box.root / "opt/tikmatrixd/kept").exists()


def test_a_media_folder_that_is_a_link_is_not_followed(box: Box) -> None:
    elsewhere = box.root / "elsewhere"
    box.media.rename(elsewhere)
    box.media.symlink_to(elsewhere)
    done = box.run("--purge", "--delete-media", typed="delete 3 files\n")
    assert done.returncode != 0
    assert "is a link" in done.stderr
    assert {p.name for p in elsewhere.rglob("*.*")} == {"one.mp4", "two.mp4", "three.jpg"}


@pytest.mark.parametrize(
    "options", [("--delete-media",), ("--purge", "--media"), ("--remove", "--delete-media")]
)
def test_an_option_that_does_not_exist_changes_nothing(box: Box, options: tuple[str, ...]) -> None:
    done = box.run(*options)
    assert done.returncode != 0
    assert "option" in done.stderr
    assert box.files == ALL
    assert (box.root / "opt/tikmatrixd/kept").exists()


def test_remove_keeps_everything_of_the_operator(box: Box) -> None:
    assert box.run("--remove").returncode == 0
    assert box.files == ALL
    assert (box.root / "etc/tikmatrixd/kept").exists()
    assert not (box.root / "opt/tikmatrixd").exists()


def test_nothing_is_installed_without_its_hash_and_nothing_is_fetched_to_build() -> None:
    """setuptools and wheel, too: pip's isolated builds fetch the newest of them."""
    for place in ("systemd/install.sh", "Makefile"):
        text = (ROOT / place).read_text()
        lines = [one for one in text.splitlines() if re.search(r"(pip\[@\]\}\"|PIP\)) .*-r ", one)]
        locked = [one for one in lines if "extra-requirements" not in one]
        assert len(locked) >= 2, place
        for line in locked:
            assert "--require-hashes" in line, line
            assert "build.txt" in line or "--no-build-isolation" in line, line
    pinned = (ROOT / "requirements" / "build.txt").read_text()
    for name in ("setuptools", "wheel"):
        assert re.search(rf"^{name}==[\d.]+ \\\n    --hash=sha256:", pinned, re.MULTILINE)


def test_no_program_asks_adbutils_which_adb_to_run() -> None:
    """`adbutils.adb_path()` prefers the PATH's (ADB-2); only the test that says so may call it."""
    asks = re.compile(r"adbutils\.adb_path\(\)\)|[\[(]adbutils\.adb_path\(\)|\{adbutils\.adb_path\(\)")
    places = [ROOT / name for name in ("handlers", "jobs", "simulator", "benchmarks", "tests", "systemd")]
    files = [
        p for place in places for p in (*place.rglob("*.py"), *place.rglob("*.sh")) if p != Path(__file__)
    ]
    assert [str(p) for p in files if asks.search(p.read_text())] == []


def test_what_the_installer_asks_the_program_is_there() -> None:
    """Modules move; the installer's own line of Python moves with them."""
    (line,) = re.findall(r"\.venv/bin/python -Es -c \\\n\s+'(.*)'\)", SCRIPT)
    done = subprocess.run(
        [sys.executable, "-Es", "-c", line], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).name == "adb"

"""Brings the adb key of a USB box to the hub, so that the hub's backup has it: phones know the box by this key."""

from __future__ import annotations

import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from jobs.upkeep.usb_boxes.folder import (
    ADB_KEYS,
    BACKUP,
    KNOWN_HOSTS,
    Boxes,
    UsbBox,
    check_file,
)
from jobs.upkeep.usb_boxes.programs import BoxesFailed

#: The user on the box that may read this key over sftp, and do nothing else.
KEY_USER = "tikmatrixd-key"
TIMEOUT_S = 20.0
_AT_ONCE = 8
#: Of each file that the box may send.
_MAX_BYTES = 16 * 1024


def fetch(boxes: Boxes, box: UsbBox) -> None:
    """Replace the hub's copy of the key by what the box has now.

    Raises:
        BoxesFailed: The box is away or sends something else; the copy of before stays.
    """
    folder = boxes.of(box.name)
    with tempfile.TemporaryDirectory(prefix="tikmatrixd-") as place:
        _sftp(folder, box, Path(place))
        try:
            found = {name: (Path(place) / name).read_bytes() for name in ADB_KEYS}
            for name, data in found.items():
                check_file(box.name, name, data)
            for name, data in found.items():
                if not (folder / name).exists() or (folder / name).read_bytes() != data:
                    boxes.write(folder / name, data)
        except ValueError as error:
            raise BoxesFailed(f"{box.name} sends something else than an adb key: {error}") from error
        except OSError as error:
            raise BoxesFailed(f"{error.filename}: {error.strerror}") from error


def fetch_all(boxes: Boxes) -> list[str]:
    """Fetch the key of every box, side by side; a sentence for each that did not give one."""

    def one(box: UsbBox) -> str:
        try:
            fetch(boxes, box)
        except BoxesFailed as error:
            kept = (boxes.of(box.name) / ADB_KEYS[0]).exists()
            return f"{error}; {'the copy of before is taken' if kept else 'there is no copy of before'}"
        return ""

    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="usb-box") as pool:
        return [said for said in pool.map(one, boxes.all()) if said]


def command(folder: Path, box: UsbBox) -> list[str]:
    """The sftp program with all that it may use; nothing of it passes a shell."""
    options = {
        "BatchMode": "yes",
        "ConnectTimeout": "10",
        "ControlPath": "none",
        "GlobalKnownHostsFile": "none",
        "HostKeyAlgorithms": "ssh-ed25519",
        "HostKeyAlias": box.name,
        "IdentitiesOnly": "yes",
        "IdentityAgent": "none",
        "IdentityFile": f'"{folder / BACKUP}"',
        "Port": str(box.ssh_port),
        "PreferredAuthentications": "publickey",
        "StrictHostKeyChecking": "yes",
        "UpdateHostKeys": "no",
        "User": KEY_USER,
        "UserKnownHostsFile": f'"{folder / KNOWN_HOSTS}"',
    }
    words = [word for key, value in options.items() for word in ("-o", f"{key}={value}")]
    host = f"[{box.host}]" if ":" in box.host else box.host
    # A file that is larger than a key ends the program.
    return ["prlimit", f"--fsize={_MAX_BYTES}", "--core=0", "sftp", "-F", "none", "-q", "-b", "-", *words, "--", host]  # fmt: skip


def _sftp(folder: Path, box: UsbBox, place: Path) -> None:
    batch = "".join(f"get {name} {name}\n" for name in ADB_KEYS)
    # What the program says goes into a file, so that the bound of its files bounds it, too.
    said = place / "said"
    try:
        with said.open("wb") as out:
            done = subprocess.run(
                command(folder.absolute(), box),
                input=batch.encode(),
                stdout=out,
                stderr=out,
                cwd=place,
                timeout=TIMEOUT_S,
                check=False,
            )
    except FileNotFoundError as error:
        raise BoxesFailed("sftp is needed: apt-get install openssh-client") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BoxesFailed(f"{box.name} did not answer within {TIMEOUT_S:g} s") from error
    if done.returncode:
        words = " ".join(said.read_text("ascii", "replace").split())[:300]
        raise BoxesFailed(f"{box.name} does not hand out its adb key: {words or done.returncode}")

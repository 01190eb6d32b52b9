"""Copying the files of one post to a phone with few calls: one for each file, and a handful for all of them together."""

from __future__ import annotations

import contextlib
import hashlib
import shlex
from collections.abc import Sequence

from jobs.hub.regular_file import open_regular
from jobs.phone.adb.client import NOT_FOUND
from jobs.phone.adb.push import Pusher
from jobs.phone.errors import CommandFailed, PushFailed
from jobs.phone.protocol import Outgoing

#: What `mv` and a command that follows it may take for each file; `content` starts a virtual machine each time.
PLACE_S = 8.0
#: A file that is dated further ahead was made under a wrong clock.
WRONG_CLOCK_S = 86400
#: A phone that ignores the times that it is given writes them itself; pickers sort by whole seconds.
TOUCH_EVERY_S = 1


class BatchPush:
    """Several files into one folder. They arrive in a hidden folder within it and are moved out once all are whole."""

    def __init__(self, pusher: Pusher, files: Sequence[Outgoing], folder: str) -> None:
        """`files` in the order in which pickers shall think that they were made, the oldest first."""
        self._pusher = pusher
        self._files = files
        self._folder = folder
        self._temp = ""  #: the hidden folder
        self._hashes: dict[str, str] = {}

    def run(self, *, after: str = "", finally_: str = "") -> str:
        """Copy, verify, move into place.

        Args:
            after: a shell command that is run on the phone for each file once it is in its place; its name is in "$f".
            finally_: one that is run once, after that.

        Returns:
            What `after` and `finally_` printed; neither of them can fail.

        Raises:
            PushFailed, PhoneStorageFull, CommandFailed, and what else the link raises.
        """
        with self._pusher.hidden_folder(self._folder) as (self._temp, sweep):
            first = self._prepare(sweep)
            for number, file in enumerate(self._files):
                mtime = first + number
                sent = self._pusher.send_whole(file, f"{self._temp}/{file.name}", mtime=mtime)
                self._hashes[file.name] = sent
            self._verify()
            return self._place(after, finally_)

    def _prepare(self, sweep: str) -> int:
        """Make the hidden folder. When the first file shall have been made, in epoch seconds of the phone.

        That is now, or right after the newest file that is there: a picker must not show that one among ours, though
        the last of many files thereby gets a time some seconds ahead.
        """
        temp, folder = shlex.quote(self._temp), shlex.quote(self._folder)
        script = f'mkdir -p {temp} && date +%s && stat -c %Y {folder}/"$(ls -t {folder} | head -n 1)"'
        printed = self._pusher.sh(f"rm -rf {sweep}; {script}" if sweep else script).split()
        now, newest = (int(word) if word.isdecimal() else 0 for word in (*printed, "", "")[:2])
        now = now or int(self._pusher.now())  # the box's where the phone does not say
        return newest + 1 if now <= newest < now + WRONG_CLOCK_S else now

    def _verify(self) -> None:
        """Raises PushFailed for a file that is not what was accepted."""
        timeout_s = self._pusher.hash_timeout_s(sum(file.size_bytes for file in self._files))
        inside = f"cd {shlex.quote(self._temp)}"
        try:
            output = self._pusher.sh(f'{inside} && sha256sum * && stat -c "%Y %n" *', timeout_s=timeout_s)
        except CommandFailed as error:
            if error.exit_code != NOT_FOUND:
                raise
            # Android 6 and older have no sha256sum.
            output = self._pusher.sh(f'{inside} && md5sum * && stat -c "%Y %n" *', timeout_s=timeout_s)
            self._hashes = {file.name: _md5(file) for file in self._files}
        words: dict[str, list[str]] = {}
        for line in output.splitlines():
            word, _, name = line.strip().partition(" ")
            words.setdefault(name.strip().lstrip("*"), []).append(word)
        for file in self._files:
            if words.get(file.name, [""])[0] != self._hashes[file.name]:
                raise self._differs(file)
        times = [int(w) for file in self._files for w in words[file.name][1:2] if w.isdecimal()]
        if times != sorted(set(times)):
            names = " ".join(shlex.quote(file.name) for file in self._files)
            self._pusher.sh(
                f'{inside} && for f in {names}; do touch "$f"; sleep {TOUCH_EVERY_S}; done',
                timeout_s=10.0 + 2.0 * TOUCH_EVERY_S * len(self._files),
            )

    def _differs(self, file: Outgoing) -> PushFailed:
        """Whether it is short or damaged."""
        there = ""
        with contextlib.suppress(CommandFailed):
            there = self._pusher.sh(f"stat -c %s {shlex.quote(f'{self._temp}/{file.name}')}").strip()
        if there != str(file.size_bytes):
            return PushFailed(f"{there or 'no'} bytes of {file.size_bytes} arrived")
        return PushFailed("the file on the phone differs from the one that was accepted")

    def _place(self, after: str, finally_: str) -> str:
        temp, folder = shlex.quote(self._temp), shlex.quote(self._folder)
        names = " ".join(shlex.quote(file.name) for file in self._files)
        each = f'mv -f {temp}/"$f" {folder}/"$f" || exit 1; {after or ":"}'
        script = f"for f in {names}; do {each}; done; rmdir {temp} && {{ {finally_ or ':'}; true; }}"
        return self._pusher.sh(script, timeout_s=10.0 + PLACE_S * (len(self._files) + 1))


def _md5(file: Outgoing) -> str:
    with open(open_regular(file.local), "rb") as stream:  # noqa: PTH123 - an open descriptor has no path
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()

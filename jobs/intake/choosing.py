"""Chooses files for requests, one request at a time where they take files away from each other."""

from __future__ import annotations

import random
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, nullcontext

from jobs.content.named_files import UNKNOWN_MATERIAL
from jobs.content.script_config import ParsedConfig
from jobs.content.selection import Chosen, Poster, Selection
from jobs.hub.settings import Settings
from jobs.input.fields import Findings
from jobs.input.refusals import Invalid, NotFound, Problem
from jobs.media.probe import MediaProbe
from storage.store import Store

#: How long a request waits for its turn to choose: reading large files takes its time, a share that hangs all of it.
TURN_S = 120.0


class Choosing:
    """Files that one request has chosen stay taken for others until its tasks are stored. Thread-safe."""

    def __init__(self, settings: Settings, store: Store, choice: random.Random) -> None:
        self.choice = choice
        self.probe = MediaProbe(
            settings.media.probe_timeout_s, store.media_facts, max_pixels=settings.media.max_pixels
        )
        self._store = store
        #: Held while files are chosen, so that two requests never take the same one.
        self._turn = threading.Lock()
        #: Of `_in_flight` alone: who gives files back never waits for one that reads a folder.
        self._lock = threading.Lock()
        self.in_flight: set[tuple[str, str]] = set()
        self.reload(settings)

    def reload(self, settings: Settings) -> None:
        """Use these settings from the next request on."""
        self._settings = settings
        self.probe.timeout_s = settings.media.probe_timeout_s
        self.probe.max_pixels = settings.media.max_pixels

    def selection(
        self,
        parsed: ParsedConfig,
        findings: Findings,
        *,
        own: Collection[tuple[str, str]] = (),
        in_flight: Collection[tuple[str, str]] = (),
    ) -> Selection:
        """A selection for one request. `own` holds (root, sha256) of files that count as free because they are its own."""
        return Selection(
            parsed,
            media=self._settings.media,
            store=self._store,
            probe=self.probe,
            choice=self.choice,
            findings=findings,
            hashtags=self._settings.posting.hashtags,
            in_flight=in_flight,
            own=own,
        )

    @contextmanager
    def chosen(
        self,
        parsed: ParsedConfig,
        posters: Sequence[Poster],
        findings: Findings,
        *,
        dry_run: bool = False,
        own: Collection[tuple[str, str]] = (),
    ) -> Iterator[list[Chosen]]:
        """The choices of a request; files that are taken for good stay taken for others while the block runs.

        Raises:
            NotFound: items of the library do not exist; names all of them.
            Invalid: something cannot be posted; names all of it. Or another request does not come to an end.
        """
        # A list names its files: nothing is taken away from anybody, so requests need not wait for each other.
        named = parsed.config.names_files
        with nullcontext() if named else self._in_turn():
            with self._lock:
                in_flight = () if named else self.in_flight.copy()
            selection = self.selection(parsed, findings, own=own, in_flight=in_flight)
            chosen = selection.choose(posters)
            if findings.problems:
                unknown = all(problem.code == UNKNOWN_MATERIAL for problem in findings.problems)
                raise (NotFound if unknown else Invalid)(findings.problems)
            if not dry_run:
                selection.keep_positions()
            mine = {(file.root, file.sha256) for choice in chosen for file in choice.materials if file.root}
            if mine:
                with self._lock:
                    self.in_flight |= mine
        try:
            yield chosen
        finally:
            if mine:
                with self._lock:
                    self.in_flight -= mine

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        if not self._turn.acquire(timeout=TURN_S):
            raise Invalid(
                Problem(
                    "script_config.material_source",
                    f"another request has been choosing files for over {TURN_S:.0f} s: does a folder lie on a share that "
                    "hangs? Files that are named are taken meanwhile",
                    "busy",
                )
            )
        try:
            yield
        finally:
            self._turn.release()

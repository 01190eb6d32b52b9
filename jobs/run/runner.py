"""The runner: does a turn on its phone: post, look for a lost post, read."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager

import msgspec

from jobs.input.refusals import Refused
from jobs.phone.errors import (
    AdbDown,
    LeaseLost,
    PhoneError,
    PhoneNotReady,
    PhoneOffline,
    PhoneUnauthorized,
    StopRequested,
)
from jobs.phone.protocol import Phones, PhoneSession
from jobs.queue.turn import ReadTurn, Turn
from jobs.run.claims import Claims
from jobs.run.endings import Endings
from jobs.run.post_turn import LookTurn, PostTurn
from jobs.task import ending
from jobs.task.attempt import OnHold, Script, ScriptFailed, Verdict
from storage.error_codes import ErrorCode, code_of
from storage.errors import StoreError
from storage.records import Outcome, TaskError

_LOG = logging.getLogger(__name__)

#: How long a phone is left alone that was gone when its session was opened.
DOOR_PAUSE_S = 10.0
#: How long one is left alone that a person must do something about (unlock it, charge it, make room on it), and the
#: longest after doublings: a task waits for it as long as it takes.
NOT_READY_PAUSE_S, NOT_READY_PAUSE_MAX_S = 30.0, 900.0

#: What may be expected to end a turn; anything else is a fault of ours.
_EXPECTED = (ScriptFailed, PhoneError, StopRequested, LeaseLost, StoreError)


class Pause(msgspec.Struct, frozen=True):
    """How long the dispatcher leaves the phone alone after a turn, and why."""

    seconds: float = 0.0
    why: str = ""


class Runner:
    """Does one turn per calling thread."""

    def __init__(
        self,
        phones: Phones,
        scripts: Mapping[str, Script],
        *,
        claims: Claims,
        endings: Endings,
    ) -> None:
        self._phones = phones
        self._scripts = scripts
        self._claims = claims
        self._endings = endings
        self._not_ready: dict[str, float] = {}  #: serial -> its last pause; only its own worker touches it

    def do(self, turn: Turn) -> Pause:
        """Do a turn to its end, a post after its claim; called on a worker thread."""
        try:
            match turn:
                case ReadTurn():
                    return self._read(turn)
                case LookTurn():
                    return self._look(turn)
                case PostTurn():
                    return self._post(turn)
            raise TypeError(f"no such turn: {turn!r}")
        finally:
            turn.close()

    @contextmanager
    def _session(self, turn: Turn) -> Iterator[PhoneSession]:
        turn.check()
        with closing(self._phones.open(turn.serial)) as session:
            turn.attach(session)
            yield session

    def _read(self, turn: ReadTurn) -> Pause:
        turn.begin()
        try:
            with self._session(turn) as session:
                turn.do(session)
        except (*_EXPECTED, Refused) as error:
            turn.end(str(error))
        except Exception as error:  # noqa: BLE001 - the boundary between reads and their workers
            _LOG.error("the phone %s %s: the turn failed", turn.serial, turn.doing, exc_info=error)
            turn.end(f"{type(error).__name__}: {error}")
        else:
            turn.end()
        return Pause()

    def _post(self, turn: PostTurn) -> Pause:
        try:
            turn.check()
            session = self._phones.open(turn.serial)
        except (PhoneOffline, PhoneUnauthorized, AdbDown, PhoneNotReady) as error:
            return self._left_alone(turn, error, DOOR_PAUSE_S)
        except Exception as error:  # noqa: BLE001 - whatever opening raises is this attempt's failure
            self._endings.fail(turn, error)
            return Pause()
        with closing(session):
            return self._run(turn, session)

    def _run(self, turn: PostTurn, session: PhoneSession) -> Pause:
        serial = turn.serial
        try:
            turn.attach(session)
            verdict = self._scripts[turn.task.script_name].run(turn, session)
        except OnHold as error:
            # Its account was disabled or moved while it was prepared.
            turn.note(f"not posted: {error}")
            self._endings.queue_again(turn, str(error))
            return Pause()
        except Exception as error:  # noqa: BLE001 - the boundary between scripts and the truth about them
            if isinstance(error, PhoneNotReady) and not turn.committed:
                # Locked, in a call, hot or full: it stays so until a person has been there.
                pause_s = min(
                    NOT_READY_PAUSE_MAX_S, self._not_ready.get(serial, 0.0) * 2 or NOT_READY_PAUSE_S
                )
                self._not_ready[serial] = pause_s
                return self._left_alone(turn, error, pause_s)
            self._log_surprise(turn, error)
            turn.keep_screen()
            self._endings.fail(turn, error)
            return Pause()
        self._not_ready.pop(serial, None)
        if verdict.outcome is not Outcome.PUBLISHED:
            turn.keep_screen()
        if not turn.committed and verdict.outcome in (Outcome.NONE, Outcome.NOT_PUBLISHED):
            why = verdict.error or TaskError(ErrorCode.INTERNAL, verdict.remark)
            self._endings.fail(
                turn, ScriptFailed(code_of(why.code), why.message, step=why.step, passing=verdict.passing)
            )
            return Pause()
        if not turn.committed:
            # The script never asked for the commit point and yet may have published: no repetition.
            _LOG.error("task %d: a verdict without a commit point", turn.task_id)
        self._endings.verdict(turn, verdict)
        return Pause()

    def _left_alone(self, turn: PostTurn, error: PhoneError, pause_s: float) -> Pause:
        """The phone cannot work on the task that it was claimed for."""
        turn.note(f"the phone could not be opened: {error}")
        self._endings.queue_again(turn, f"waits for its phone: {error}")
        return Pause(pause_s, str(error))

    def _look(self, turn: LookTurn) -> Pause:
        if not self._claims.begin_look(turn):
            return Pause()
        try:
            with self._session(turn) as session:
                turn.note("looking for the post")
                verdict = self._scripts[turn.task.script_name].look_for_post(turn, session)
                if verdict.outcome is not Outcome.PUBLISHED:
                    turn.keep_screen()
        except Exception as error:  # noqa: BLE001 - the boundary between scripts and the truth about them
            cut_off = turn.lost or (isinstance(error, StopRequested) and not turn.stop_reason)
            if cut_off or isinstance(error, PhoneError | LeaseLost):
                # Nothing is known yet; `Recovery` looks again until its bound.
                turn.note(f"could not look: {error}")
                return Pause(DOOR_PAUSE_S, str(error))
            self._log_surprise(turn, error)
            found = ending.trouble(error, turn.failed_step, turn.lease_s)
            why = ending.STOPPED if isinstance(error, StopRequested) else found.error
            verdict = Verdict(Outcome.UNKNOWN, why.message, why)
        self._endings.verdict(turn, verdict)
        return Pause()

    @staticmethod
    def _log_surprise(turn: PostTurn, error: Exception) -> None:
        if not isinstance(error, _EXPECTED):
            _LOG.error("task %d: the script broke", turn.task_id, exc_info=error)

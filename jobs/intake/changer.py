"""Works out what a change of a pending task means for it, with all checks of a create call (R54)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import msgspec

from jobs.content.plan import kind_of
from jobs.content.script_config import PREFIX, ParsedConfig, PostConfig, load_config, wants_sound
from jobs.content.selection import Chosen
from jobs.hub.clock import Clock
from jobs.input.fields import Findings
from jobs.input.refusals import Invalid, NotFound, Problem, Refused
from jobs.intake.change_request import MEDIA_KEYS, NAMED, Change, changed_config, differences, read_change
from jobs.intake.intake import Intake
from jobs.intake.refusing import refuse_repeats, refuse_weight
from jobs.intake.request import SCRIPT, CreateRequest
from jobs.intake.start_time import StartTimeInvalid
from jobs.intake.targets import Target, TargetFinder
from storage.records import Task, Waiting
from storage.store import Store
from storage.tables.posts import post_of

_TEXT_KEYS = frozenset({"captions", "caption_format"})
_SOUND_KEYS = frozenset({"post_way", "add_sound", "sound_name", "custom_sound_keyword", "placement"})


class Edit(msgspec.Struct, frozen=True):
    """What is written about a task, and the sentence that says so."""

    changes: dict[str, Any]  #: new values of fields of `Task`; empty when all is as it was
    changed: list[str]  #: their names for people
    warnings: list[str]


class Changer:
    """Reads changes with the settings, the choice of files and the repeat guard of the door for new tasks."""

    def __init__(self, clock: Clock, store: Store, intake: Intake) -> None:
        self._clock = clock
        self._store = store
        self._intake = intake

    @contextmanager
    def edit(self, task: Task, raw: Any) -> Iterator[Edit]:
        """What a change means for the task as it is. Files and posts stay taken for others while the block runs.

        Raises:
            Refused: as in a create call; names every problem of its kind.
        """
        findings = Findings()
        change = read_change(raw, findings)
        target, refusal = self._target(task, change, findings)
        parsed = changed_config(task.script_config, change.given, target.platform, findings)
        news: dict[str, Any] = self._time(task, change, findings)
        if findings.problems:
            raise Invalid(findings.problems)
        if refusal is not None:
            raise refusal
        refuse_weight(parsed, 1)
        with ExitStack() as until_stored:
            news |= until_stored.enter_context(self._content(task, change, target, parsed, findings))
            news = {name: value for name, value in news.items() if getattr(task, name) != value}
            if news and change.values.get("force"):
                news["forced"] = True
            changed = _names(task, news)
            if news:
                _add_consequences(task, news)
                self._guard(until_stored, task, target, news, findings)
                news["remark"] = f"changed, as asked for: {', '.join(changed)}"
            yield Edit(news, changed, findings.warnings)

    def _target(self, task: Task, change: Change, findings: Findings) -> tuple[Target, Refused | None]:
        """Where the task goes, and why it cannot go where the change wants it."""
        present = Target(task.serial, task.username, task.platform, task.package)
        name = change.values.get("username")
        if name is None:
            return present, None
        request = CreateRequest(
            script_name=SCRIPT,
            script_config=PostConfig(),
            usernames=(name,),
            platform=task.platform,  # type: ignore[arg-type]
        )
        finder = TargetFinder(self._store.accounts.all(), tuple, self._intake.settings.posting, findings)
        targets = finder.find(request)
        for kind, problems in ((NotFound, targets.unknown), (Invalid, targets.refused)):
            if problems:
                return present, kind([Problem("username", p.problem) for p in problems])
        return targets.found[0], None

    def _time(self, task: Task, change: Change, findings: Findings) -> dict[str, Any]:
        text = change.values.get("start_time")
        if text is None:
            return {}
        now = self._clock.now()
        if not text.strip():
            return {"scheduled_at": now, "due_at": now}
        try:
            start = self._intake.start_of(text, now)
        except StartTimeInvalid as error:
            findings.problem("start_time", str(error))
            return {}
        if start.warning:
            findings.warn(f"start_time: {start.warning}")
        return {"scheduled_at": start.at, "due_at": start.at}

    @contextmanager
    def _content(
        self, task: Task, change: Change, target: Target, parsed: ParsedConfig, findings: Findings
    ) -> Iterator[dict[str, Any]]:
        """Config, account, files, caption and sound as they are to be."""
        before = load_config(task.script_config)
        keys = {name.removeprefix(PREFIX) for name in differences(task.script_config, parsed.stored())}
        moved = target != Target(task.serial, task.username, task.platform, task.package)
        anew = bool(keys & MEDIA_KEYS or change.given.keys() & NAMED) or (moved and not before.names_files)
        news: dict[str, Any] = {
            "serial": target.serial,
            "username": target.username,
            "package": target.package,
            "script_config": parsed.stored() if keys else task.script_config,
        }
        with ExitStack() as until_stored:
            if anew:
                own = {(file.root, file.sha256) for file in task.materials if file.root}
                [chosen] = until_stored.enter_context(
                    self._intake.choosing.chosen(parsed, [target], findings, own=own)
                )
                if not chosen.caption_source and not keys & _TEXT_KEYS:
                    chosen = msgspec.structs.replace(chosen, caption=task.caption)
            else:
                chosen = self._texts(task, keys, target, parsed, findings)
            news |= {"materials": chosen.materials, "caption": chosen.caption, "sound": chosen.sound}
            if chosen.materials:
                news["placement"] = kind_of(parsed.config, target.platform, chosen.materials)
            yield news

    def _texts(
        self, task: Task, keys: set[str], target: Target, parsed: ParsedConfig, findings: Findings
    ) -> Chosen:
        """The files as they are, with the caption and the sound that the change says. Raises Invalid."""
        selection = self._intake.choosing.selection(parsed, findings)
        caption, sound = task.caption, task.sound
        if keys & _TEXT_KEYS:
            caption = selection.requested_caption(target)
        if keys & _SOUND_KEYS:
            key = wants_sound(parsed.config, target.platform)
            sound = selection.requested_sound(target) or (sound if key else "")
            if key and not sound:
                findings.problem(PREFIX + key, "is needed")
        if findings.problems:
            raise Invalid(findings.problems)
        return Chosen(task.materials, caption, sound)

    def _guard(
        self, until_stored: ExitStack, task: Task, target: Target, news: Mapping[str, Any], findings: Findings
    ) -> None:
        """Ask what a create call asks, where the post is another than it was. Raises DuplicatePost."""
        if news.keys().isdisjoint(
            {"materials", "username", "serial", "package", "placement", "scheduled_at"}
        ):
            return
        then = msgspec.structs.replace(task, **news)
        repeats = until_stored.enter_context(self._intake.repeats.creating([post_of(then)], [then.forced]))
        refuse_repeats([target], repeats, findings, forced=[then.forced])


def _names(task: Task, news: Mapping[str, Any]) -> list[str]:
    """The names under which callers know what is new."""
    names = {"scheduled_at": "start_time", "due_at": "start_time"}
    told = {names.get(name, name) for name in news} - {"script_config", "placement", "package", "forced"}
    return sorted(told | set(differences(task.script_config, news.get("script_config", task.script_config))))


def _add_consequences(task: Task, news: dict[str, Any]) -> None:
    """What follows from the changes for the rest of the task."""
    if not news.keys().isdisjoint({"serial", "username", "package"}):
        news["account_seen"] = ""
    if not news.keys().isdisjoint({"serial", "username", "package", "materials"}):
        news["confirmed_repeats"] = ()
    if task.held:
        news |= {"held": True, "waiting_for": task.waiting_for, "waiting_detail": task.waiting_detail}
    elif task.waiting_for is Waiting.RETRY_DELAY and "due_at" not in news:
        news |= {"waiting_for": task.waiting_for, "waiting_detail": task.waiting_detail}

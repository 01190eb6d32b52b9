"""Hands the HTTP side what it uses of the daemon's parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from handlers.access.sessions import NAME as SESSIONS
from handlers.access.sessions import Sessions
from handlers.api.objects.hub import Reloaded
from handlers.api.services import Services
from handlers.cli.command_line import adb_key_dir, tokens_are_beside, tokens_path, usb_boxes_dir
from handlers.daemon.parts import Parts
from jobs.accounts.matching import Matcher
from jobs.compat.compat import Compat
from jobs.intake.changer import Changer
from jobs.intake.pending_changes import Planning
from jobs.post.teaching.kept_screens import KeptScreens
from jobs.post.teaching.teaching import Teaching
from jobs.upkeep.backup import Made, Places, back_up
from jobs.upkeep.doctor_all import all_findings
from jobs.upkeep.doctor_findings import Finding
from jobs.upkeep.doctor_phone import Login
from jobs.upkeep.doctor_run import DoctorRun
from jobs.upkeep.needs import Needs


def services_of(
    parts: Parts,
    *,
    draining: Callable[[], bool],
    reload: Callable[[], Reloaded],
    overdue_s: Callable[[], float],
    version: str,
) -> Services:
    """What the handlers get."""
    return Services(
        settings=lambda: parts.settings,
        clock=parts.clock,
        store=parts.store,
        tokens=parts.tokens,
        token_book=parts.token_book,
        sessions=Sessions(parts.store.state_dir / SESSIONS, parts.tokens, parts.clock),
        intake=parts.intake,
        control=parts.control,
        planning=Planning(
            parts.clock,
            parts.store,
            parts.jobs.mover,
            parts.jobs.wake,
            Changer(parts.clock, parts.store, parts.intake),
        ),
        slots=parts.slots,
        rehearsals=parts.rehearsals,
        teaching=Teaching(
            parts.lessons, KeptScreens(parts.rehearsals.reports, parts.evidence, parts.store.tasks.get)
        ),
        compat=Compat(
            parts.store,
            parts.known,
            parts.versions,
            phones=parts.fleet,
            reports=parts.rehearsals.all,
            taught=parts.lessons.on,
        ),
        needs=Needs(
            lambda: parts.settings,
            parts.clock,
            parts.store,
            phones=parts.fleet,
            jobs=parts.jobs,
            planner=parts.planner,
            versions=parts.versions,
            config_notices=parts.config_state.notices,
            token_problem=lambda: parts.tokens.problem,
        ),
        accounts=parts.accounts,
        doctor=DoctorRun(lambda: _findings(parts), parts.clock),
        back_up=lambda target, library: _back_up(parts, target, library=library),
        try_notifications=parts.outbox.try_out,
        library=parts.library,
        phones=parts.fleet,
        jobs=parts.jobs,
        evidence=parts.evidence,
        draining=draining,
        reload=reload,
        config_notices=parts.config_state.notices,
        config_text=parts.config_state.text,
        notifications_waiting=lambda: parts.outbox.waiting,
        overdue_s=overdue_s,
        matcher=Matcher(
            lambda: parts.settings,
            parts.clock,
            phones=parts.fleet,
            jobs=parts.jobs,
            accounts=parts.accounts,
            vocabulary=parts.script.vocabulary,
        ),
        version=version,
    )


def _findings(parts: Parts) -> Iterator[Finding]:
    def tokens() -> int:
        if parts.tokens.problem:
            raise ValueError(parts.tokens.problem)
        return len(parts.tokens)

    def logins() -> list[Login]:
        return [
            Login(one.username, one.platform, one.serial, one.package, one.enabled, one.logged_in)
            for one in parts.store.accounts.all()
        ]

    return all_findings(
        parts.settings,
        parts.clock,
        key_dir=adb_key_dir(parts.config),
        boxes_dir=usb_boxes_dir(parts.config),
        tokens=tokens,
        logins=logins,
    )


def _back_up(parts: Parts, target: Path, *, library: bool) -> Made:
    config = parts.config
    # The keys of other boxes are as `backup` fetched them last: the daemon may not read what fetches them.
    places = Places(
        tokens_path(config), tokens_are_beside(config), adb_key_dir(config), usb_boxes_dir(config)
    )
    return back_up(config, places, target, parts.clock.now(), library=library)

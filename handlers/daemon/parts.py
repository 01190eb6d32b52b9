"""Builds the parts of the daemon, each from those before it."""

from __future__ import annotations

from datetime import tzinfo
from pathlib import Path

from handlers.access.token_book import TokenBook
from handlers.access.tokens import Tokens
from handlers.cli.command_line import tokens_path
from handlers.server.server import check_exposure
from jobs.accounts.accounts import Accounts
from jobs.compat.known import Known
from jobs.compat.new_versions import NewVersions
from jobs.hub import logs
from jobs.hub.clock import Clock
from jobs.hub.config_file import LoadedConfig
from jobs.hub.settings import Settings
from jobs.hub.time_zone import zone
from jobs.intake.intake import Intake
from jobs.library.library import Library
from jobs.media.probe import check_again
from jobs.notify.missing_media import MissingMedia
from jobs.notify.outbox import Outbox
from jobs.notify.watch import Watch
from jobs.phone.inventory.fleet import Fleet
from jobs.phone.inventory.homes import known_homes
from jobs.phone.inventory.identities import known_identities
from jobs.post.rehearsal.rehearsals import Rehearsals
from jobs.post.screens.vocabularies import of_package
from jobs.post.script import PostScript
from jobs.post.teaching.lesson_book import LessonBook
from jobs.post.teaching.taught_files import FOLDER as TAUGHT
from jobs.run.control import Control
from jobs.run.engine import Jobs, slots
from jobs.run.evidence import Evidence
from jobs.slots.planner import Planner
from jobs.slots.slots import Slots
from jobs.upkeep.config_state import ConfigState
from storage.store import Store


class Parts:
    """All parts of the running daemon but its HTTP side."""

    def __init__(self, config: LoadedConfig, clock: Clock) -> None:
        settings = config.settings
        state_dir = Path(settings.storage.state_dir)
        self.config = config
        self.config_state = ConfigState(config)
        self.settings = config.settings  #: those in force now
        self.clock = clock
        self.token_book = TokenBook(lambda: tokens_path(config), state_dir)
        self.tokens = Tokens(self.token_book)
        check_exposure(settings, self.tokens)
        self.store = Store.open(
            state_dir,
            retention_days=settings.storage.retention_days,
            generations=settings.storage.generations,
            min_free_bytes=settings.storage.min_free_bytes,
            monotonic=clock.monotonic,
        )
        self.outbox = Outbox(settings.notify, clock, self.store.meta)
        self.fleet = Fleet(
            settings.adb,
            settings.phones,
            clock,
            further=settings.adb_servers,
            homes=known_homes(self.store.meta),
            identities=known_identities(self.store.meta),
            tidies=True,
        )
        self.evidence = Evidence(state_dir / "evidence", settings.storage.evidence_quota_bytes, clock)
        self.known = Known(self.store, clock)
        self.versions = NewVersions(
            self.store,
            clock,
            self.known,
            enabled=lambda: self.settings.posting.rehearse_new_versions,
            tell=self.outbox.tell,
            zone=self.zone,
        )
        self.script = PostScript(
            settings,
            self.store.meta,
            lambda file: check_again(file, self.settings.media),
            vocabularies=self.config_state.vocabularies,
            admit=self.versions.admit,
        )
        self.watch = Watch(
            clock,
            self.fleet,
            self.store,
            self.outbox.tell,
            min_free_bytes=settings.storage.min_free_bytes,
        )
        self.missing_media = MissingMedia(clock, self.store.tasks, self.outbox.tell)
        self.jobs = Jobs(
            settings,
            clock,
            self.store,
            self.fleet,
            {"post": self.script},
            self.evidence,
            tell=self.watch.heard,
            versions=self.versions,
        )
        self.accounts = Accounts(settings, self.store)
        self.intake = Intake(
            settings,
            clock,
            self.store,
            self.known_serials,
            self.jobs.wake,
            repeats=self.jobs.repeats,
            pace=self.jobs.pace,
            trusted=lambda: self.jobs.trust.steady,
        )
        self.planner = Planner(
            clock,
            self.store,
            self.intake,
            zone=self.zone,
            trusted=lambda: self.jobs.trust.steady,
            tell=self.outbox.tell,
        )
        self.slots = Slots(clock, self.store, self.intake, self.planner, self.zone)
        self.library = Library(settings, self.store, clock, self.intake.probe)
        self.control = Control(settings, clock, self.store, self.jobs)
        self.rehearsals = Rehearsals(
            lambda: self.settings,
            clock,
            phones=self.fleet,
            jobs=self.jobs,
            meta=self.store.meta,
            vocabulary=lambda platform, package: of_package(self.lessons.rehearsing(platform), package),
            folder=state_dir / "rehearsals",
            ended=self.versions.ended,
        )
        self.versions.use(self.rehearsals, self.jobs, self.script)
        self.lessons = LessonBook(
            clock, state_dir / TAUGHT, trusted=self.config_state.trusted, use=self.script.reload
        )

    def zone(self) -> tzinfo:
        """The zone that people's times are in."""
        return zone(self.settings.posting.timezone)

    def known_serials(self) -> set[str]:
        """Serials that a request may name: seen, configured, or bound to an account."""
        seen = {phone.serial for phone in self.fleet.inventory()}
        configured = set(self.config.settings.phones.known)
        return seen | configured | {account.serial for account in self.store.accounts.all() if account.serial}

    def use(self, settings: Settings) -> None:
        """Put these in force. Raises StoreError; they may then be in force in part."""
        self.accounts.reload(settings)  # first: it alone writes, and so it alone can be refused
        self.intake.reload(settings)
        self.library.reload(settings)
        self.outbox.retarget(settings.notify)
        self.jobs.set_limit(slots(settings))
        self.jobs.use(settings.posting)
        logs.set_up(settings.log.level, settings.log.format)
        self.settings = settings

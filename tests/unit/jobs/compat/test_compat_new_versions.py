"""A new version of an app waits for its rehearsal, on one phone first; nothing waits for ever, and people are told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from jobs.compat.compat import Compat
from jobs.compat.known import Known
from jobs.compat.new_versions import NewVersions
from jobs.compat.seen_versions import ASK_AGAIN_S
from jobs.compat.trial import AGAIN_MAX_S, AGAIN_S
from jobs.compat.ways import way_of, wish_of
from jobs.hub.settings import Phones as PhoneSettings
from jobs.hub.settings import Settings
from jobs.input.refusals import Draining, Invalid, Problem
from jobs.pace.hold import clock_time
from jobs.phone.protocol import ShellResult
from jobs.post.apps import APPS
from jobs.post.rehearsal.rehearsals import Wish
from jobs.post.rehearsal.report import Report
from jobs.post.script import PostScript
from jobs.queue.turn import ReadTurn
from jobs.task.attempt import OnHold
from storage.records import MediaFile, Stage, Task, TaskError, Waiting
from storage.store import Store
from storage.tables.app_versions import AppKey
from tests.support.bench import new_task
from tests.support.clock import FakeClock
from tests.support.post_stage import shipped_screens

NEW = AppKey("tiktok", "49.0.2", "en")
BERLIN = ZoneInfo("Europe/Berlin")
PACKAGE = "com.zhiliaoapp.musically"


@dataclass
class Rehearsals:
    """What the gate asks of rehearsals, answered by hand."""

    clock: FakeClock
    asked: list[tuple[str, Wish]] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    refuses: bool = False

    def request(self, serial: str, wish: Wish) -> Report:
        if self.refuses:
            raise Draining(Problem("", "the daemon is about to stop"))
        self.asked.append((serial, wish))
        report = Report(
            id=len(self.reports) + 1, serial=serial, platform=wish.platform, way=wish.way or "share",
            kind=wish.kind, state="running", began_at=self.clock.now(), package=wish.package,
        )  # fmt: skip
        self.reports.append(report)
        return report

    def get(self, number: int) -> Report | None:
        return next((report for report in self.reports if report.id == number), None)

    def all(self, serial: str = "") -> list[Report]:
        return list(reversed(self.reports))


@dataclass
class Engine:
    """Which phones can, and what they are asked."""

    unfit: set[str] = field(default_factory=set)
    turns: list[ReadTurn] = field(default_factory=list)
    looks: int = 0
    leaves: bool = False

    def ask(self, turn: ReadTurn) -> None:
        if self.leaves:
            raise Draining(Problem("", "the daemon is about to stop"))
        self.turns.append(turn)

    def may_rehearse(self, serial: str) -> bool:
        return serial not in self.unfit

    def look_again(self) -> None:
        self.looks += 1


@dataclass
class Phone:
    """Says which version of the app it has."""

    version: str
    tag: str = "en-US"

    def app_version_and(self, package: str, *questions: tuple[str, ...]) -> tuple[str, list[ShellResult]]:
        assert package == PACKAGE
        said = ShellResult(f"Locales for x for user 0 are [{self.tag}]\n", 0)
        return self.version, [said] * len(questions)


class Phones:
    def inventory(self) -> list[Any]:
        return []


class Scene:
    """The gate on a real store."""

    def __init__(self, folder: Path, clock: FakeClock) -> None:
        self.clock = clock
        self.store = Store.open(folder, reserve_bytes=0)
        self.script = PostScript(
            Settings(phones=PhoneSettings(set_app_language="en")),
            self.store.meta,
            vocabularies=shipped_screens(),
        )
        self.enabled = True
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.rehearsals, self.engine = Rehearsals(clock), Engine()
        self.start()

    def start(self) -> None:
        """As after a restart of the daemon."""
        self.known = Known(self.store, self.clock)
        self.versions = NewVersions(
            self.store,
            self.clock,
            self.known,
            enabled=lambda: self.enabled,
            tell=self._tell,
            zone=lambda: BERLIN,
        )
        self.versions.use(self.rehearsals, self.engine, self.script)
        self.compat = Compat(
            self.store,
            self.known,
            self.versions,
            phones=Phones(),
            reports=self.rehearsals.all,  # type: ignore[arg-type]
        )

    def _tell(self, name: str, sentence: str, /, **facts: Any) -> None:
        assert name == "rehearsal"
        self.told.append((sentence, facts))

    def task(self, serial: str = "A", *, images: int = 0, **facts: Any) -> Task:
        kind, name = ("image", "a.jpg") if images else ("video", "a.mp4")
        file = MediaFile(path=f"/m/{name}", name=name, sha256="0" * 64, size_bytes=1, kind=kind)
        stored = self.store.tasks.create([new_task(serial, materials=(file,) * (images or 1), **facts)])[0]
        return self.store.tasks.change(stored.id, stage=Stage.QUEUED)

    def tries(self, task: Task, version: str = NEW.version, language: str = "en") -> str:
        """What an attempt is told before it touches the app; "" where it goes on."""
        try:
            self.versions.admit(task, version, language)
        except OnHold as hold:
            return str(hold)
        return ""

    def ends(self, number: int = 0, *, seen: AppKey | None = NEW, **facts: Any) -> None:
        """The rehearsal ends; the last one by default. `seen`: what its report names."""
        at = (number or len(self.rehearsals.reports)) - 1
        key = {"app_version": seen.version, "language": seen.language} if seen else {}
        report = msgspec.structs.replace(
            self.rehearsals.reports[at], ended_at=self.clock.now(), **key, **facts
        )
        self.rehearsals.reports[at] = report
        self.versions.ended(report)

    def green(self, number: int = 0) -> None:
        self.ends(number, state="ready", sentence="TikTok: video by share: ready")

    def red(self, number: int = 0) -> None:
        self.ends(number, state="failed", sentence="the editor is unknown", error="ui_changed")

    def answers(self, version: str, tag: str) -> None:
        """The phone that is asked which version it has names this one, and this language of the app."""

        turn = self.engine.turns.pop()
        turn.do(Phone(version, tag))  # type: ignore[arg-type]
        turn.end()

    def publishes(self, task: Task, version: str, language: str) -> None:
        self.store.tasks.change(task.id, app_version=version, app_language=language)
        for stage in (Stage.PREPARING, Stage.COMMITTING, Stage.VERIFYING, Stage.PUBLISHED):
            more = {"finished_at": self.clock.now()} if stage is Stage.PUBLISHED else {}
            self.store.tasks.change(task.id, stage=stage, **more)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path, FakeClock())
    yield made
    made.store.close()


def test_the_first_post_of_a_new_version_waits_and_asks_for_the_way_that_it_would_go(scene: Scene) -> None:
    task = scene.task(script_config={"post_way": "addButton"})
    said = scene.tries(task)
    assert said.startswith(
        "TikTok 49.0.2 in English (video by addButton) is new to this hub: it is rehearsed on phone A first"
    )
    assert scene.rehearsals.asked == [
        ("A", Wish(platform="tiktok", way="addButton", kind="video", package=PACKAGE))
    ]
    hold = scene.versions.hold(task)
    assert hold is not None
    assert (hold.reason, hold.sentence) == (Waiting.REHEARSAL, said)


def test_a_green_rehearsal_lets_them_go_on_and_people_hear_of_it(scene: Scene) -> None:
    task = scene.task()
    scene.tries(task)
    scene.green()
    assert scene.versions.hold(task) is None
    assert scene.tries(task) == ""
    ((sentence, facts),) = scene.told
    assert "TikTok 49.0.2 in English works on this hub" in sentence
    assert facts["ready"] is True
    assert scene.engine.looks == 1


def test_a_second_phone_with_the_version_waits_for_the_first_ones_verdict(scene: Scene) -> None:
    one, two = scene.task("A"), scene.task("B")
    scene.tries(one)
    assert "on phone A first" in scene.tries(two)
    assert len(scene.rehearsals.asked) == 1
    scene.green()
    assert scene.versions.hold(two) is None


def test_each_way_waits_for_its_own_rehearsal_and_they_come_one_after_the_other(scene: Scene) -> None:
    video, images = scene.task(), scene.task(images=3)
    scene.tries(video)
    assert "(images by addButton) is new to this hub: it is rehearsed first" in scene.tries(images)
    scene.versions.turn()
    assert [wish.kind for _, wish in scene.rehearsals.asked] == ["video"], "one after the other"
    scene.green()
    assert scene.versions.hold(video) is None
    assert scene.versions.hold(images) is not None, "what was not rehearsed may have changed"
    scene.versions.turn()
    assert scene.rehearsals.asked[1:] == [
        ("A", Wish(platform="tiktok", way="addButton", kind="images", package=PACKAGE))
    ]
    scene.red()
    assert "(images by addButton) is new to this hub and failed its rehearsal 2" in scene.tries(images)
    assert scene.tries(video) == ""
    (line,) = scene.compat.lines()
    assert (line.state, line.sentence) == ("failing", scene.tries(images))


def test_the_ways_of_a_version_are_rehearsed_on_one_phone_where_that_has_them_all(scene: Scene) -> None:
    scene.engine.unfit = {"A", "B"}
    for serial in ("A", "B"):
        scene.tries(scene.task(serial, images=1))
    scene.tries(scene.task("B"))
    scene.engine.unfit = {"A"}
    scene.versions.turn()
    scene.engine.unfit = set()
    while scene.rehearsals.reports[-1].state == "running":
        scene.green()
        scene.versions.turn()
    assert [serial for serial, _ in scene.rehearsals.asked] == ["B", "B"]
    assert scene.versions.trials() == []


def test_a_further_way_of_a_version_is_rehearsed_where_the_last_one_was_though_another_phone_waited_first(
    scene: Scene,
) -> None:
    scene.tries(scene.task("B"))
    for serial in ("A", "B"):
        scene.tries(scene.task(serial, images=1))
    scene.green()
    scene.versions.turn()
    assert [(serial, wish.kind) for serial, wish in scene.rehearsals.asked] == [
        ("B", "video"),
        ("B", "images"),
    ]


def test_a_task_whose_config_cannot_be_read_holds_up_nobody(scene: Scene) -> None:
    scene.tries(scene.task())
    broken = scene.task(script_config={"post_way": "by carrier pigeon"})
    assert scene.versions.hold(broken) is None, "its own attempt says what is wrong"


def test_a_post_makes_its_own_way_known_and_no_other(scene: Scene) -> None:
    scene.publishes(scene.task(), NEW.version, "en")
    assert scene.tries(scene.task("B")) == ""
    assert "(video by addButton)" in scene.tries(scene.task("B", script_config={"post_way": "addButton"}))
    assert "(images by share)" in scene.tries(scene.task("C", images=1))
    assert NEW in scene.known


def test_another_rehearsal_that_runs_on_the_phone_is_not_taken_for_its_own(scene: Scene) -> None:
    task = scene.task()
    other = scene.rehearsals.request("A", Wish(platform="tiktok", way="addButton", package=PACKAGE))
    asked = scene.rehearsals.request
    scene.rehearsals.request = lambda _serial, _wish: other  # type: ignore[method-assign]
    assert "as soon as one of its phones can" in scene.tries(task)
    scene.ends(1, state="ready", sentence="ready")
    assert scene.versions.hold(task) is not None
    scene.rehearsals.request = asked  # type: ignore[method-assign]
    scene.versions.turn()
    assert scene.rehearsals.asked[-1] == (
        "A", Wish(platform="tiktok", way="share", kind="video", package=PACKAGE)
    )  # fmt: skip


def test_a_red_verdict_keeps_them_waiting_until_a_rehearsal_is_green(scene: Scene) -> None:
    task = scene.task()
    scene.tries(task)
    scene.red()
    hold = scene.versions.hold(task)
    assert hold is not None
    assert "failed its rehearsal 1 (the editor is unknown): teach what it did not know" in hold.sentence
    scene.clock.advance(10 * AGAIN_S)
    scene.versions.turn()
    assert len(scene.rehearsals.asked) == 1, "a red verdict is not asked for again by itself"
    scene.rehearsals.request(
        "A", Wish(platform="tiktok", way="share", package=PACKAGE)
    )  # a person does, after teaching
    scene.green()
    assert scene.versions.hold(task) is None


def test_a_red_verdict_stands_after_a_restart_without_another_rehearsal(scene: Scene) -> None:
    task = scene.task()
    scene.tries(task)
    scene.red()
    scene.start()
    assert scene.versions.hold(task) is None, "nothing is stored about the wait"
    assert "failed its rehearsal 1" in scene.tries(task)
    assert len(scene.rehearsals.asked) == 1


def test_what_was_rehearsed_before_a_restart_is_known_after_it(scene: Scene) -> None:
    task = scene.task()
    scene.tries(task)
    scene.green()
    scene.start()
    assert scene.tries(task) == ""


def test_in_a_language_whose_refusals_are_not_understood_a_green_rehearsal_is_not_enough(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    task, dutch = scene.task(), NEW._replace(language="nl")
    scene.tries(task, language="nl")
    scene.ends(seen=dutch, state="ready", sentence="TikTok: video by share: ready")
    hold = scene.versions.hold(task)
    assert hold is not None
    assert "in Dutch was rehearsed and is ready, but words are missing" in hold.sentence
    assert scene.told[-1][0] == hold.sentence
    assert scene.tries(task, language="nl") == hold.sentence
    scene.clock.advance(2 * AGAIN_S)
    scene.versions.turn()
    assert len(scene.rehearsals.asked) == 1, "another rehearsal would say nothing new"
    assert scene.compat.lines()[0].sentence == hold.sentence
    monkeypatch.setattr(scene.script, "covers", lambda *_: True)
    assert scene.versions.hold(task) is None
    assert scene.tries(task, language="nl") == ""


def test_a_published_post_makes_a_version_known(scene: Scene) -> None:
    scene.publishes(scene.task(), "49.0.2", "en")
    assert scene.tries(scene.task("B")) == ""
    assert scene.tries(scene.task("B"), language="nl") != ""
    assert scene.tries(scene.task("B"), version="49.0.3") != ""


def test_a_post_of_an_older_daemon_counts_for_english(scene: Scene) -> None:
    scene.publishes(scene.task(), "49.0.2", "")
    assert scene.tries(scene.task()) == ""
    assert scene.tries(scene.task(), language="nl") != ""


def test_a_person_may_let_posts_go_on_and_that_outlives_a_restart(scene: Scene) -> None:
    task = scene.task()
    scene.tries(task)
    scene.red()
    looks = scene.engine.looks
    scene.compat.allow(NEW)
    assert scene.versions.hold(task) is None
    assert scene.engine.looks == looks + 1, "what waited for it is looked at now"
    scene.start()
    assert scene.tries(task) == ""


def test_a_persons_word_for_one_version_lets_no_other_go_on(scene: Scene) -> None:
    one, other = scene.task(), scene.task("B")
    scene.tries(one)
    scene.tries(other, version="50.0.0")
    scene.compat.allow(NEW)
    assert scene.versions.hold(one) is None
    hold = scene.versions.hold(other)
    assert hold is not None
    assert "TikTok 50.0.0" in hold.sentence


def test_only_a_version_that_was_met_can_be_allowed(scene: Scene) -> None:
    scene.tries(scene.task())
    for wrong, named in (
        (NEW._replace(version="1.0"), "app_version"),
        (NEW._replace(language="nl"), "language"),
    ):
        with pytest.raises(Invalid) as refused:
            scene.compat.allow(wrong)
        assert refused.value.problems[0].field == named
    assert scene.known.allowed == {}


@pytest.mark.parametrize(
    "error",
    [
        "device_offline",
        "not_logged_in",
        "device_not_ready",
        "app_crashed",
        "app_missing",
        "command_failed",
        "input_forbidden",
        "",
    ],
)
def test_a_rehearsal_that_could_not_be_done_is_tried_again_later_and_told_once(
    scene: Scene, error: str
) -> None:
    task = scene.task()
    scene.tries(task)
    scene.ends(
        seen=None if error in {"", "device_offline"} else NEW, state="failed", sentence="no luck", error=error
    )
    hold = scene.versions.hold(task)
    assert hold is not None
    assert "could not be rehearsed yet (no luck); it is tried again by itself at" in hold.sentence
    assert clock_time(scene.clock.now() + AGAIN_S, BERLIN) in hold.sentence
    scene.versions.turn()
    assert len(scene.rehearsals.asked) == 1
    scene.clock.advance(AGAIN_S + 1)
    scene.versions.turn()
    assert len(scene.rehearsals.asked) == 2
    scene.ends(state="failed", sentence="no luck", error=error)
    assert len(scene.told) == 1
    scene.clock.advance(2 * AGAIN_S + 1)
    scene.versions.turn()
    scene.green()
    assert scene.versions.hold(task) is None


def test_another_phone_rehearses_when_the_first_one_is_gone(scene: Scene) -> None:
    scene.tries(scene.task("A"))
    scene.tries(scene.task("B"))
    scene.engine.unfit.add("A")
    scene.versions.turn()
    assert [serial for serial, _ in scene.rehearsals.asked] == ["A", "B"]
    scene.green(2)
    assert scene.versions.trials() == []


def test_with_no_phone_at_hand_it_begins_when_one_is_back(scene: Scene) -> None:
    scene.engine.unfit.add("A")
    task = scene.task("A")
    assert "as soon as one of its phones can" in scene.tries(task)
    scene.versions.turn()
    assert scene.rehearsals.asked == []
    scene.engine.unfit.clear()
    scene.versions.turn()
    assert len(scene.rehearsals.asked) == 1


def test_a_refused_request_is_made_again(scene: Scene) -> None:
    scene.rehearsals.refuses = True
    assert "could not be rehearsed yet (the daemon is about to stop)" in scene.tries(scene.task())
    scene.rehearsals.refuses = False
    scene.clock.advance(AGAIN_S + 1)
    scene.versions.turn()
    assert len(scene.rehearsals.asked) == 1


def test_where_one_phone_is_refused_the_next_one_that_waits_is_asked(scene: Scene) -> None:
    scene.engine.unfit = {"A", "B"}
    for serial in ("A", "B"):
        scene.tries(scene.task(serial))
    scene.engine.unfit = set()
    request = scene.rehearsals.request

    def refuses_a(serial: str, wish: Wish) -> Report:
        scene.rehearsals.refuses = serial == "A"
        return request(serial, wish)

    scene.rehearsals.request = refuses_a  # type: ignore[method-assign]
    scene.versions.turn()
    assert [serial for serial, _ in scene.rehearsals.asked] == ["B"]


def test_an_app_updated_during_its_rehearsal_says_nothing_of_the_version_that_waited(scene: Scene) -> None:
    one, two = scene.task("A"), scene.task("B")
    scene.tries(one)
    scene.tries(two)
    scene.ends(seen=NEW._replace(version="49.1.0"), state="ready", sentence="ready")
    assert scene.versions.hold(one) is None, "phone A has the version that was rehearsed"
    assert scene.versions.hold(two) is not None
    scene.versions.turn()
    assert [serial for serial, _ in scene.rehearsals.asked] == ["A", "B"]


def test_a_phone_whose_tasks_wait_is_asked_again_which_version_it_has(scene: Scene) -> None:
    task = scene.task()
    scene.tries(task)
    scene.red()
    scene.clock.advance(ASK_AGAIN_S + 1)
    scene.versions.turn()
    scene.versions.turn()
    scene.answers("47.0.3", "en-US")
    assert scene.versions.hold(task) is None, "its app was set back"


def test_a_phone_whose_app_is_set_to_another_language_is_asked_for_the_language_to_be(scene: Scene) -> None:
    """The app speaks Dutch and would be driven in English: what waits for English waits on, and nothing begins anew."""
    task = scene.task()
    scene.tries(task)
    scene.red()
    for _ in range(2):
        scene.clock.advance(ASK_AGAIN_S + 1)
        scene.versions.turn()
        scene.answers(NEW.version, "nl-NL")
        hold = scene.versions.hold(task)
        assert hold is not None
        assert "in English is new to this hub and failed its rehearsal 1" in hold.sentence
    assert [trial.way.key for trial in scene.versions.trials()] == [NEW]


def test_what_nothing_waits_for_any_more_is_forgotten(scene: Scene) -> None:
    task = scene.task()
    scene.tries(task)
    scene.red()
    scene.versions.turn()
    assert len(scene.versions.trials()) == 1
    scene.store.tasks.change(task.id, stage=Stage.FAILED, finished_at=scene.clock.now())
    scene.versions.turn()
    assert scene.versions.trials() == []


def test_an_app_that_speaks_a_language_that_is_not_known_is_a_verdict_on_it(scene: Scene) -> None:
    task = scene.task()
    scene.tries(task)
    scene.ends(state="failed", sentence="it speaks Dutch", error="app_language")
    hold = scene.versions.hold(task)
    assert hold is not None
    assert "failed its rehearsal 1" in hold.sentence


def test_a_failure_before_the_version_was_read_is_no_verdict_on_it(scene: Scene) -> None:
    task = scene.task()
    scene.tries(task)
    scene.ends(seen=None, state="failed", sentence="the screen is unknown", error="ui_changed")
    hold = scene.versions.hold(task)
    assert hold is not None
    assert "tried again by itself" in hold.sentence


def test_for_a_post_from_a_sounds_page_the_apps_first_way_is_rehearsed(scene: Scene) -> None:
    """Its own way cannot be rehearsed: asked for, it would be refused again and again."""
    scene.tries(scene.task(script_config={"post_way": "useSound"}, sound="Some song"))
    assert scene.rehearsals.asked == [
        ("A", Wish(platform="tiktok", way="share", kind="video", package=PACKAGE))
    ]


def test_several_versions_are_known_side_by_side(scene: Scene) -> None:
    other = NEW._replace(version="49.1.0")
    for key in (NEW, other):
        scene.tries(scene.task(), version=key.version)
        scene.ends(seen=key, state="ready", sentence="ready")
    assert NEW in scene.known
    assert other in scene.known
    later = [NEW._replace(version=version) for version in ("50.0", "50.1")]
    for key in later:
        scene.tries(scene.task(), version=key.version)
        scene.known.allow(key)
    scene.start()
    assert all(key in scene.known for key in (NEW, other, *later))


def test_while_tasks_wait_on_several_phones_one_of_them_rehearses(scene: Scene) -> None:
    scene.engine.unfit = {"A", "B"}
    scene.tries(scene.task("A"))
    scene.tries(scene.task("B"))
    scene.engine.unfit.clear()
    scene.versions.turn()
    assert [serial for serial, _ in scene.rehearsals.asked] == ["A"]


@pytest.mark.parametrize(
    "gone", [True, False], ids=["no report is left", "its report says that it has ended"]
)
def test_a_rehearsal_whose_end_was_never_told_is_asked_for_again(scene: Scene, gone: bool) -> None:
    scene.tries(scene.task())
    (report,) = scene.rehearsals.reports
    scene.rehearsals.reports[:] = [] if gone else [msgspec.structs.replace(report, state="failed", error="")]
    scene.versions.turn()
    assert len(scene.rehearsals.asked) == 2


def test_a_pause_after_a_rehearsal_that_could_not_be_done_holds_for_every_phone_and_has_a_longest(
    scene: Scene,
) -> None:
    scene.tries(scene.task("A"))
    scene.ends(state="failed", sentence="no luck", error="app_crashed")
    assert "tried again by itself" in scene.tries(scene.task("B"))
    assert len(scene.rehearsals.asked) == 1
    for tried in range(2, 9):
        scene.clock.advance(AGAIN_MAX_S)
        scene.versions.turn()
        assert len(scene.rehearsals.asked) == tried
        scene.ends(state="failed", sentence="no luck", error="app_crashed")


@pytest.mark.parametrize(
    ("error", "seen", "again"),
    [
        ("app_crashed", NEW, True),
        ("ui_changed", NEW._replace(version="48.0.0"), True),
        ("ui_changed", NEW, False),
    ],
)
def test_after_a_restart_the_last_verdict_on_this_very_version_alone_keeps_tasks_back(
    scene: Scene, error: str, seen: AppKey, again: bool
) -> None:
    scene.rehearsals.request("A", Wish(platform="tiktok", way="share", package=PACKAGE))
    scene.ends(seen=seen, state="failed", sentence="no luck", error=error)
    scene.start()
    said = scene.tries(scene.task())
    assert ("it is rehearsed on phone A first" in said) is again
    assert len(scene.rehearsals.asked) == (2 if again else 1)


def test_a_phone_that_did_not_say_which_version_it_has_is_asked_once_more(scene: Scene) -> None:
    task = scene.task()
    scene.tries(task)
    scene.red()
    scene.engine.leaves = True
    scene.clock.advance(ASK_AGAIN_S + 1)
    scene.versions.turn()
    scene.engine.leaves = False
    scene.engine.unfit = {"A"}
    scene.versions.turn()
    assert scene.engine.turns == [], "nobody is asked at a phone that is away"
    scene.engine.unfit.clear()
    scene.versions.turn()
    (turn,) = scene.engine.turns
    turn.do(Phone(""))  # type: ignore[arg-type]
    turn.end()
    assert scene.versions.hold(task) is not None
    scene.clock.advance(ASK_AGAIN_S + 1)
    scene.versions.turn()
    assert len(scene.engine.turns) == 2


def test_of_several_tasks_that_wait_on_a_phone_the_others_go_on_waiting_when_one_is_gone(
    scene: Scene,
) -> None:
    first, second = scene.task(), scene.task()
    scene.tries(first)
    scene.red()
    assert scene.versions.hold(second) is not None
    scene.store.tasks.change(first.id, stage=Stage.FAILED, finished_at=scene.clock.now())
    scene.versions.turn()
    assert scene.versions.hold(second) is not None


def test_nothing_is_rehearsed_on_a_phone_whose_task_was_moved_to_another(scene: Scene) -> None:
    task = scene.task("A")
    scene.tries(task)
    scene.red()
    scene.store.tasks.change(task.id, serial="B")
    scene.versions.turn()
    assert scene.versions.trials() == []


def test_people_hear_of_a_rehearsal_that_ends_after_the_last_task_that_waited_for_it(scene: Scene) -> None:
    task = scene.task()
    scene.tries(task)
    scene.store.tasks.change(task.id, stage=Stage.FAILED, finished_at=scene.clock.now())
    scene.versions.turn()
    scene.green()
    assert len(scene.told) == 1


def test_a_post_that_was_made_while_it_was_switched_off_ends_the_wait(scene: Scene) -> None:
    task = scene.task()
    scene.tries(task)
    scene.red()
    scene.enabled = False
    scene.publishes(scene.task("B"), NEW.version, "en")
    scene.enabled = True
    assert scene.versions.hold(task) is None


def test_nothing_waits_while_it_is_switched_off(scene: Scene) -> None:
    scene.enabled = False
    task = scene.task()
    assert scene.tries(task) == ""
    scene.enabled = True
    scene.tries(task)
    scene.red()
    scene.enabled = False
    assert scene.versions.hold(task) is None
    assert scene.versions.trials() == [], "no person is asked to let posts go on that go on"
    scene.clock.advance(ASK_AGAIN_S + 1)
    scene.versions.turn()
    assert scene.engine.turns == []


def test_a_version_that_cannot_be_read_keeps_nothing_back(scene: Scene) -> None:
    assert scene.tries(scene.task(), version="") == ""


def test_an_app_that_cannot_be_rehearsed_keeps_nothing_back(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(APPS, "tiktok", replace(APPS["tiktok"], way_back=None))
    assert scene.tries(scene.task()) == ""


def test_the_table_says_what_is_known_of_each_version(scene: Scene) -> None:
    old = scene.task("B")
    scene.publishes(old, "47.0.3", "en")
    bad = scene.task("B")
    scene.store.tasks.change(bad.id, app_version="47.0.3", app_language="en", stage=Stage.PREPARING)
    scene.store.tasks.change(
        bad.id, stage=Stage.FAILED, finished_at=scene.clock.now(), remark="no", error=TaskError("ui_changed", "no")
    )  # fmt: skip
    scene.tries(scene.task("A"))
    lines = {line.key.version: line for line in scene.compat.lines()}
    assert lines["49.0.2"].state == "rehearsing"
    assert (lines["47.0.3"].state, lines["47.0.3"].failures) == ("ready", 1)
    assert lines["47.0.3"].phones == ("B",)
    assert lines["47.0.3"].last_failure is not None
    scene.red()
    (line, _) = scene.compat.lines()
    assert (line.key, line.state) == (NEW, "failing")
    assert line.last_rehearsal is not None


def test_people_are_told_which_rehearsal_of_which_version_on_which_phone(scene: Scene) -> None:
    scene.tries(scene.task())
    scene.red()
    facts = {
        "platform": "tiktok",
        "app_version": "49.0.2",
        "language": "en",
        "rehearsal_id": 1,
        "serial": "A",
    }
    assert [told for _, told in scene.told] == [facts | {"ready": False}]


def test_a_phone_is_asked_for_a_minute_once_it_is_free_within_ten(scene: Scene) -> None:
    scene.tries(scene.task())
    scene.red()
    scene.clock.advance(ASK_AGAIN_S + 1)
    scene.versions.turn()
    (turn,) = scene.engine.turns
    assert (turn.serial, turn.doing, turn.lease_s, turn._wait_s) == (
        "A",
        "is asked for the version of an app",
        60.0,
        600.0,
    )


def test_a_story_is_rehearsed_as_one(scene: Scene) -> None:
    task = scene.task(platform="instagram", script_config={"placement": "story", "post_way": "addButton"})
    assert wish_of(task).kind == "story"


def test_what_could_not_be_rehearsed_is_told_once(scene: Scene) -> None:
    scene.tries(scene.task())
    for number in (1, 2):
        scene.ends(number, seen=None, state="failed", sentence="the phone went away", error="device_offline")
        assert ["the phone went away" in sentence for sentence, _ in scene.told] == [True]
        scene.clock.advance(AGAIN_MAX_S)
        scene.versions.turn()


def test_tasks_that_differ_in_placement_or_in_how_many_images_they_have_go_different_ways(
    scene: Scene,
) -> None:
    def goes(**facts: Any) -> tuple[str, str]:
        way = way_of(scene.task(**facts), NEW)
        return way.way, way.kind

    reel = {"platform": "instagram", "script_config": {"post_way": "addButton", "placement": "reel"}}
    story = {"platform": "instagram", "script_config": {"post_way": "addButton", "placement": "story"}}
    assert [goes(**reel), goes(**story), goes(**reel)] == [
        ("addButton", "video"), ("addButton", "story"), ("addButton", "video"),
    ]  # fmt: skip
    one = {"script_config": {"post_way": "share", "content_type": 1}}
    assert [goes(images=1, **one), goes(images=2, **one)] == [("share", "images"), ("addButton", "images")]

"""From a request to a report: one rehearsal at a time on a phone, by the driver that publishes nothing, told as it was."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from jobs.hub.settings import Settings
from jobs.input.refusals import Invalid
from jobs.phone.errors import PhoneOffline
from jobs.phone.protocol import PhoneInfo, Phones, PhoneSession, PhoneState
from jobs.post.apps import APPS
from jobs.post.rehearsal.driver import RehearsalDriver
from jobs.post.rehearsal.rehearsals import Rehearsals, Wish
from jobs.post.rehearsal.report import Report
from jobs.queue.turn import ReadTurn
from tests.support.app_phone import AppPhone
from tests.support.post_stage import Memory, shipped_screens


@dataclass
class Bench:
    """Rehearsals of one simulated phone, whose turns come when the test says so."""

    folder: Path
    phone: AppPhone
    turns: list[ReadTurn] = field(default_factory=list)
    told: list[Report] = field(default_factory=list)

    def __post_init__(self) -> None:
        info = PhoneInfo(serial=self.phone.serial, state=PhoneState.DEVICE, since=0.0)
        jobs: Any = SimpleNamespace(ask=self.turns.append, why_waiting=lambda _: "")
        self.rehearsals = Rehearsals(
            Settings,
            self.phone.time,  # type: ignore[arg-type]
            phones=cast(
                "Phones", SimpleNamespace(info=lambda serial: info if serial == info.serial else None)
            ),
            jobs=jobs,
            meta=Memory(),  # type: ignore[arg-type]
            vocabulary=lambda platform, _: shipped_screens()[platform],
            folder=self.folder,
            ended=self.told.append,
        )

    def asks(self, **wish: Any) -> Report:
        return self.rehearsals.request(
            self.phone.serial, Wish(**({"platform": "tiktok", "way": "share"} | wish))
        )

    def done(self) -> Report:
        """The turn comes, and the rehearsal ends; its report."""
        turn = self.turns.pop()
        turn.begun = True
        turn.do(cast("PhoneSession", self.phone))
        turn.end()
        return self.told[-1]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path, AppPhone("tiktok"))


def test_a_rehearsal_is_made_by_the_driver_that_publishes_nothing_and_for_no_task(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []
    app = APPS["tiktok"]

    def flow(*args: Any, **more: Any) -> Any:
        made.append(app.flow(*args, **more))
        return made[-1]

    monkeypatch.setitem(APPS, "tiktok", replace(app, flow=flow))  # type: ignore[arg-type]
    bench.asks()
    report = bench.done()
    assert (report.state, report.nothing_published, report.left) == ("ready", True, True)
    assert report.app_version == bench.phone.app.version
    assert isinstance(made[0].driver, RehearsalDriver)
    assert made[0].attempt.task.id == 0, "no stored task has it"
    assert bench.phone.posts == []


def test_a_rehearsal_that_does_not_reach_the_form_is_not_ready_and_says_why(bench: Bench) -> None:
    bench.phone.faults.arm("login")
    bench.asks()
    report = bench.done()
    assert (report.state, report.error, report.step) == ("failed", "not_logged_in", "login")
    assert report.sentence == "TikTok: video by share: TikTok asks to log in"
    assert bench.rehearsals.get(report.id) == report


def test_a_phone_that_is_lost_on_the_way_makes_no_rehearsal_ready(bench: Bench) -> None:
    bench.phone.lost["observe"] = PhoneOffline("the phone was lost", serial=bench.phone.serial)
    bench.asks()
    report = bench.done()
    assert (report.state, report.error, report.nothing_published) == ("failed", "device_offline", False)


def test_what_the_app_may_bring_up_again_is_said_when_it_could_not_be_thrown_away(bench: Bench) -> None:
    bench.phone.lost["press"] = PhoneOffline("the phone was lost", serial=bench.phone.serial)
    bench.asks(way="addButton")
    report = bench.done()
    assert report.caption_read
    assert report.sentence.endswith(
        "the phone was lost. What it typed may stand in the next form of TikTok; the next post or rehearsal throws it away"
    )


def test_a_phone_has_one_rehearsal_at_a_time_and_is_free_for_the_next_when_it_ends(bench: Bench) -> None:
    first = bench.asks()
    assert bench.asks(way="addButton").id == first.id
    assert [path.name for path in bench.folder.iterdir()] == [str(first.id)]
    assert len(bench.turns) == 1
    bench.phone.faults.arm("login")
    bench.done()
    assert bench.asks().id != first.id


def test_what_cannot_be_rehearsed_is_refused_with_its_field(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Invalid) as refused:
        bench.asks(way="useSound")
    assert refused.value.problems[0].field == "way"
    with pytest.raises(Invalid) as refused:
        bench.asks(way="useSound", package="no package")
    assert [problem.field for problem in refused.value.problems] == ["way", "package"]
    monkeypatch.setitem(APPS, "tiktok", replace(APPS["tiktok"], way_back=None))
    with pytest.raises(Invalid) as refused:
        bench.asks()
    assert refused.value.problems[0].field == "platform"
    assert bench.turns == []

"""What is known to work, what a failed rehearsal says of an app, and how far a trial is, each asked by itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from jobs.compat.known import Allowed, Known, is_verdict
from jobs.compat.trial import AGAIN_MAX_S, AGAIN_S, Trial
from jobs.compat.ways import Way
from jobs.post.rehearsal.report import Report
from storage.error_codes import ErrorCode
from storage.records import MediaFile, Stage
from storage.store import Store
from storage.tables.app_versions import AppKey
from tests.support.bench import new_task
from tests.support.clock import FakeClock

NEW = AppKey("tiktok", "49.0.2", "en")
SHARE, BUTTON = Way(NEW, "share", "video"), Way(NEW, "addButton", "video")
CLIP = MediaFile(path="/m/a.mp4", name="a.mp4", sha256="0" * 64, size_bytes=1, kind="video")
UTC = ZoneInfo("UTC")


def report(way: Way = SHARE, state: str = "ready", **facts: Any) -> Report:
    """A rehearsal that went this way."""
    given = {
        "id": 1, "serial": "A", "platform": way.key.platform, "way": way.way, "kind": way.kind, "state": state,
        "began_at": 1.0, "app_version": way.key.version, "language": way.key.language, **facts,
    }  # fmt: skip
    return Report(**given)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store.open(tmp_path, reserve_bytes=0)
    yield made
    made.close()


def publish(store: Store, language: str = "en", **facts: Any) -> None:
    given: dict[str, Any] = {"materials": (CLIP,), "script_config": {"post_way": "share"}, **facts}
    task = store.tasks.create([new_task("A", **given)])[0]
    store.tasks.change(task.id, app_version=NEW.version, app_language=language, stage=Stage.QUEUED)
    for stage in (Stage.PREPARING, Stage.COMMITTING, Stage.VERIFYING):
        store.tasks.change(task.id, stage=stage)
    store.tasks.change(task.id, stage=Stage.PUBLISHED, finished_at=5.0)


# --- what is known


def test_nothing_is_known_at_first(store: Store) -> None:
    known = Known(store, FakeClock())
    assert NEW not in known
    assert not known.knows(SHARE)
    assert known.allowed == {}


def test_a_green_rehearsal_makes_its_way_known_and_keeps_the_others_that_are(store: Store) -> None:
    known = Known(store, FakeClock())
    known.rehearsed(report(SHARE))
    assert (known.knows(SHARE), known.knows(BUTTON), NEW in known) == (True, False, True)
    known.rehearsed(report(BUTTON))
    assert (known.knows(SHARE), known.knows(BUTTON)) == (True, True)
    assert not known.knows(SHARE._replace(key=NEW._replace(version="49.0.3")))
    assert NEW._replace(version="49.0.3") not in known


@pytest.mark.parametrize("facts", [{"state": "failed"}, {"state": "running"}, {"app_version": ""}])
def test_a_rehearsal_that_is_not_ready_or_names_no_version_makes_nothing_known(
    store: Store, facts: dict[str, Any]
) -> None:
    known = Known(store, FakeClock())
    known.rehearsed(report(**facts))
    for version in (NEW.version, ""):
        key = NEW._replace(version=version)
        assert key not in known
        assert not known.knows(SHARE._replace(key=key))


def test_a_post_makes_its_way_known_and_one_whose_files_or_config_are_not_known_makes_none(
    store: Store,
) -> None:
    known = Known(store, FakeClock())
    publish(store, materials=())
    publish(store, script_config={"post_way": "by carrier pigeon"})
    assert NEW in known, "something was published with it"
    assert not known.knows(SHARE)
    publish(store)
    assert (known.knows(SHARE), known.knows(BUTTON)) == (True, False)


@pytest.mark.parametrize("how", ["rehearsed", "allowed", "published"])
@pytest.mark.parametrize(
    ("known_in", "asked_in", "counts"),
    [
        ("en", "", True),
        ("", "en", True),
        ("en", "en", True),
        ("", "", True),
        ("en", "de", False),
        ("de", "", False),
        ("", "de", False),
        ("de", "de", True),
    ],
)
def test_no_language_and_english_mean_the_same_and_no_other_does(
    store: Store, how: str, known_in: str, asked_in: str, counts: bool
) -> None:
    known, key = Known(store, FakeClock()), NEW._replace(language=known_in)
    if how == "rehearsed":
        known.rehearsed(report(SHARE._replace(key=key)))
    elif how == "allowed":
        known.allow(key)
    else:
        publish(store, known_in)
    asked = NEW._replace(language=asked_in)
    assert ((asked in known), known.knows(SHARE._replace(key=asked))) == (counts, counts)


def test_a_persons_word_stands_for_all_ways_is_kept_with_its_time_and_beside_the_words_before(
    store: Store,
) -> None:
    clock = FakeClock(now=100.0)
    known, other = Known(store, clock), NEW._replace(version="50.0.0")
    known.allow(NEW)
    clock.advance(5.0)
    known.allow(other)
    for now in (known, Known(store, clock)):
        assert list(now.allowed.values()) == [Allowed(*NEW, at=100.0), Allowed(*other, at=105.0)]
        assert now.knows(SHARE)
        assert now.knows(Way(other, "addButton", "story"))


# --- what a failure says


@pytest.mark.parametrize(
    ("error", "version", "says"),
    [
        (ErrorCode.UI_CHANGED, "49", True),
        (ErrorCode.APP_LANGUAGE, "49", True),
        (ErrorCode.OPTION_NOT_SET, "49", True),
        (ErrorCode.UI_CHANGED, "", False),
        ("", "49", False),
        (ErrorCode.DEVICE_OFFLINE, "49", False),
        (ErrorCode.NOT_LOGGED_IN, "49", False),
        (ErrorCode.PERSON_NEEDED, "49", False),
        (ErrorCode.APP_CRASHED, "49", False),
        (ErrorCode.APP_MISSING, "49", False),
        (ErrorCode.WRONG_ACCOUNT, "49", False),
    ],
)
def test_a_failure_speaks_of_the_app_or_of_its_phone_its_account_or_a_moment(
    error: str, version: str, says: bool
) -> None:
    assert is_verdict(report(state="failed", error=str(error), app_version=version)) is says


# --- how a way is told


@pytest.mark.parametrize(
    ("way", "told"),
    [
        (SHARE, "TikTok 49.0.2 in English"),
        (SHARE._replace(key=NEW._replace(language="")), "TikTok 49.0.2"),
        (BUTTON, "TikTok 49.0.2 in English (video by addButton)"),
        (SHARE._replace(kind="images"), "TikTok 49.0.2 in English (images by share)"),
    ],
)
def test_a_way_is_told_by_its_app_version_and_language_and_by_what_is_not_usual(way: Way, told: str) -> None:
    assert str(way) == told


# --- how far a trial is


def test_the_pause_after_what_could_not_be_done_doubles_up_to_the_longest() -> None:
    trial, pauses = Trial(SHARE), []
    for _ in range(6):
        trial.put_off("the phone went away", 1000.0)
        pauses.append(trial.again_at - 1000.0)
    assert pauses == [AGAIN_S, 2 * AGAIN_S, 4 * AGAIN_S, 8 * AGAIN_S, AGAIN_MAX_S, AGAIN_MAX_S]
    assert (trial.tries, trial.why) == (6, "the phone went away")


def test_people_are_told_how_far_a_trial_is() -> None:
    clock = FakeClock(now=1_800_000_000.0)
    trial = Trial(SHARE)

    def said(*, lacks_words: bool = False) -> str:
        return trial.sentence(clock, UTC, lacks_words=lacks_words)

    new = "TikTok 49.0.2 in English is new to this hub"
    assert said() == f"{new}: it is rehearsed first, as soon as one of its phones can"
    trial.put_off("the phone went away", clock.monotonic())
    wait = f"{new} and could not be rehearsed yet (the phone went away); it is tried again by itself at "
    assert said() == f"{wait}2027-01-15 08:02"
    clock.advance(10 * AGAIN_S)
    assert said() == f"{wait}2027-01-15 08:20", "never at a time that is past"
    trial.running, trial.serial = 7, "A"
    assert said() == f"{new}: it is rehearsed on phone A first (rehearsal 7)"
    trial.red = report(state="failed", id=6, sentence="the editor is unknown")
    assert said() == (
        f"{new} and failed its rehearsal 6 (the editor is unknown): "
        "teach what it did not know and rehearse it again, or let posts go on without one"
    )
    assert said(lacks_words=True) == (
        "TikTok 49.0.2 in English was rehearsed and is ready, but words are missing by which its refusals are "
        "understood: give them under Teach, and the posts go on"
    )

"""The posting loop against a scripted phone: nothing is tapped on the unknown, nothing is published unless it was read back."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jobs.content.script_config import PostConfig
from jobs.hub.clock import Deadline
from jobs.hub.settings import Posting, Settings
from jobs.phone.errors import LeaseLost, PhoneOffline, StopRequested, TapUncertain
from jobs.phone.protocol import Grants, ShellResult
from jobs.phone.screen.tree import UiTree, parse_xml
from jobs.post.flow.draft_memory import DraftMemory
from jobs.post.screens.readback import difference, same_text
from jobs.post.script import PostScript
from jobs.task.attempt import ScriptFailed
from storage import records
from storage.records import Account, MediaFile, Outcome, Task
from tests.support.clock import WaitingClock
from tests.support.post_stage import Memory
from tests.support.vocabularies import shipped_screens

TIKTOK = "com.zhiliaoapp.musically"
EDIT = "android.widget.EditText"
BUTTON = "android.widget.Button"


class FakeAttempt:
    """An attempt that remembers what it was told."""

    def __init__(self, task: Task, account: Account | None = None) -> None:
        self.task = task
        self.account = account
        self.clock = WaitingClock()
        self.deadline = Deadline(self.clock, 1200)
        self.log: list[str] = []
        self.stop_at_commit: Exception | None = None
        self.kept: list[str] = []
        self.seen: list[str] = []  #: what the app showed as its account
        self.errors: list[str] = []  #: of steps that an exception left
        self.then_wait_s = 0.0  #: what the commit point was told about the wait after proof

    def check(self) -> None:
        pass

    def wait(self, seconds: float) -> None:
        self.clock.at += seconds

    @contextlib.contextmanager
    def step(self, name: str, **facts: Any) -> Iterator[None]:
        self.log.append(f"step {name}")
        try:
            yield
        except BaseException as error:
            self.errors.append(f"{name}: {type(error).__name__}")
            raise

    def note(self, sentence: str, **facts: Any) -> None:
        self.log.append(sentence)

    def enter_committing(self, *, then_wait_s: float = 0.0) -> None:
        if self.stop_at_commit:
            raise self.stop_at_commit
        self.then_wait_s = then_wait_s
        self.log.append("COMMITTING")

    def enter_verifying(self) -> None:
        self.log.append("VERIFYING")

    def enter_published(self, remark: str) -> None:
        self.log.append("PUBLISHED")

    def see_account(self, name: str) -> None:
        self.seen.append(name)

    def set_app_version(self, version: str, language: str = "") -> None:
        self.log.append(f"version {version}")

    def keep_evidence(self, name: str, data: bytes) -> None:
        self.kept.append(name)


def node(
    text: str = "",
    desc: str = "",
    bounds: str = "[0,0][10,10]",
    cls: str = "android.widget.TextView",
    **more: str,
) -> str:
    attributes = {
        "text": text,
        "content-desc": desc,
        "bounds": bounds,
        "class": cls,
        "resource-id": "",
        "package": TIKTOK,
    }
    attributes |= {"clickable": "true", "enabled": "true"} | {k.replace("_", "-"): v for k, v in more.items()}
    shown = (f'{k}="{v}"' for k, v in attributes.items())
    return "<node " + " ".join(shown) + "/>"


def page(*nodes: str) -> str:
    whole = node(bounds="[0,0][1080,2400]", cls="android.widget.FrameLayout", clickable="false")
    return "<hierarchy>" + whole + "".join(nodes) + "</hierarchy>"


TABS = (
    node(desc="Home", bounds="[0,2208][216,2337]"),
    node(desc="Create", bounds="[432,2208][648,2337]"),
    node(desc="Profile", bounds="[864,2208][1080,2337]"),
)
HOME = page(*TABS, node("For You", bounds="[773,136][933,288]"))
EDITOR = page(node("Your Story", bounds="[238,2154][430,2207]"), node("Next", bounds="[753,2154][840,2207]"))
BADGE = page(*TABS, node("66%", bounds="[56,344][127,383]"))
DENY = page(
    node("To connect with people you know on TikTok, allow access to your contacts in your device settings.", bounds="[225,1062][843,1294]"),
    node("Open settings", bounds="[540,1348][907,1473]"),
    node("Don’t allow", bounds="[172,1348][539,1473]"),  # noqa: RUF001
)  # fmt: skip
LOGIN = page(node("Log in to TikTok", bounds="[100,400][900,500]"))
ODD = page(
    node("Season of lights", bounds="[60,1200][1020,1280]"), node("Spin", bounds="[60,2100][1020,2200]")
)


def profile(handle: str) -> str:
    return page(
        *TABS, node(handle, bounds="[400,500][700,560]"), node("Edit profile", bounds="[300,700][780,800]")
    )


def form(text: str = "") -> str:
    shown = text or "Add description…"
    return page(
        node(shown, bounds="[42,270][673,677]", cls=EDIT, hint="Add description…"),
        node("Drafts", bounds="[32,2179][529,2305]", cls=BUTTON),
        node("Post", bounds="[550,2179][1048,2305]", cls=BUTTON),
    )


class FakePhone:
    """A phone whose screens are a graph: where a tap on a screen leads is said by the test."""

    serial = "FAKE"

    def __init__(self, clock: WaitingClock, screens: dict[str, str], start: str) -> None:
        self.clock = clock
        self.screens = screens
        self.at = start
        self.taps: list[tuple[str, int, int]] = []
        self.shells: list[tuple[str, ...]] = []
        self.published = 0
        self.on_tap: Callable[[str, int, int], str | None] = lambda *_: None
        self.on_intent: Callable[[tuple[str, ...]], str | None] = lambda *_: None
        self.on_text: Callable[[str], str] = lambda text: text
        self.later: dict[str, str] = {}  #: screen -> what it turns into while it is watched
        self.commit_error: Exception | None = None
        self.front = TIKTOK

    def shell_all(self, *commands: tuple[str, ...]) -> list[ShellResult]:
        return [self.shell(*words) for words in commands]

    def shell(self, *argv: str, timeout_s: float = 10.0) -> ShellResult:
        self.shells.append(argv)
        if argv[:2] == ("content", "call"):
            return ShellResult("Result: Bundle[{uri=content://media/external/video/media/57}]", 0)
        if argv[:2] == ("content", "query"):
            name = argv[-1].split("'")[1]
            return ShellResult(f"Row: 0 _id=57, _display_name={name}, duration=5000\n", 0)
        return ShellResult("", 0)

    def push_all(self, files: Any, folder: str, *, after: str = "", finally_: str = "") -> str:
        self.shells += [("push", f"{folder}/{file.name}") for file in files]
        return "Result: Bundle[{uri=content://media/external/video/media/57}]\n" * len(files)

    def free_bytes(self, remote_dir: str = "/sdcard") -> int:
        return 10**11

    def observe(self, *, timeout_s: float = 10.0) -> UiTree:
        return parse_xml(self.screens[self.at])

    def observe_change(self, last: UiTree, *, timeout_s: float) -> UiTree:
        tree = self.observe()
        if tree.same_as(last):
            if self.at in self.later:
                self.clock.at += 1.0
                self.at = self.later[self.at]
            else:
                self.clock.at += timeout_s
            tree = self.observe()
        return tree

    def _go(self, x: int, y: int) -> None:
        self.taps.append((self.at, x, y))
        self.at = self.on_tap(self.at, x, y) or self.at

    def tap(self, x: int, y: int) -> None:
        self._go(x, y)

    def tap_once(self, x: int, y: int) -> None:
        self.published += 1
        self._go(x, y)
        if self.commit_error:
            raise self.commit_error

    def swipe(self, x1: int, y1: int, x2: int, y2: int, *, duration_ms: int = 300) -> None:
        self.taps.append(("swipe", x1, y1))

    def enter_text(self, x: int, y: int, text: str, *, timeout_s: float = 20.0) -> None:
        self.screens[self.at] = form(self.on_text(text))

    def press(self, key: str) -> None:
        self.taps.append((f"key {key}", 0, 0))

    def clear_way(self) -> None:
        return None

    def grant_media(self, package: str, *, camera: bool = False) -> Grants:
        return Grants([], [])

    def remarks(self) -> list[str]:
        return []

    def hide_keyboard(self) -> bool:
        return False

    def screenshot(self, *, timeout_s: float = 10.0) -> bytes | None:
        return b"png"

    def app_version_and(self, package: str, *questions: tuple[str, ...]) -> tuple[str, list[ShellResult]]:
        return "43.1.4", self.shell_all(*questions)

    def app_start(self, package: str) -> None:
        pass

    def app_stop(self, package: str) -> None:
        self.taps.append(("app stop", 0, 0))

    def start_intent(self, *am_words: str) -> ShellResult:
        self.at = self.on_intent(am_words) or self.at
        return ShellResult("", 0)

    def foreground_package(self) -> str:
        return self.front

    def wake(self) -> None:
        pass

    def close(self) -> None:
        pass


@pytest.fixture
def video(tmp_path: Path) -> MediaFile:
    file = tmp_path / "clip.mp4"
    file.write_bytes(b"video")
    digest = hashlib.sha256(b"video").hexdigest()
    return MediaFile(
        path=str(file), name="clip.mp4", sha256=digest, size_bytes=5, kind="video", duration_s=5.0
    )


def task_of(
    video: MediaFile, *, caption: str = "Hello #world", username: str = "me_01", **config: Any
) -> Task:
    config.setdefault("upload_wait_time", 0)
    return Task(
        id=7, serial="FAKE", platform="tiktok", package=TIKTOK, script_config=msgspec.to_builtins(PostConfig(**config)),
        scheduled_at=0, created_at=0, due_at=0, caption=caption, username=username, materials=(video,), attempt=1,
    )  # fmt: skip


class Stage:
    """A TikTok that posts a shared video; tests bend it."""

    def __init__(self, video: MediaFile, **task: Any) -> None:
        self.attempt = FakeAttempt(task_of(video, **task))
        self.phone = FakePhone(
            self.attempt.clock,
            {"home": HOME, "profile": profile("@me_01"), "editor": EDITOR, "form": form(), "badge": BADGE, "deny": DENY,
             "login": LOGIN, "odd": ODD, "feed": HOME.replace("For You", "For you")},
            "home",
        )  # fmt: skip
        self.phone.on_intent = lambda *_: "editor"
        self.phone.on_tap = self.tapped
        self.phone.later = {"badge": "feed"}

    def tapped(self, screen: str, x: int, y: int) -> str | None:
        if screen == "home" and x > 864 and y > 2200:
            return "profile"
        if screen == "editor" and x > 545:
            return "form"
        if screen == "form" and x > 550 and y > 2179:
            return "badge"
        return None

    def run(self, **posting: Any) -> Any:
        settings = Settings(posting=Posting(**({"proof_timeout_s": 30.0} | posting)))
        return PostScript(settings, vocabularies=shipped_screens()).run(self.attempt, self.phone)

    def fails(self, **posting: Any) -> ScriptFailed:
        with pytest.raises(ScriptFailed) as failed:
            self.run(**posting)
        assert self.phone.published == 0
        assert "COMMITTING" not in self.attempt.log
        return failed.value


def test_a_shared_video_is_published_with_one_tap_after_the_commit_point_was_written(
    video: MediaFile,
) -> None:
    stage = Stage(video)
    verdict = stage.run()
    assert verdict.outcome is Outcome.PUBLISHED
    assert stage.phone.published == 1
    log = stage.attempt.log
    assert log.index("COMMITTING") < log.index("VERIFYING")
    assert stage.phone.taps[-1][0] == "form"


def test_R49_a_task_that_names_no_account_reads_which_one_it_is_before_it_posts(video: MediaFile) -> None:
    stage = Stage(video, username="")
    assert stage.run().outcome is Outcome.PUBLISHED
    assert stage.attempt.seen == ["me_01"]
    assert stage.phone.taps[0] == ("home", 972, 2272), "the profile tab"


def test_R49_a_profile_that_does_not_say_whose_it_is_leaves_the_reason_in_the_log(video: MediaFile) -> None:
    stage = Stage(video, username="")
    stage.phone.screens["profile"] = profile("Somebody")

    def stop(package: str) -> None:
        stage.phone.at = "home"

    stage.phone.app_stop = stop  # type: ignore[method-assign]
    assert stage.run().outcome is Outcome.PUBLISHED
    assert stage.attempt.seen == [""]
    assert any(
        line.startswith("the account cannot be read, so its name is not known: ")
        for line in stage.attempt.log
    )


def test_R49_a_screen_that_comes_in_between_keeps_no_account_from_being_read(video: MediaFile) -> None:
    stage = Stage(video, username="")
    inner, presses = stage.tapped, [1, 2]

    def tapped(screen: str, x: int, y: int) -> str | None:
        if screen == "home" and x > 864 and y > 2200 and presses.pop(0) == 1:
            return "odd"
        return inner(screen, x, y)

    def stop(package: str) -> None:
        stage.phone.at = "home"

    stage.phone.on_tap = tapped
    stage.phone.app_stop = stop  # type: ignore[method-assign]
    assert stage.run().outcome is Outcome.PUBLISHED
    assert stage.attempt.seen == ["me_01"]


def test_your_story_is_never_touched(video: MediaFile) -> None:
    stage = Stage(video)
    stage.run()
    assert not [t for t in stage.phone.taps if t[0] == "editor" and t[1] < 545]


def test_only_own_files_are_removed_after_the_post(video: MediaFile) -> None:
    stage = Stage(video)
    stage.run()
    (removal,) = [words[-1] for words in stage.phone.shells if words[0] == "sh" and "rm -f" in words[-1]]
    (pushed,) = [words[-1] for words in stage.phone.shells if words[0] == "push"]
    assert removal.startswith(f"cd /sdcard/DCIM/Camera && rm -f {pushed.rpartition('/')[2]};")


def test_JOB_13_another_account_on_the_screen_means_no_tap_on_post(video: MediaFile) -> None:
    stage = Stage(video)
    stage.phone.screens["profile"] = profile("@somebody")
    assert stage.fails().code in ("ui_changed", "wrong_account")


def test_the_account_is_compared_without_at_sign_and_case(video: MediaFile) -> None:
    stage = Stage(video, username="@ME_01")
    assert stage.run().outcome is Outcome.PUBLISHED


def test_JOB_14_a_caption_that_reads_differently_is_not_posted(video: MediaFile) -> None:
    stage = Stage(video)
    stage.phone.on_text = lambda text: text.replace("#", "")
    failed = stage.fails()
    assert failed.code == "caption_altered"
    assert not failed.passing


def test_R63_hashtags_that_the_app_swallows_are_accepted_only_where_configured(video: MediaFile) -> None:
    def stage(swallow: Callable[[str], str]) -> Stage:
        made = Stage(video, caption="a #b #c #d")
        made.phone.on_text = swallow
        return made

    def last_hash(text: str) -> str:
        return text.replace("#d", "d")

    assert stage(last_hash).fails().code == "caption_limit"
    assert stage(last_hash).run(hashtags="warn").outcome is Outcome.PUBLISHED
    assert stage(lambda text: text[:-1]).fails(hashtags="warn").code == "caption_altered"


def test_text_that_somebody_left_in_the_form_is_not_posted(video: MediaFile) -> None:
    stage = Stage(video)
    stage.phone.screens["form"] = form("an old idea")
    assert stage.fails().code == "leftover_draft"


def test_a_screen_that_needs_a_person_ends_the_attempt_at_once(video: MediaFile) -> None:
    stage = Stage(video)
    stage.phone.at = "login"
    started = stage.attempt.clock.at
    assert stage.fails().code == "not_logged_in"
    assert stage.attempt.clock.at - started < 1


def test_an_unknown_screen_gets_its_patience_one_fresh_start_and_no_tap(video: MediaFile) -> None:
    stage = Stage(video)
    stage.phone.at = "odd"
    started = stage.attempt.clock.at
    failed = stage.fails(unknown_screen_patience_s=5.0)
    assert failed.code == "ui_changed"
    assert 10 <= stage.attempt.clock.at - started < 14
    assert stage.phone.taps == [("app stop", 0, 0)]


def test_an_interruption_is_dismissed_on_any_screen(video: MediaFile) -> None:
    stage = Stage(video)
    inner, shown = stage.tapped, []

    def tapped(screen: str, x: int, y: int) -> str | None:
        if screen == "deny":
            return shown.pop()
        after = inner(screen, x, y)
        if after in ("profile", "form"):
            shown.append(after)
            return "deny"
        return after

    stage.phone.on_tap = tapped
    assert stage.run().outcome is Outcome.PUBLISHED
    denied = [t for t in stage.phone.taps if t[0] == "deny"]
    assert denied == [("deny", 355, 1410)] * 2


def test_another_app_in_front_is_a_crash_that_may_be_tried_again(video: MediaFile) -> None:
    stage = Stage(video)
    stage.phone.screens["launcher"] = page(node("TikTok", bounds="[0,1320][270,1560]")).replace(
        TIKTOK, "com.launcher"
    )
    stage.phone.front = "com.launcher"
    inner = stage.tapped
    stage.phone.on_tap = lambda s, x, y: "launcher" if s == "editor" else inner(s, x, y)
    failed = stage.fails()
    assert (failed.code, failed.passing) == ("app_crashed", True)


@pytest.mark.parametrize("error", [StopRequested(), LeaseLost("late")])
def test_a_stop_at_the_commit_point_means_no_tap(video: MediaFile, error: Exception) -> None:
    stage = Stage(video)
    stage.attempt.stop_at_commit = error
    with pytest.raises(type(error)):
        stage.run()
    assert stage.phone.published == 0


def test_JOB_4_a_lost_answer_to_the_tap_is_looked_into_and_never_tapped_again(video: MediaFile) -> None:
    stage = Stage(video)
    stage.phone.commit_error = TapUncertain("gone")
    assert stage.run().outcome is Outcome.PUBLISHED
    assert stage.phone.published == 1


def test_a_phone_that_is_lost_after_the_tap_leaves_the_outcome_unknown(video: MediaFile) -> None:
    stage = Stage(video)

    def lost(last: UiTree, *, timeout_s: float) -> UiTree:
        if stage.phone.published:
            raise PhoneOffline("cable")
        return FakePhone.observe_change(stage.phone, last, timeout_s=timeout_s)

    stage.phone.observe_change = lost  # type: ignore[method-assign]
    verdict = stage.run()
    assert (verdict.outcome, verdict.error.code) == (Outcome.UNKNOWN, "device_offline")


def test_JOB_5_an_upload_that_stands_still_is_unknown_not_published(video: MediaFile) -> None:
    stage = Stage(video)
    stage.phone.later = {}
    verdict = stage.run()
    assert (verdict.outcome, verdict.error.code) == (Outcome.UNKNOWN, "upload_timeout")
    assert not [words for words in stage.phone.shells if words[0] == "rm"]


def test_a_form_that_stays_after_the_tap_is_not_published_and_not_tapped_again(video: MediaFile) -> None:
    stage = Stage(video)
    inner = stage.tapped
    stage.phone.on_tap = lambda s, x, y: None if s == "form" else inner(s, x, y)
    verdict = stage.run()
    assert (verdict.outcome, verdict.error.code) == (Outcome.NOT_PUBLISHED, "publish_refused")
    assert not verdict.passing
    assert stage.phone.published == 1


def test_a_notice_of_a_failed_upload_is_a_refusal(video: MediaFile) -> None:
    stage = Stage(video)
    notice = node("Couldn’t upload video", bounds="[64,330][640,410]")  # noqa: RUF001
    stage.phone.screens["failed"] = page(*TABS, notice, node("Retry", bounds="[700,330][860,410]"))
    stage.phone.later = {"badge": "failed"}
    verdict = stage.run()
    assert (verdict.outcome, verdict.error.code) == (Outcome.NOT_PUBLISHED, "upload_failed")


def test_words_of_a_failure_that_stand_alone_are_neither_refusal_nor_proof(video: MediaFile) -> None:
    stage = Stage(video)
    notice = node("Couldn’t upload video", bounds="[64,330][640,410]")  # noqa: RUF001
    stage.phone.screens["failed"] = page(*TABS, notice)
    stage.phone.later = {"badge": "failed"}
    assert stage.run().outcome is Outcome.UNKNOWN


def test_a_notice_that_stood_there_before_says_nothing_about_our_upload(video: MediaFile) -> None:
    stage = Stage(video)
    notice = node("Couldn’t upload video", bounds="[64,330][640,410]")  # noqa: RUF001
    for name in ("home", "badge", "feed"):
        stage.phone.screens[name] = stage.phone.screens[name].replace("</hierarchy>", notice + "</hierarchy>")
    verdict = stage.run()
    assert verdict.outcome is Outcome.UNKNOWN


def test_an_option_that_cannot_be_set_means_not_posted(video: MediaFile) -> None:
    assert Stage(video, ai_label=True).fails().code == "option_not_set"


def test_the_wait_after_the_upload_is_kept(video: MediaFile) -> None:
    stage = Stage(video, upload_wait_time=45)
    started = stage.attempt.clock.at
    assert stage.run().outcome is Outcome.PUBLISHED
    assert stage.attempt.clock.at - started >= 45
    assert stage.attempt.then_wait_s == 45


def test_no_step_of_a_successful_post_ends_in_an_error(video: MediaFile) -> None:
    stage = Stage(video)
    assert stage.run().outcome is Outcome.PUBLISHED
    assert stage.attempt.errors == []


def test_proof_is_kept_before_anything_is_cleaned_up(video: MediaFile) -> None:
    stage = Stage(video)
    stage.run()
    assert stage.attempt.kept == ["tree.xml", "screenshot.png"]
    assert stage.attempt.log.index("step evidence") < stage.attempt.log.index("step clean up")


# -- after a crash ----------------------------------------------------------------------------------------------


def look_for_post(stage: Stage) -> Any:
    memory: Any = Memory()
    DraftMemory(memory, stage.phone.serial, stage.attempt.task.package).note_before(
        stage.attempt.task.id, {}, at=stage.attempt.clock.now()
    )
    return PostScript(
        Settings(posting=Posting(proof_timeout_s=60.0)), memory, vocabularies=shipped_screens()
    ).look_for_post(stage.attempt, stage.phone)


def test_a_form_that_still_stands_after_a_crash_was_never_sent(video: MediaFile) -> None:
    stage = Stage(video)
    stage.phone.screens["form"] = form("Hello #world")
    stage.phone.at = "form"
    verdict = look_for_post(stage)
    assert verdict.outcome is Outcome.NOT_PUBLISHED
    assert stage.phone.taps == []


def test_somebody_elses_form_after_a_crash_is_no_proof(video: MediaFile) -> None:
    stage = Stage(video)
    stage.phone.screens["form"] = form("something else")
    stage.phone.at = "form"
    assert look_for_post(stage).outcome is Outcome.UNKNOWN


def test_an_upload_that_ends_while_looking_is_proof(video: MediaFile) -> None:
    stage = Stage(video)
    stage.phone.at = "badge"
    assert look_for_post(stage).outcome is Outcome.PUBLISHED
    assert stage.phone.taps == []


def test_a_quiet_feed_of_an_app_that_we_had_to_start_is_unknown(video: MediaFile) -> None:
    stage = Stage(video)
    stage.phone.front = "com.launcher"
    assert look_for_post(stage).outcome is Outcome.UNKNOWN


def test_an_app_that_left_the_form_for_its_tabs_has_taken_the_post(video: MediaFile) -> None:
    stage = Stage(video)
    stage.attempt.task = msgspec.structs.replace(stage.attempt.task, stage=records.Stage.VERIFYING)
    assert look_for_post(stage).outcome is Outcome.PUBLISHED
    assert stage.phone.taps == []


# -- texts ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "seen", "same"),
    [
        ("a\nb", "a\nb", True),
        ("a\nb", "a b", True),
        ("a\r\nb", "a\nb", True),
        ("a #tag ", "a #tag", True),
        ("a  b", "a b", False),
        ("#one #two", "#one two", False),
        ("Ünï 😀 \"x\" 'y' &<>", "Ünï 😀 \"x\" 'y' &<>", True),
        ("a", "A", False),
    ],
)
def test_a_text_read_back_is_compared_to_the_letter(wanted: str, seen: str, same: bool) -> None:
    assert same_text(wanted, seen) is same


def test_people_are_told_where_two_texts_part() -> None:
    assert difference("hello #world", "hello world") == 'after 6 characters "#world" became "world"'

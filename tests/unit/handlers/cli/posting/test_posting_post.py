"""`tikmatrixd post` and `log -f` against the real HTTP server: what is sent, what is said, and how they end."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from handlers.cli.asking import TOKEN_VARIABLE
from handlers.cli.command_line import EX
from handlers.cli.hub_options import URL_VARIABLE
from jobs.hub.clock import utc
from jobs.hub.settings import AccountEntry
from jobs.task.attempt import Attempt, ScriptFailed, Verdict
from storage.error_codes import ErrorCode
from storage.records import Outcome
from tests.support.fake_phones import FakeScript, publish
from tests.support.http_side import MEDIA, HttpSide, WireClient
from tests.support.lossy_proxy import LossyProxy
from tikmatrixd import cli

ACCOUNTS = (
    AccountEntry(username="anna", platform="tiktok", serial="PHONE1"),
    AccountEntry(username="bert", platform="instagram", serial="PHONE2"),
)
Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (TOKEN_VARIABLE, URL_VARIABLE, "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def side(tmp_path: Path) -> Iterator[HttpSide]:
    with HttpSide(tmp_path, accounts=ACCOUNTS) as side:
        yield side


@pytest.fixture
def wire(side: HttpSide) -> WireClient:
    return side.serve()


@pytest.fixture
def run(wire: WireClient) -> Run:
    url = f"http://127.0.0.1:{wire.port}"
    return lambda *words, **more: CliRunner().invoke(cli, [*map(str, words), "--url", url], **more)


CLIP, PHOTO, PNG = MEDIA / "clip.mp4", MEDIA / "photo.jpg", MEDIA / "photo.png"


def config_of(side: HttpSide, task_id: int) -> dict[str, Any]:
    return dict(side.store.tasks.get(task_id).script_config)


def test_a_video_is_uploaded_and_planned_for_each_account(side: HttpSide, run: Run) -> None:
    day = utc(side.clock.now() + 86400).astimezone(side.zone())
    done = run(
        "post",
        CLIP,
        "--account",
        "@anna",
        "--account",
        "bert",
        "--caption",
        "Hello",
        "--at",
        f"{day:%Y-%m-%d} 18:00",
    )
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines() == [
        f"task 1: @anna on PHONE1, {day:%Y-%m-%d} 18:00, clip.mp4",
        f"task 2: @bert on PHONE2, {day:%Y-%m-%d} 18:00, clip.mp4",
    ]
    assert side.library.get(1).material.name == "clip.mp4"
    assert config_of(side, 1)["material_ids"] == [1]
    assert side.store.tasks.get(2).caption == "Hello"


def test_several_images_are_one_post_in_their_order(side: HttpSide, run: Run) -> None:
    done = run("post", PHOTO, PNG, "--serial", "PHONE3", "--caption", "Two", "--json")
    assert done.exit_code == 0, done.output
    (task,) = json.loads(done.stdout)["tasks"]
    assert task["materials"] == ["photo.jpg", "photo.png"]
    assert (config_of(side, 1)["content_type"], config_of(side, 1)["image_count"]) == (1, 2)


def test_a_caption_comes_from_a_file_or_standard_input_as_it_stands(
    side: HttpSide, run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "caption.txt"
    file.write_bytes("\ufeffGrüße 🪵\nzweite Zeile\n".encode())
    assert run("post", CLIP, "--account", "anna", "--caption-file", file).exit_code == 0
    assert (
        run("post", PHOTO, "--account", "anna", "--caption-file", "-", input="from a pipe\n").exit_code == 0
    )
    assert [side.store.tasks.get(n).caption for n in (1, 2)] == ["Grüße 🪵\nzweite Zeile", "from a pipe"]


def test_keys_of_script_config_can_be_set(side: HttpSide, run: Run) -> None:
    assert run("post", CLIP, "--account", "bert", "--set", "placement=story").exit_code == 0
    assert config_of(side, 1)["placement"] == "story"
    refused = run("post", PHOTO, "--account", "bert", "--set", "placment=story")
    assert refused.exit_code == EX.DATAERR
    assert 'did you mean "placement"' in refused.stderr


def test_a_dry_run_says_what_would_be_and_creates_nothing(side: HttpSide, run: Run) -> None:
    done = run("post", CLIP, "--account", "anna", "--dry-run")
    assert done.stdout.startswith("would be a task: @anna on PHONE1, ")
    assert len(side.store.tasks) == 0
    assert side.library.page()[1] == 0


def test_what_was_uploaded_for_a_post_that_is_refused_is_not_left_for_a_slot_to_post(
    side: HttpSide, run: Run
) -> None:
    assert run("post", CLIP, "--account", "nobody").exit_code == EX.NOINPUT
    assert side.library.page()[1] == 0
    assert run("post", CLIP, "--account", "anna").exit_code == 0
    # What was there before stays, and so does what a task needs.
    assert run("post", CLIP, "--account", "nobody").exit_code == EX.NOINPUT
    assert run("post", CLIP, "--account", "bert", "--dry-run").exit_code == 0
    assert side.library.page()[1] == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((CLIP,), "name who posts"),
        ((CLIP, "--account", "a", "--serial", "b"), "name who posts"),
        ((CLIP, PHOTO, "--account", "anna"), "one video, or one or more images"),
        ((MEDIA / "README.md", "--account", "anna"), "must end in one of .mp4, .mov"),
        ((CLIP, "--account", "anna", "--caption", "x", "--caption-file", "y"), "given twice"),
        ((CLIP, "--account", "anna", "--set", "ai_label"), "KEY=VALUE"),
        ((CLIP, "--account", "anna", "--dry-run", "--wait"), "--dry-run creates nothing"),
        ((CLIP, "--account", "anna", "--at", ""), "is empty; give it a value, or leave it out"),
        ((CLIP, "--account", "anna", "--at", " "), "is empty; give it a value, or leave it out"),
        ((CLIP, "--account", "anna", "--key", ""), "is empty; give it a value, or leave it out"),
        ((CLIP, "--account", "anna", "--set", "captions=Hi"), "the caption is said by --caption"),
        ((PHOTO, "--account", "anna", "--set", "image_count=2"), "the files of the command say it"),
        ((CLIP, "--account", "anna", "--set", "ai_label=true", "--set", "ai_label=false"), "given twice"),
    ],
)
def test_a_line_that_cannot_be_meant_is_refused_before_anything_is_sent(
    side: HttpSide, run: Run, words: tuple[object, ...], said: str
) -> None:
    done = run("post", *words)
    assert (done.exit_code, said in done.stderr) == (EX.USAGE, True), done.stderr
    assert side.library.page()[1] == 0


def test_files_that_are_not_there_or_no_media_are_named(side: HttpSide, run: Run, tmp_path: Path) -> None:
    missing = run("post", tmp_path / "none.mp4", "--account", "anna")
    assert (missing.exit_code, "none.mp4 cannot be read" in missing.stderr) == (EX.NOINPUT, True)
    (tmp_path / "empty.mp4").touch()
    assert run("post", tmp_path / "empty.mp4", "--account", "anna").exit_code == EX.DATAERR
    (tmp_path / "text.mp4").write_text("no video")
    broken = run("post", tmp_path / "text.mp4", "--account", "anna")
    assert (broken.exit_code, "holds text" in broken.stderr) == (EX.DATAERR, True), broken.stderr
    unknown = run("post", CLIP, "--account", "nobody_here")
    assert (unknown.exit_code, "nobody_here" in unknown.stderr) == (EX.NOINPUT, True)
    assert len(side.store.tasks) == 0


def test_a_large_file_goes_in_pieces_and_goes_on_where_it_broke_off(
    side: HttpSide, wire: WireClient, tmp_path: Path
) -> None:
    large = tmp_path / "large.jpg"
    large.write_bytes(PHOTO.read_bytes() + b"\0" * (20 * 1024**2))
    with LossyProxy(wire.port) as proxy:
        proxy.lose("PUT /api/v1/materials/uploads/", 2)
        proxy.lose("POST /api/v1/materials/uploads ")
        url = f"http://127.0.0.1:{proxy.port}"
        done = CliRunner().invoke(cli, ["post", str(large), "--account", "bert", "--url", url])
        assert proxy.lost == 3
    assert done.exit_code == 0, done.output
    assert side.library.get(1).material.size_bytes == large.stat().st_size


def test_a_lost_answer_makes_one_post(side: HttpSide, wire: WireClient) -> None:
    with LossyProxy(wire.port) as proxy:
        proxy.lose("POST /api/v1/task ")
        url = f"http://127.0.0.1:{proxy.port}"
        done = CliRunner().invoke(cli, ["post", str(CLIP), "--account", "anna", "--url", url])
        assert proxy.lost == 1
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("task 1: ")
    assert len(side.store.tasks) == 1


def test_who_never_gets_an_answer_is_given_the_key_that_makes_a_repeat_safe(
    side: HttpSide, wire: WireClient, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handlers.cli.hub_options.PAUSES_S", (0.0, 0.0, 0.0))
    with LossyProxy(wire.port) as proxy:
        proxy.lose("POST /api/v1/task ", 4)
        url = f"http://127.0.0.1:{proxy.port}"
        lost = CliRunner().invoke(cli, ["post", str(CLIP), "--account", "anna", "--url", url])
    assert (lost.exit_code, lost.stdout) == (EX.UNAVAILABLE, "")
    key = lost.stderr.partition("--key ")[2].split()[0]
    again = run("post", CLIP, "--account", "anna", "--key", key)
    assert again.stdout.startswith("task 1: "), again.output
    assert len(side.store.tasks) == 1


def test_what_was_uploaded_and_removed_is_uploaded_again(side: HttpSide, run: Run) -> None:
    assert run("post", CLIP, "--account", "anna", "--dry-run").exit_code == 0
    assert side.library.page()[1] == 0
    assert run("post", CLIP, "--account", "anna").exit_code == 0
    assert config_of(side, 1)["material_ids"] == [2]


def doubtful(attempt: Attempt, phone: Any) -> Verdict:
    attempt.enter_committing()
    phone.tap_once()
    attempt.enter_verifying()
    return Verdict(Outcome.UNKNOWN, "no proof came")


def failing(attempt: Attempt, phone: Any) -> Verdict:
    with attempt.step("find the button"):
        raise ScriptFailed(ErrorCode.MEDIA_REJECTED, "the app does not take it")


@pytest.mark.parametrize(
    ("play", "status", "said"),
    [
        (publish, 0, "completed, published"),
        (doubtful, 3, "failed, internal: no proof came"),
        (failing, 1, "failed, media_rejected: "),
    ],
    ids=["published", "unknown", "failed"],
)
def test_waiting_shows_the_steps_and_ends_as_the_post_did(
    tmp_path: Path, play: Any, status: int, said: str
) -> None:
    with HttpSide(tmp_path, accounts=ACCOUNTS, script=FakeScript(play, play)) as side:
        url = f"http://127.0.0.1:{side.serve().port}"
        side.run_jobs()
        done = CliRunner().invoke(cli, ["post", str(CLIP), "--account", "anna", "--wait", "--url", url])
        assert done.exit_code == status, done.output
        first, *_, last = done.stdout.splitlines()
        assert first.startswith("task 1: @anna on PHONE1")
        assert last.startswith(f"task 1: {said}")
        if play is publish:
            assert any("  prepare" in line for line in done.stdout.splitlines())
        followed = CliRunner().invoke(cli, ["log", "1", "-f", "--url", url])
        assert followed.exit_code == 0
        assert followed.stdout.splitlines()[-1] == last


def test_waiting_for_programs_gives_one_line_for_each_step_and_the_tasks_at_the_end(tmp_path: Path) -> None:
    with HttpSide(tmp_path, accounts=ACCOUNTS, script=FakeScript()) as side:
        url = f"http://127.0.0.1:{side.serve().port}"
        side.run_jobs()
        words = [
            "post",
            str(CLIP),
            "--account",
            "anna",
            "--account",
            "bert",
            "--wait",
            "--json",
            "--url",
            url,
        ]
        done = CliRunner().invoke(cli, words)
        assert done.exit_code == 0, done.output
        *steps, created = map(json.loads, done.stdout.splitlines())
        assert {step["task_id"] for step in steps} == {1, 2}
        assert [task["outcome"] for task in created["tasks"]] == ["published", "published"]


def test_a_daemon_that_is_away_for_a_moment_is_waited_for(side: HttpSide, wire: WireClient, run: Run) -> None:
    side.task(status="completed")
    with LossyProxy(wire.port) as proxy:
        proxy.lose("GET /api/v1/task/1 ")
        done = CliRunner().invoke(cli, ["log", "1", "-f", "--url", f"http://127.0.0.1:{proxy.port}"])
    assert (done.exit_code, done.stdout) == (0, "task 1: completed, published\n")
    assert done.stderr == "the daemon does not answer; asking again\n"


def test_the_same_file_is_not_stored_twice(side: HttpSide, run: Run, tmp_path: Path) -> None:
    shutil.copy(CLIP, tmp_path / "copy.mp4")
    assert run("post", CLIP, "--account", "anna").exit_code == 0
    later = utc(side.clock.now()) + timedelta(days=40)
    assert (
        run("post", tmp_path / "copy.mp4", "--account", "bert", "--at", f"{later:%Y-%m-%d} 10:00").exit_code
        == 0
    )
    assert side.library.page()[1] == 1

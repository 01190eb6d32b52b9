"""What the manuals say is true: their commands run, their tables are complete. See also test_acceptance_systemd."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from datetime import datetime

import pytest

from jobs.hub.config_file import parse_config_text
from jobs.hub.settings import EventName
from jobs.notify.outbox import BACKOFF_S, FLOOD_EVENTS, FLOOD_S, MAX_AGE_S, MAX_WAITING, Event
from jobs.notify.send import sign, webhook_body
from jobs.phone.protocol import PhoneState
from simulator.demo_day import set_out
from storage.records import Waiting
from tests.support.daemon import ROOT, until
from tests.support.manual import blocks_of, commands, is_for_the_box

OPERATOR = "docs/operator.md"


def table(title):
    """First column of the table with this heading in the operator's manual, without backquotes."""
    text = (ROOT / OPERATOR).read_text()
    after = text[text.index(f"| {title} |") :].split("\n\n")[0].splitlines()[2:]
    return {word for line in after for word in re.findall(r"`?([\w-]+)`?", line.split("|")[1])}


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("state", {state.value for state in PhoneState}),
        ("`waiting_for`", {reason.value for reason in Waiting}),
        ("event", set(EventName.__args__)),
    ],
)
def test_the_tables_of_words_are_complete(title, words):
    assert table(title) == words


def test_the_configurations_that_are_shown_are_good():
    for block in blocks_of(OPERATOR, "toml"):
        tomllib.loads(block)
        parse_config_text(block)


def test_settings_that_are_named_exist():
    known = (ROOT / "config.example.toml").read_text()
    for section, key in re.findall(
        r"`(server|storage|adb|phones|posting|media|license|compat|log)\.(\w+)`",
        (ROOT / OPERATOR).read_text(),
    ):
        assert re.search(rf"(?ms)^\[{section}\].*?^{key} = ", known), f"{section}.{key}"


def test_files_that_are_named_exist():
    for name in re.findall(r"\]\((\w[\w./-]*\.(?:md|json|toml))\)", (ROOT / OPERATOR).read_text()):
        assert (ROOT / "docs" / name).exists(), name
    for name in re.findall(r"\]\((\w[\w./-]*\.(?:md|json|toml))\)", (ROOT / "README.md").read_text()):
        assert (ROOT / name).exists(), name


def test_subcommands_that_are_named_exist():
    known = subprocess.run(
        [sys.executable, str(ROOT / "tikmatrixd.py"), "--help"], check=True, capture_output=True, text=True
    ).stdout
    for document in (OPERATOR, "README.md", "docs/screens.md", "docs/storage.md", "config.example.toml"):
        for name in re.findall(
            r"tikmatrixd(?:\.py)? (?:--config \S+ )?([a-z][a-z-]+)\b", (ROOT / document).read_text()
        ):
            if name in {"is", "runs", "drives", "would", "and", "on", "does"}:
                continue
            assert re.search(rf"(?m)^  {name} ", known), f"{document}: tikmatrixd {name}"


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_readmes_minute_with_curl_works_as_it_stands_beside_all_that_the_demo_made(tmp_path, capsys):
    demo = subprocess.Popen(
        [sys.executable, str(ROOT / "tikmatrixd.py"), "serve", "--demo", "4", "--listen", "127.0.0.1:0",
         "--state-dir", str(tmp_path / "demo"), "--ready-file", str(tmp_path / "ready.json")],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        assert demo.stdout is not None
        assert demo.stdout.readline().startswith("tikmatrixd is ready")
        ready = json.loads((tmp_path / "ready.json").read_text())
        curls = [command for command in commands("README.md") if command.startswith("curl")]
        # The demo itself has published three, and made what there is to try, before a reader comes to type.
        post = next(command for command in curls if "/task -d " in command)
        before = [
            post.replace("demo_tt_02", account) for account in ("demo_tt_01", "demo_ig_02", "demo_tt_03")
        ]
        answers = [run(command, ready["url"]) for command in before]
        last = set_out(ready)
        said = capsys.readouterr().out.strip()
        assert said in (ROOT / "README.md").read_text()
        answers += [run(command, ready["url"]) for command in curls]
        assert all(answer["code"] == 0 for answer in answers), answers
        number = json.loads(blocks_of("README.md", "json")[0])["data"]["task_ids"][0]
        assert answers[4]["data"]["task_ids"] == [number] == [last + 1]
        assert {
            matter["kind"] for matter in run(f"curl -s {ready['url']}/api/v1/needs", "")["data"]["needs"]
        } >= {"unknown_outcome", "log_in"}
        state = until(
            lambda: (
                found
                if (found := run(f"curl -s {ready['url']}/api/v1/task/{number}", ""))["data"]["status"] >= 2
                else None
            ),
            60,
        )
        assert state["data"]["outcome"] == "published"
    finally:
        demo.terminate()
        demo.communicate(timeout=30)


def run(command, url):
    """A curl line of a manual against another address."""
    line = command.replace("http://127.0.0.1:50809", url) if url else command
    return json.loads(
        subprocess.run(["/bin/sh", "-c", line], check=True, capture_output=True, timeout=30).stdout
    )


def test_the_webhook_is_as_the_manual_shows_it_and_its_check_works():
    (shown,) = blocks_of(OPERATOR, "json")
    said = json.loads(shown)
    event = Event(
        id=said["id"],
        name=said["event"],
        sentence=said["message"],
        at=datetime.fromisoformat(said["at"]).timestamp(),
        facts=said["facts"],
    )
    body = webhook_body(event)
    assert body == shown.strip().encode()
    place = {}
    exec(blocks_of(OPERATOR, "python")[0], place)  # noqa: S102 - the manual's own lines
    check = place["comes_from_the_hub"]
    assert check(body, sign("a long random text", body), "a long random text")
    assert not check(body.replace(b"41", b"42"), sign("a long random text", body), "a long random text")
    assert not check(body, sign("another", body), "a long random text")


def test_the_pauses_and_bounds_of_notifications_are_those_of_the_manual():
    text = " ".join((ROOT / OPERATOR).read_text().split())
    assert BACKOFF_S[1:] == (5, 30, 120, 600, 1800)
    assert "after 5 s, 30 s, 2 min, 10 min, then every 30 min" in text
    assert f"{MAX_WAITING:,} at most" in text
    assert (MAX_AGE_S, FLOOD_EVENTS, FLOOD_S) == (3 * 86400, 10, 600)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_make_demo_publishes_exactly_once_and_ends():
    assert any(command.split()[:2] == ["make", "demo"] for command in commands("README.md"))
    done = subprocess.run(
        ["make", "-s", "demo", "ONCE=1"], cwd=ROOT, check=False, capture_output=True, text=True, timeout=500
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "all published exactly once" in done.stdout


def test_no_command_of_a_manual_is_left_untried():
    # make test is what runs this; the box's are run by test_acceptance_systemd, curl's above or there.
    for command in commands("README.md"):
        assert command.split()[0] in {"make", "curl"} or is_for_the_box(command), command
    for command in commands(OPERATOR):
        assert command.split()[0] == "curl" or is_for_the_box(command), command


def test_every_line_of_the_way_to_two_boxes_says_on_which_it_is_run():
    # All but the first, which is for a box without internet; test_acceptance_usb_box runs them.
    for block in blocks_of(OPERATOR, "sh")[1:]:
        assert block.splitlines()[0] in {"# on the hub", "# on the USB box"}, block

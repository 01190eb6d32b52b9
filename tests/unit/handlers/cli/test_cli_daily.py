"""The commands of daily life against the real HTTP server: what people read, what programs read, how refusals end."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import tikmatrixd
from handlers.access.tokens import new_token
from handlers.cli.asking import TOKEN_VARIABLE
from handlers.cli.command_line import EX
from handlers.cli.hub_options import URL_VARIABLE
from jobs.hub.clock import utc
from jobs.hub.settings import AccountEntry, Server
from storage.records import Status
from tests.support.http_side import HttpSide, WireClient, new_task
from tikmatrixd import cli

ACCOUNTS = (
    AccountEntry(username="anna", platform="tiktok", serial="PHONE1", tags=("workshop",)),
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
    return lambda *words: CliRunner().invoke(cli, [*words, "--url", url])


def lines(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()


def test_status_says_in_a_few_lines_whether_the_daemon_works_and_what_it_does(
    side: HttpSide, run: Run
) -> None:
    side.task()
    side.task(status="failed")
    said = dict(line.split("  ", 1) for line in lines(run("status")))
    assert said["daemon"].strip().startswith("works, http://127.0.0.1:")
    assert said["tasks"].strip() == "1 pending, 0 running, 0 completed, 1 failed"
    assert said["phones"].strip() == "3 device"
    assert said["time"].strip().endswith("Europe/Berlin")


def test_status_names_what_needs_a_person(side: HttpSide, run: Run) -> None:
    for _ in range(22):
        side.task(status="unknown", username="kim")
    said = [line.split("  ", 1)[1].strip() for line in lines(run("status")) if line.startswith("needs you")]
    assert len(said) == 21
    assert "for @kim may be published" in said[0]
    assert said[-1] == "and 2 more: --json has them"
    assert json.loads(run("status", "--json").stdout)["total"] == 22


def test_status_of_a_daemon_that_cannot_work_gives_the_reason_and_ends_with_1(
    side: HttpSide, run: Run
) -> None:
    side.draining = True
    done = run("status")
    assert done.exit_code == 1
    assert "daemon  cannot work" in done.stdout
    assert "reason  the daemon is about to stop" in done.stdout
    told = json.loads(run("status", "--json").stdout)
    assert (told["ready"], told["tasks"]["total"], len(told["devices"])) == (False, 0, 3)


def test_tasks_stand_in_a_table_newest_first_with_why(side: HttpSide, run: Run) -> None:
    side.task(username="anna")
    side.task("PHONE2", status="failed")
    side.store.tasks.change(2, account_seen="bert")
    titles, newest, oldest = lines(run("tasks"))
    assert titles.split() == ["ID", "STATUS", "START", "ACCOUNT", "PHONE", "WHY"]
    assert newest.split()[:2] == ["2", "failed"]
    assert newest.endswith("PHONE2  ui_changed: unknown screen")
    assert oldest.split()[:2] == ["1", "pending"]
    assert "  @anna  " in oldest
    assert "  @bert  " in newest
    assert newest.index("PHONE2") == oldest.index("PHONE1") == titles.index("PHONE")


def test_tasks_are_filtered_and_paged_and_the_next_page_is_named(side: HttpSide, run: Run) -> None:
    for _ in range(3):
        side.task()
    side.task("PHONE2", status="completed")
    assert [line.split()[0] for line in lines(run("tasks", "--status", "completed"))] == ["ID", "4"]
    assert [line.split()[0] for line in lines(run("tasks", "--serial", "PHONE1", "--limit", "2"))] == [
        "ID",
        "3",
        "2",
    ]
    assert run("tasks", "--limit", "3").stderr == "3 of 4; the next: --page 2\n"
    last = run("tasks", "--limit", "3", "--page", "2")
    assert (lines(last)[1].split()[0], last.stderr) == ("1", "")
    none = run("tasks", "--source", "ui")
    assert (none.exit_code, none.stdout, none.stderr) == (0, "", "no such tasks\n")


def test_json_is_what_the_api_answers(side: HttpSide, wire: WireClient, run: Run) -> None:
    side.task(status="failed", caption="Grüße 🪵")
    for words, path in [
        (("tasks",), "/api/v1/task"),
        (("task", "1"), "/api/v1/task/1"),
        (("log", "1"), "/api/v1/task/1/log"),
        (("slots",), "/api/v1/slots"),
        (("accounts",), "/api/v1/accounts"),
        (("devices",), "/api/v1/devices"),
    ]:
        done = run(*words, "--json")
        assert (done.exit_code, done.stderr) == (0, ""), words
        assert json.loads(done.stdout) == wire.good("GET", path), words


def test_a_task_is_shown_whole_and_its_texts_cannot_steer_the_terminal(
    side: HttpSide, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    side.task(status="failed", caption="red \x1b[31m alert\nsecond line " + "x" * 60)
    said = lines(run("task", "1"))
    assert "why      ui_changed: unknown screen" in said
    assert f"caption  red  [31m alert second line {'x' * 60}" in said
    assert all(len(line) <= 40 for line in lines(run("tasks")))


def test_the_log_shows_each_step_in_the_hubs_zone_and_what_was_kept(side: HttpSide, run: Run) -> None:
    task = side.task(status="failed")
    steps = side.evidence.writer(task.id, 1)
    steps.line("open app", took_ms=1240)
    steps.line("caption", error="an unknown screen stayed for 8 s", kind="dialog")
    steps.line("ready to publish", trips={"look": 1, "tap": 2}, by_app=False)
    steps.keep("screenshot.png", b"picture")
    steps.close()
    titles, opened, failed, ready, kept = lines(run("log", "1"))
    assert titles.startswith("AT Europe/Berlin")
    berlin = utc(side.clock.now()).astimezone(side.zone())
    assert opened.split() == [*f"{berlin:%Y-%m-%d %H:%M:%S}".split(), "1", "open", "app", "1.2"]
    assert failed.endswith("an unknown screen stayed for 8 s, kind dialog")
    assert ready.endswith("  look 1, tap 2, by_app no")
    assert kept.endswith("/api/v1/task/1/artifacts/: 1-screenshot.png")
    side.task()
    assert run("log", "2").stderr == "task 2 has no step yet: `tikmatrixd task 2` says what it waits for\n"


def test_a_task_is_held_moved_released_and_stopped(side: HttpSide, run: Run) -> None:
    task = side.task()
    assert lines(run("hold", "1"))[0].startswith("task 1: pending, ")
    assert side.store.tasks.get(task.id).held
    day = utc(side.clock.now() + 5 * 86400).astimezone(side.zone())
    (said,) = lines(run("move", "1", f"{day:%Y-%m-%d}", "09:30"))
    assert said.startswith(f"task 1: pending, {day:%Y-%m-%d} 09:30, hold")
    assert "hold" not in lines(run("release", "1"))[0]
    planned = utc(side.store.tasks.get(task.id).scheduled_at).astimezone(side.zone())
    assert (planned.date(), f"{planned:%H:%M}") == (day.date(), "09:30")
    lines(run("move", "1", "now"))
    assert utc(side.store.tasks.get(task.id).scheduled_at) - utc(side.clock.now()) < timedelta(minutes=1)
    assert lines(run("stop", "1")) == ["task 1: failed, stopped: stopped by request"]


def test_a_retry_insists_only_on_what_it_is_given(side: HttpSide, run: Run) -> None:
    side.task(status="unknown", serial="PHONE1")
    refused = run("retry", "1", "--now", "--force")
    assert refused.exit_code == EX.DATAERR
    assert refused.stdout == ""
    assert refused.stderr.startswith("the daemon refuses: ")
    assert "confirm" in refused.stderr
    done = json.loads(run("retry", "1", "--confirm", "--now", "--json").stdout)
    assert done["status_text"] == "pending"
    assert side.store.tasks.get(1).status is Status.PENDING


@pytest.mark.parametrize(
    "words", [("task", "7"), ("log", "7"), ("stop", "7"), ("hold", "7"), ("move", "7", "9:00")]
)
def test_a_task_that_does_not_exist_is_said_in_one_sentence(run: Run, words: tuple[str, ...]) -> None:
    done = run(*words)
    assert (done.exit_code, done.stdout) == (EX.NOINPUT, "")
    assert done.stderr == "the daemon refuses: id: there is no task 7\n"


def test_slots_and_accounts_stand_in_tables(side: HttpSide, wire: WireClient, run: Run) -> None:
    assert run("slots").stderr == "there are no slots\n"
    wire.good(
        "POST",
        "/api/v1/slots",
        {
            "name": "Evening",
            "usernames": ["anna"],
            "times": ["18:30"],
            "weekdays": ["mon", "fri"],
            "script_config": {"materials_tags": "bench"},
        },
    )
    _, slot = lines(run("slots"))
    assert slot.split()[:4] == ["1", "on", "mon,fri", "18:30"]
    assert "  @anna     Evening" in slot
    _, anna, bert = lines(run("accounts"))
    assert anna.split() == ["@anna", "tiktok", "PHONE1", "online", "enabled", "logged_in", "workshop"]
    assert bert.split()[0] == "@bert"
    assert len(lines(run("accounts", "--tag", "workshop"))) == 2
    assert len(lines(run("accounts", "--serial", "PHONE2", "--platform", "instagram"))) == 2


def test_the_daemon_is_found_by_variable_ready_file_and_config(
    side: HttpSide, wire: WireClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    side.task()
    ready, config = tmp_path / "ready.json", tmp_path / "config.toml"
    ready.write_text(json.dumps({"url": f"http://127.0.0.1:{wire.port}"}))
    config.write_text(f'[server]\nlisten = "127.0.0.1:{wire.port}"\n')
    assert len(lines(CliRunner().invoke(cli, ["tasks", "--ready-file", str(ready)]))) == 2
    assert len(lines(CliRunner().invoke(cli, ["tasks", "--config", str(config)]))) == 2
    monkeypatch.setenv(URL_VARIABLE, f"http://127.0.0.1:{wire.port}/")
    assert len(lines(CliRunner().invoke(cli, ["tasks"]))) == 2


def test_the_config_shown_is_that_of_the_daemon_which_the_address_names(
    side: HttpSide, wire: WireClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    side.config_notices.append("on disk but not in force: posting.timezone")
    monkeypatch.setenv(URL_VARIABLE, f"http://127.0.0.1:{wire.port}")
    shown = CliRunner().invoke(cli, ["config"])
    assert (shown.exit_code, shown.stderr) == (0, f"{side.config_notices[0]}\n")
    silent = CliRunner().invoke(cli, ["config", "--url", "http://127.0.0.1:1"])
    assert (silent.exit_code, silent.stdout) == (EX.UNAVAILABLE, "")


def test_a_proxy_of_the_environment_does_not_come_between(
    side: HttpSide, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    assert run("status").exit_code == 0


def test_where_no_daemon_is_the_sentence_says_so(tmp_path: Path) -> None:
    def end_of(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(cli, ["tasks", *words])
        assert done.stdout == ""
        return done.exit_code, done.stderr

    code, said = end_of("--url", "http://127.0.0.1:1")
    assert code == EX.UNAVAILABLE
    assert said.startswith("the daemon does not answer at http://127.0.0.1:1: is it running?")
    assert end_of("--ready-file", str(tmp_path / "none"))[0] == EX.UNAVAILABLE
    (tmp_path / "other").write_text("[]")
    assert end_of("--ready-file", str(tmp_path / "other"))[0] == EX.DATAERR
    assert end_of("--url", "hub.local:50809")[0] == EX.USAGE


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:abc", "is no address"),
        ("http://127.0.0.1:99999", "is no address"),
        ("http://[::1", "is no address"),
        ("http://two words:50809", "is no address"),
        ("http://:50809", "is no address"),
        ("http://hub:50809/#/queue", "write http://hub:50809, not"),
        ("http://hub:50809/api/v1", "write http://hub:50809, not"),
    ],
)
def test_an_address_that_no_daemon_can_have_is_not_called_a_daemon_that_does_not_answer(
    url: str, said: str
) -> None:
    done = CliRunner().invoke(cli, ["tasks", "--url", url])
    assert (done.exit_code, said in done.stderr) == (EX.USAGE, True), done.stderr


def test_a_variable_that_holds_no_token_is_not_called_a_daemon_that_does_not_answer(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for wrong in ("tkm_\u20ac", "two words", "tkm_a\nb"):
        monkeypatch.setenv(TOKEN_VARIABLE, wrong)
        done = run("tasks")
        assert (done.exit_code, f"{TOKEN_VARIABLE} holds no token" in done.stderr) == (EX.DATAERR, True)


def test_a_number_that_is_none_is_called_so(run: Run) -> None:
    assert "'abc' is not a valid whole number" in run("task", "abc").stderr


@pytest.mark.parametrize("words", [("status",), ("--help",)])
def test_an_output_that_cannot_be_written_is_one_sentence(wire: WireClient, words: tuple[str, ...]) -> None:
    command = [sys.executable, str(Path(tikmatrixd.__file__)), *words]
    if "--help" not in words:
        command += ["--url", f"http://127.0.0.1:{wire.port}"]
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.stderr == "what is printed cannot be written: No space left on device\n"
    assert done.returncode == EX.IOERR


def test_the_token_comes_from_a_file_or_the_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = new_token(tmp_path / "state" / "tokens.json", "box")
    file = tmp_path / "token"
    with HttpSide(tmp_path, server=Server(listen="127.0.0.1:0", trust_loopback=False)) as side:
        url = f"http://127.0.0.1:{side.serve().port}"

        def end_of(*words: str) -> int:
            return CliRunner().invoke(cli, ["tasks", "--url", url, *words]).exit_code

        assert end_of() == EX.NOPERM
        file.write_text(f"{made}\n")
        assert end_of("--token-file", str(file)) == 0
        file.write_text("wrong")
        assert end_of("--token-file", str(file)) == EX.NOPERM
        refused = CliRunner().invoke(cli, ["tasks", "--url", url, "--token-file", str(file)]).stderr
        assert refused.startswith(
            "the daemon does not take the token that this command shows: the token is wrong"
        )
        assert "needs a token" not in refused
        file.write_text("two words")
        assert end_of("--token-file", str(file)) == EX.DATAERR
        assert end_of("--token-file", str(tmp_path / "none")) == EX.NOPERM
        monkeypatch.setenv(TOKEN_VARIABLE, made)
        assert end_of() == 0


def test_tasks_can_be_found_by_account_caption_and_day_and_put_in_order(side: HttpSide, run: Run) -> None:
    day = 86_400.0
    now = side.clock.now()
    new = [
        new_task("PHONE1", at=now + day, username="anna", caption="Oak bench"),
        new_task("PHONE1", at=now + 60, username="anna", caption="An OAK chair"),
        new_task("PHONE1", at=now + 60, username="anna", caption="Beech"),
        new_task("PHONE2", at=now + 60, username="bert", caption="Oak", platform="instagram"),
    ]
    first, second, third, fourth = (task.id for task in side.store.tasks.create(new))
    side.store.tasks.change(third, held=True)

    def ids(*words: str) -> list[int]:
        data = json.loads(run("tasks", "--json", *words).stdout)
        return [task["id"] for task in data["tasks"]]

    assert ids("--account", "@anna", "--text", "oak") == [second, first]
    assert ids("--account", "anna", "--text", "oak", "--from", "2027-01-16") == [first]
    assert ids("--to", "2027-01-15 23:00", "--not-held", "--sort", "scheduled_at") == [second, fourth]
    assert ids("--held") == [third]
    assert ids("--platform", "instagram", "--outcome", "none") == [fourth]
    refused = run("tasks", "--from", "soon")
    assert refused.exit_code != 0
    assert "from" in refused.output


def test_a_variable_of_a_script_that_is_not_set_means_neither_now_nor_for_ever(
    side: HttpSide, run: Run
) -> None:
    planned = side.task().scheduled_at
    for words in (("move", "1", ""), ("move", "1", "", " "), ("pause", "PHONE1", "--until", "")):
        done = run(*words)
        assert (done.exit_code, "is empty" in done.stderr) == (EX.USAGE, True), done.stderr
    assert side.store.tasks.get(1).scheduled_at == planned
    assert run("materials", "reset-used", "").exit_code == EX.USAGE


def test_a_refusal_names_the_options_of_the_command_line(side: HttpSide, run: Run) -> None:
    task = side.task(status="unknown")
    assert "then retry with --confirm" in run("retry", str(task.id)).stderr
    assert run("retry", str(task.id), "--confirm", "--version", "7").exit_code == EX.DATAERR
    assert run("retry", str(task.id), "--confirm", "--version", "0").exit_code == 0
    worn = side.task(status="failed")
    side.store.tasks.change(worn.id, retry_count=3)
    assert "or retry it with --force" in run("retry", str(worn.id)).stderr


def test_used_marks_are_taken_away_on_the_hub_that_is_named_and_on_no_other(
    side: HttpSide, run: Run, tmp_path: Path
) -> None:
    assert lines(run("materials", "reset-used")) == ["0 used marks were taken away"]
    assert lines(run("materials", "reset-used", str(side.media))) == ["0 used marks were taken away"]
    relative = run("materials", "reset-used", "media")
    assert (relative.exit_code, "whole path" in relative.stderr) == (EX.USAGE, True)
    assert "is taken for right" in lines(run("confirm-clock"))[0]


def test_the_hub_a_phone_and_an_account_are_paused_and_resumed_by_word(side: HttpSide, run: Run) -> None:
    assert lines(run("pause", "--reason", "new shelf", "--until", "22:00")) == [
        "the hub: paused until 2027-01-15 22:00"
    ]
    assert any("paused" in line and "new shelf" in line for line in lines(run("status")))
    assert lines(run("resume")) == ["the hub: goes on"]
    assert lines(run("pause", "PHONE1")) == ["PHONE1: paused"]
    assert lines(run("resume", "PHONE1")) == ["PHONE1: goes on"]
    assert lines(run("pause", "@Anna")) == ["@Anna (tiktok): paused"]
    assert any("anna" in line and "paused" in line for line in lines(run("accounts")))
    assert json.loads(run("resume", "@anna", "--json").stdout)["paused"] is False


def test_an_account_of_two_apps_is_paused_by_name_and_app(side: HttpSide, run: Run) -> None:
    side.store.accounts.add(username="anna", platform="instagram", serial="PHONE2")
    refused = run("pause", "@anna")
    assert (refused.exit_code, "add --platform" in refused.stderr) == (EX.USAGE, True)
    assert lines(run("pause", "@anna", "--platform", "instagram")) == ["@anna (instagram): paused"]
    unknown = run("pause", "@nobody")
    assert (unknown.exit_code, "there is no account @nobody" in unknown.stderr) == (EX.NOINPUT, True)

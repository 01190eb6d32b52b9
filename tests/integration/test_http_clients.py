"""The published client flows: Python, Node's fetch, curl; clients that repeat calls; what curl says to beginners."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from jobs.hub.clock import SystemClock
from jobs.hub.settings import AccountEntry, Compat, Posting
from jobs.task.attempt import ScriptFailed, Verdict
from storage.error_codes import ErrorCode
from tests.support.fake_phones import FakeScript, publish
from tests.support.http_side import HttpSide, ShownPhones

CLIENTS = Path(__file__).parent / "clients"
GOOD = [f"GOOD{n}" for n in range(1, 6)]
FLAKY = ["FLAKY1", "FLAKY2"]


def later() -> str:
    """A time of day that is hours away, whenever the test runs."""
    return (datetime.now(UTC) + timedelta(hours=6)).strftime("%H:%M")


def flaky(attempt: Any, phone: Any) -> Verdict:
    """Phones of this name fail at the first try."""
    if attempt.task.serial.startswith("FLAKY") and attempt.task.retry_count == 0:
        raise ScriptFailed(ErrorCode.UI_CHANGED, "the screen is not known", step="find")
    return publish(attempt, phone)


@pytest.fixture
def side(tmp_path: Path) -> Iterator[HttpSide]:
    """A hub whose phones really take tasks, with one account on four of five and two on the fifth."""
    accounts = tuple(AccountEntry(username=f"user{n}", serial=f"GOOD{n}") for n in range(1, 6))
    accounts += (AccountEntry(username="second", serial="GOOD5"),)
    posting = Posting(
        timezone="UTC", auto_retry=False, retry_pause_min_s=0.01, retry_pause_max_s=0.02,
        duplicate_window_minutes=0, duplicate_warning_hours=0,
    )  # fmt: skip
    with HttpSide(
        tmp_path,
        clock=SystemClock(),
        script=FakeScript(flaky),
        phones=ShownPhones(*GOOD, *FLAKY),
        accounts=accounts,
        posting=posting,
    ) as built:
        built.run_jobs()
        yield built


def with_python(box: str) -> dict[str, Any]:
    """The flows as a Python script writes them."""

    def call(method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            box + "/api/v1" + path, data, {"Content-Type": "application/json"}, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                return json.load(error)

    def create(**fields: Any) -> Any:
        config = {
            "content_type": 0,
            "captions": "{Fresh|New} #woodwork",
            "material_list": ["clip.mp4"],
            "upload_wait_time": 0,
        }
        return call("POST", "/task", {"script_name": "post", "script_config": config, **fields})

    def idle() -> Any:
        pause = threading.Event()
        for _ in range(400):
            stats = call("GET", "/task/stats")["data"]
            if stats["running"] == 0 and stats["pending"] == 0:
                return stats
            pause.wait(0.025)
        raise AssertionError("the tasks did not end")

    result = {"probe": call("GET", "/license/check"), "created": create(serials=["GOOD1"]), "stats": idle()}
    result["failing"] = create(serials=FLAKY)
    idle()
    result["rounds"] = []
    for _ in range(3):
        total = call("GET", "/task?status=3")["data"]["total"]
        result["rounds"].append(total)
        if not total:
            break
        call("POST", "/task/retry-all")
        idle()
    result["multi"] = create(serials=GOOD, enable_multi_account=True)
    idle()
    first, second, third = create(serials=GOOD[:3], start_time=later())["data"]["task_ids"]
    result["detail"] = call("GET", f"/task/{first}")
    result["stopped"] = call("POST", f"/task/{first}/stop")
    result["retried"] = call("POST", f"/task/{first}/retry")
    result["deleted"] = call("DELETE", f"/task/{second}")
    result["batch"] = call("DELETE", "/task/batch", {"task_ids": [third, second]})
    result["missing"] = call("GET", f"/task/{second}")
    return result


def outside(command: list[str], box: str, **environment: str) -> dict[str, Any]:
    done = subprocess.run(
        command,
        env={**os.environ, "BOX": box, "LATER": later(), **environment},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr.decode()
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def with_node(box: str, **environment: str) -> dict[str, Any]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    version = subprocess.run([node, "--version"], capture_output=True, check=True, timeout=10).stdout.decode()
    if int(version.strip().lstrip("v").partition(".")[0]) < 18:
        pytest.skip("this node has no fetch")
    return outside([node, str(CLIENTS / "flows.mjs")], box, **environment)


def with_curl(box: str) -> dict[str, Any]:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    return outside(["bash", str(CLIENTS / "flows.sh")], box)


def judge(result: dict[str, Any]) -> None:
    """What each client must have seen."""
    assert result["probe"]["code"] == 0
    assert result["probe"]["data"]["api_enabled"] is True
    assert result["created"]["data"]["created_count"] == 1
    assert result["stats"] == {"total": 1, "pending": 0, "running": 0, "completed": 1, "failed": 0}
    assert result["failing"]["data"]["created_count"] == 2
    assert result["rounds"] == [2, 0]
    assert result["multi"]["data"]["created_count"] == 6
    assert result["detail"]["data"]["status"] == 0
    assert result["stopped"]["data"]["status_text"] == "failed"
    assert result["retried"]["data"]["retry_count"] == 0, "it was stopped before it ever ran (R52)"
    assert result["deleted"]["data"]["deleted_count"] == 1
    assert result["batch"]["data"]["deleted_count"] == 1
    assert len(result["batch"]["data"]["not_found"]) == 1
    assert result["missing"]["code"] == 40401


@pytest.mark.parametrize("client", [with_python, with_node, with_curl], ids=["python", "node", "curl"])
def test_the_published_flows_work_unchanged(side: HttpSide, client: Callable[[str], dict[str, Any]]) -> None:
    judge(client(f"http://127.0.0.1:{side.serve().port}"))


def test_a_client_that_throws_on_other_statuses_works_with_always_200(side: HttpSide) -> None:
    side.configure(compat=Compat(http_status="always_200"))
    judge(with_node(f"http://127.0.0.1:{side.serve().port}", THROW_ON_STATUS="1"))


def together(count: int, call: Callable[[int], Any]) -> list[Any]:
    """Make calls at the same moment, each from a thread."""
    results: list[Any] = [None] * count
    start = threading.Barrier(count)

    def run(number: int) -> None:
        start.wait(10)
        results[number] = call(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


def test_WEB_8_50_equal_posts_with_one_key_at_once_create_one_task(side: HttpSide) -> None:
    wire = side.serve()
    body = side.body(serials=["GOOD1"])
    answers = together(50, lambda _: wire.call("POST", "/api/v1/task", body, Idempotency_Key="again"))
    assert {answer.json["data"]["task_ids"][0] for answer in answers} == {1}
    assert sum(answer.headers["Idempotent-Replay"] is None for answer in answers) == 1
    assert wire.good("GET", "/api/v1/task")["total"] == 1


def test_WEB_8_50_equal_posts_without_a_key_at_once_create_one_task(tmp_path: Path) -> None:
    with HttpSide(tmp_path, clock=SystemClock(), posting=Posting(timezone="UTC")) as side:
        wire = side.serve()
        answers = together(50, lambda _: wire.call("POST", "/api/v1/task", side.body()).json["code"])
        assert sorted(answers) == [0] + [40902] * 49
        assert wire.good("GET", "/api/v1/task")["total"] == 1


def test_a_hundred_different_posts_at_once_are_all_kept(side: HttpSide) -> None:
    wire = side.serve()
    answers = together(
        100,
        lambda number: wire.good(
            "POST", "/api/v1/task", side.body(serials=[GOOD[number % 5]], start_time=later())
        ),
    )
    assert sorted(answer["task_ids"][0] for answer in answers) == list(range(1, 101))


def test_WEB_6_when_the_server_stops_under_load_every_client_has_a_whole_answer_or_a_clean_refusal(
    tmp_path: Path,
) -> None:
    with HttpSide(tmp_path, clock=SystemClock()) as side:
        wire = side.serve()
        created: list[int] = []
        torn: list[BaseException] = []
        enough = threading.Semaphore(0)

        def client(number: int) -> None:
            connection = http.client.HTTPConnection("127.0.0.1", wire.port, timeout=10)
            body = json.dumps(side.body(serials=[f"PHONE{number % 3 + 1}"]))
            while True:
                try:
                    connection.request("POST", "/api/v1/task", body)
                    response = connection.getresponse()
                    answer = json.loads(response.read())
                except (ConnectionError, http.client.RemoteDisconnected, http.client.CannotSendRequest):
                    return  # refused before a byte of an answer came
                except BaseException as error:  # noqa: BLE001 - half an answer
                    torn.append(error)
                    return
                created.extend(answer["data"]["task_ids"])
                enough.release()

        clients = [threading.Thread(target=client, args=(number,)) for number in range(8)]
        for thread in clients:
            thread.start()
        for _ in range(40):
            assert enough.acquire(timeout=10)
        assert side.server is not None
        assert side.server.stop(10.0)
        for thread in clients:
            thread.join(15)
        assert not torn
        assert len(created) == len(set(created)) >= 40
        assert {task.id for task in side.store.tasks.many(created)} == set(created)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("-d task.json", "-d @task.json"),
        ("-d @nosuchfile.json", "found no such file"),
        ("-d script_name=post", "form-encoded"),
        ("-F script_name=post", "multipart form"),
        ("-d '{\"script_name\": \"post'", "closing quote is missing"),
        ("-d '{\"script_name\": \"post\"'", "closing brace"),
        ("-d \"'{script_name: post}'\"", "single quote"),
        ("-d '{script_name: post}'", "the shell may have removed them"),
        ("-d '{\"script_config\": {\"material_list\": [\"C:\\Videos\\clip.mp4\"]}}'", "C:/Videos/clip.mp4"),
        ("-d '{\"serials\": [\"GOOD1\"], \"script_name\": \"post\", \"script_config\": {\"material_list\": [\"C:\\new\\top.mp4\"]}}'",
         "a backslash must be doubled"),
        ("-d '{\"serials\": [\"GOOD1\"], \"script_name\": \"post\", \"script_config\": {\"material_list\": [\"C:\\file.mp4\"]}}'",
         "a backslash must be doubled"),
        ("-d '{\"serials\": [\"GOOD1\"], \"script_name\": \"post\", \"script_config\": {\"material_list\": [\"/etc/passwd\"]}}'",
         "copy the file there"),
        ("-d '{\"serials\": [\"GOOD1\"], \"script_name\": \"post\", \"script_config\": {}}'", "in the material library; upload one"),
        ("-d '{\"serials\": [\"Pixel\"], \"script_name\": \"post\", \"script_config\": {}}'", "the list of devices shows which there are"),
        ("-d '{\"usernames\": [\"kim\"], \"script_name\": \"post\", \"script_config\": {}}'", "the list of accounts shows which there are"),
        ("-d '{\"script\": \"post\"}'", '"script" is not its name'),
        ("--data-urlencode '{\"script_name\": \"post\"}'", "URL-encoded"),
        ("-X POST", "the body is empty"),
        ("-X PUT -d {}", "use GET, HEAD, POST"),
        ("-H 'Host: my-hub.example' -d {}", "hosts in the config file"),
        ("-H 'Origin: http://my-hub.example' -d {}", "web pages of other origins"),
    ],
)  # fmt: skip
def test_a_beginners_curl_is_told_what_to_change(
    side: HttpSide, words: str, told: str, tmp_path: Path
) -> None:
    url = f"http://127.0.0.1:{side.serve().port}/api/v1/task"
    line = ["bash", "-c", f"curl -s {url} {words}"]
    done = subprocess.run(line, cwd=tmp_path, capture_output=True, check=False, timeout=20)
    if not done.stdout:
        assert b"nosuchfile" in words.encode()  # newer versions of curl refuse on their own
        return
    answer = json.loads(done.stdout)
    assert answer["code"] != 0
    assert told in answer["message"], answer["message"]
    assert len(side.store.tasks) == 0


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_uploads_a_file_as_form_and_as_body(side: HttpSide) -> None:
    url = f"http://127.0.0.1:{side.serve().port}/api/v1/materials"
    clip, photo = side.media / "clip.mp4", side.media / "photo.jpg"
    for words in (
        ["-F", f"file=@{clip}", "-F", "tags=a,b", url],
        ["--data-binary", f"@{photo}", "-H", "Content-Type: image/jpeg", f"{url}?name=photo.jpg"],
    ):
        done = subprocess.run(["curl", "-s", *words], capture_output=True, check=True, timeout=20)
        assert json.loads(done.stdout)["data"]["created"] is True, done.stdout

"""Phones on three real adb servers: what strikes one of them costs its own phones time, and no post of anyone."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.daemon import ROOT, until
from tests.support.farm import Farm
from tests.support.lossy_link import LossyLink, missing

QUICK_RETRIES = "[posting]\nretry_pause_min_s = 0.1\nretry_pause_max_s = 0.5\n"


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    made = Farm(tmp_path, 2)
    try:
        made.configure(QUICK_RETRIES)
        made.start()
        yield made
    finally:
        made.stop()


def test_a_server_that_is_killed_and_one_that_hangs_while_all_post_cost_nobody_a_post(farm: Farm) -> None:
    local, b, c = farm.boxes
    assert {one["adb_server"] for one in farm.devices()["devices"]} == {"local", "b", "c"}
    tasks = {box.name: farm.post(box, f"first of {box.name}") for box in farm.boxes}
    until(
        lambda: all(farm.daemon.task(ids[0])["status"] for ids in tasks.values()), 20, "all post", most_s=0.05
    )
    b.kill()
    with c.hanging():
        ours = farm.finish(tasks["local"], 30)
        theirs = farm.finish(tasks["b"], 60)
        assert [task["outcome"] for task in ours] == ["published", "published"]
        assert all(task["retry_count"] == 0 for task in ours)
        began = time.monotonic()
        farm.finish(farm.post(local, "second of local"), 30)
        assert time.monotonic() - began < 20.0
    ended = [*ours, *theirs, *farm.finish(tasks["c"], 60)]
    assert farm.judge(ended) == []
    assert {task["outcome"] for task in ended} <= {"published", "unknown"}
    again = [number for box in (b, c) for number in farm.post(box, f"second of {box.name}")]
    assert {task["outcome"] for task in farm.finish(again, 60)} == {"published"}
    assert farm.judge(farm.finish(again)) == []


@pytest.mark.long
@pytest.mark.timeout(300)
def test_the_loss_of_a_server_is_told_once_and_its_phones_say_why(farm: Farm) -> None:
    _, b, _ = farm.boxes
    with b.hanging():
        (away,) = until(
            lambda: [server for server in farm.devices()["adb_servers"] if not server["up"]],
            60,
            "b is found to hang",
        )
        assert (away["name"], away["phones"], away["usable"]) == ("b", 2, 0)
        states = {one["serial"]: one for one in farm.devices()["devices"]}
        assert {states[serial]["state"] for serial in b.serials} == {"adb_down"}
        assert all("adb server b is not reachable" in states[serial]["detail"] for serial in b.serials)
        (task_id, _) = farm.post(b, "waits")
        until(lambda: "adb server b is not reachable" in farm.daemon.task(task_id)["waiting_detail"], 20)
        notices = farm.daemon.call("GET", "/readyz")["notices"]
        assert [line for line in notices if "not reachable" in line] == [
            line for line in notices if line.startswith("adb server b is not reachable: 2 phones (")
        ]
        needs = farm.daemon.call("GET", "/api/v1/needs")["data"]["needs"]
        assert [need["kind"] for need in needs].count("adb") == 1
    assert farm.finish([task_id], 60)[0]["outcome"] == "published"
    warned = [line for line in farm.daemon.log().splitlines() if "adb server b is not reachable" in line]
    assert len([line for line in warned if "(2 phones)" in line]) == 1


@pytest.mark.long
@pytest.mark.timeout(300)
def test_a_phone_that_two_servers_have_keeps_its_tasks_when_one_of_them_is_lost(farm: Farm) -> None:
    local, b, _ = farm.boxes
    serial = local.serials[0]

    def way() -> str:
        return next(str(one["adb_server"]) for one in farm.devices()["devices"] if one["serial"] == serial)

    b.phones.adb("connect", serial)
    until(lambda: serial in b.phones.adb("devices"), 20)
    assert way() == "local"
    with local.hanging():
        until(lambda: way() == "b", 60, "the phone is used through b")
        tasks = farm.finish(farm.post(local, "through b", [serial]), 60)
        assert [task["outcome"] for task in tasks] == ["published"]
    until(lambda: way() == "local", 60, "the phone is used through its own server again")
    tasks += farm.finish(farm.post(local, "through local", [serial]), 60)
    assert [task["outcome"] for task in tasks] == ["published"] * 2
    assert farm.judge(tasks) == []


@pytest.mark.long
@pytest.mark.timeout(900)
def test_thirty_phones_post_while_one_server_after_the_other_is_struck(tmp_path: Path) -> None:
    farm = Farm(tmp_path, 10, extra=("--latency", "400"))
    pause = threading.Event()
    try:
        farm.configure(QUICK_RETRIES)
        farm.start()
        tasks = []
        for number in range(3):
            tasks += [task_id for box in farm.boxes for task_id in farm.post(box, f"{number} of {box.name}")]
        for box in farm.boxes:
            pause.wait(2.0)
            box.kill()
            pause.wait(2.0)
            with box.hanging():
                pause.wait(30.0)
        ended = farm.finish(tasks, 300)
        assert farm.judge(ended) == []
        assert len(ended) == 90
        assert {task["outcome"] for task in ended} <= {"published", "unknown"}
    finally:
        farm.stop()


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("delay_s", "loss"), [(0.02, 0.0), (0.02, 0.01)], ids=["delay", "delay and loss"])
def test_boxes_behind_a_slow_and_lossy_network_post_and_a_cut_of_one_costs_no_other(
    tmp_path: Path, delay_s: float, loss: float
) -> None:
    if why := missing():
        pytest.skip(why)
    pause = threading.Event()
    with ExitStack() as stack:
        links = {name: stack.enter_context(LossyLink(delay_s=delay_s, loss=loss)) for name in ("b", "c")}
        farm = Farm(tmp_path, 2, within={name: link.within for name, link in links.items()})
        stack.callback(farm.stop)
        for box in farm.boxes[1:]:
            link = links[box.name]
            words = [
                *link.within,
                sys.executable,
                "-m",
                "tests.support.relay",
                link.there,
                box.port,
                box.port,
            ]
            relay = subprocess.Popen(list(map(str, words)), stdout=subprocess.PIPE, cwd=ROOT)
            stack.callback(relay.wait)
            stack.callback(relay.kill)
            assert relay.stdout is not None
            assert relay.stdout.readline() == b"ready\n"
            box.host = link.there
        farm.configure(QUICK_RETRIES, {box.name: 'link = "cable"' for box in farm.boxes[1:]})
        farm.start(120.0)
        tasks = [task_id for box in farm.boxes for task_id in farm.post(box, f"first of {box.name}")]
        ended = farm.finish(tasks, 180)
        assert {task["outcome"] for task in ended} == {"published"}
        cut = farm.post(farm.by_name["b"], "while b is cut")
        until(lambda: farm.daemon.task(cut[0])["status"] == 1, 30)
        links["b"].cut = True
        others = [
            task_id for name in ("local", "c") for task_id in farm.post(farm.by_name[name], f"beside, {name}")
        ]
        ended += farm.finish(others, 120)
        until(lambda: [one["name"] for one in farm.devices()["adb_servers"] if not one["up"]] == ["b"], 60)
        pause.wait(5.0)
        links["b"].cut = False
        ended += farm.finish(cut, 180)
        assert farm.judge(ended) == []
        assert all(task["outcome"] == "published" for task in ended if task["id"] not in cut)
        last = farm.finish(farm.post(farm.by_name["b"], "b is back"), 120)
        assert {task["outcome"] for task in last} == {"published"}

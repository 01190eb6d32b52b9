"""What the clients of a crowd ask of tasks, each call chosen before it is made; and the tasks that they ask for."""

from __future__ import annotations

import socket
import threading
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from storage.records import Stage
from tests.support.crowd_judge import JudgedCrowd
from tests.support.crowd_order import Asked
from tests.support.never_twice import HOMES, T

#: A call of one client, all that is random about it chosen before; it returns what is said of it.
Act = Callable[[], str]


class TaskClients(JudgedCrowd):
    """Clients that create tasks, and want something of them."""

    focus = 0  #: the task that most clients of this round are about

    def __init__(self, folder: Path, seed: int) -> None:
        self.taken: set[Any] = set()  #: what one client alone may change in this round
        self.keyed: defaultdict[str, list[list[int]]] = defaultdict(list)  #: what was answered to each key
        super().__init__(folder, seed)

    def _at_once(self, acts: list[tuple[str, Act]]) -> list[str]:
        """Do all of it at the same moment; what each has said, or the first error of any."""
        said = [""] * len(acts)
        errors: list[BaseException] = []
        together = threading.Barrier(len(acts) or 1)

        def client(place: int, name: str, act: Act) -> None:
            try:
                together.wait()
                said[place] = f"{name}: {act()}"
            except BaseException as error:  # noqa: BLE001 - it is raised by the thread that waits
                errors.append(error)

        threads = [threading.Thread(target=client, args=(place, *act)) for place, act in enumerate(acts)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for error in errors:
            raise error
        self.counts.update(name for name, _ in acts)
        return said

    def _task(self, *stages: Stage) -> int:
        return self.focus if self.focus and self.choice.random() < 0.7 else self.some_task(*stages)

    def _ask_of(self, kind: str, ids: list[int], method: str, path: str, body: Any = None, *,
                lost: bool = False, facts: dict[str, Any] | None = None) -> tuple[Asked, Any]:  # fmt: skip
        """Call, and note for these tasks when; `lost`: the client hangs up without having heard the answer."""
        asked = Asked(kind, self.stamp(), facts={"ids": tuple(ids), **(facts or {})})
        for number in ids:
            self.asked[number].append(asked)
        if lost:
            self._hang_up(method, path, body)
            return asked, None
        return asked, self.api.call(method, path, body).json

    def _answered(self, asked: Asked, answer: Any, **facts: Any) -> str:
        asked.answered(self.stamp(), answer["code"], **facts)
        self.counts[f"{asked.kind} {answer['code']}"] += 1
        return f"{list(asked.facts.get('ids', ()))} -> {answer['code']} {answer['message'][:60]}"

    def a_stop(self) -> Act:
        number = self._task(Stage.SCHEDULED, Stage.QUEUED, Stage.PREPARING, Stage.COMMITTING, Stage.VERIFYING)

        def act() -> str:
            asked, answer = self._ask_of("stop", [number], "POST", f"{T}/{number}/stop")
            before = answer["code"] == 0 and answer["data"]["outcome"] == "none"
            return self._answered(asked, answer, ids=(number,) if before else ())

        return act

    def a_retry(self) -> Act:
        number = self._task(Stage.FAILED, Stage.REJECTED)
        confirm, lost = self.choice.random() < 0.3, self.choice.random() < 0.1
        more = [name for name, share in (("force", 0.5), ("now", 0.4)) if self.choice.random() < share]
        query = "&".join(f"{name}=true" for name in [*more, *(["confirm"] if confirm else [])])

        def act() -> str:
            path = f"{T}/{number}/retry?{query}"
            asked, answer = self._ask_of(
                "retry", [number], "POST", path, lost=lost, facts={"confirm": confirm}
            )
            return f"{number} {query} not heard" if lost else f"{query} {self._answered(asked, answer)}"

        return act

    def a_retry_all(self) -> Act:
        def act() -> str:
            asked = Asked("retry-all", self.stamp())
            self.asked_of_all.append(asked)
            answer = self.api.call("POST", f"{T}/retry-all").json
            return self._answered(asked, answer, ids=tuple(answer["data"]["task_ids"]))

        return act

    def a_delete(self) -> Act:
        return self._deletion([self._task(*Stage)], single=True)

    def a_delete_batch(self) -> Act:
        return self._deletion(sorted({self._task(*Stage) for _ in range(4)}), single=False)

    def _deletion(self, ids: list[int], *, single: bool) -> Act:
        path, body = (
            (f"{T}/{ids[0]}", None) if single else (f"{T}/batch", {"task_ids": [n for n in ids if n] or [1]})
        )

        def act() -> str:
            asked, answer = self._ask_of("delete", ids, "DELETE", path, body)
            data = answer["data"] if answer["code"] == 0 else {"task_ids": [], "warnings": []}
            warned = " ".join(data["warnings"])
            gone = tuple(n for n in data["task_ids"] if f"task {n} " not in warned)
            return self._answered(asked, answer, ids=gone)

        return act

    def a_hold(self) -> Act:
        number = self._task(Stage.SCHEDULED, Stage.QUEUED)
        return lambda: self._answered(*self._ask_of("hold", [number], "POST", f"{T}/{number}/hold"))

    def a_release(self) -> Act:
        held = [task.id for task in self.store.tasks.by_stage(Stage.SCHEDULED) if task.held]
        number = self.choice.choice(held) if held else self._task(Stage.SCHEDULED)
        return lambda: self._answered(*self._ask_of("release", [number], "POST", f"{T}/{number}/release"))

    def a_mark(self) -> Act:
        number = self._task(Stage.FAILED)
        self.marked.add(number)
        return lambda: self._answered(*self._ask_of("mark", [number], "POST", f"{T}/{number}/mark-published"))

    def a_change(self) -> Act:
        number, body = self._task(Stage.SCHEDULED, Stage.QUEUED), self._some_change()

        def act() -> str:
            asked, answer = self._ask_of("change", [number], "PATCH", f"{T}/{number}", body)
            task = answer["data"]["task"] if answer["code"] == 0 else {"version": 0}
            plan = None if answer["code"] else (task["caption"], task["materials"], task["username"])
            return f"{body} {self._answered(asked, answer, version=task['version'], plan=plan)}"

        return act

    # --- new tasks

    def _some_body(self) -> dict[str, Any]:
        body = super()._some_body()
        if "usernames" in body and self.choice.random() < 0.3:
            body["usernames"] = ["dan" if body["platform"] == "tiktok" else "eve"]
        if "start_time" in body:  # the zone may change under way
            at = self.clock.now() + self.choice.choice((60.0, 660.0, 3600.0))
            body["start_time"] = datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
        return body

    def a_create(self) -> Act:
        body = self._some_body()
        return lambda: self._create(body)

    def a_twin(self) -> Act:
        """The same post, asked for by its account and by its phone at the same moment."""
        body, name = self._some_body(), self.choice.choice(sorted(HOMES))
        for key in ("usernames", "serials", "force", "enable_multi_account"):
            body.pop(key, None)
        both = [{**body, "usernames": [name]}, {**body, "serials": [HOMES[name]]}]
        calls = [("twin", partial(self._create, one)) for one in both]
        return lambda: " & ".join(self._at_once(calls))

    def a_keyed_pair(self) -> Act:
        """The same request with its key, twice at the same moment."""
        body, key = self._keyed_body()
        return lambda: " & ".join(self._at_once([("keyed", lambda: self._create(body, key))] * 2))

    def a_hang_up(self) -> Act:
        """A client hangs up in the middle of its request or right after it, and asks again."""
        body, key = self._keyed_body()
        part = self.choice.choice((0.5, 1.0, 1.0))

        def act() -> str:
            self._hang_up("POST", T, body, key, part=part)
            return f"hung up at {part}, then {self._create(body, key)}"

        return act

    def _keyed_body(self) -> tuple[dict[str, Any], str]:
        body, key = self._some_body(), f"key-{self.stamp()}"
        config = {name: value for name, value in body["script_config"].items() if name != "placement"}
        body["script_config"] = {**config, "captions": key}
        return body, key

    def _create(self, body: dict[str, Any], key: str = "") -> str:
        headers: dict[str, Any] = {"Idempotency_Key": key} if key else {}
        answer = self.api.call("POST", T, body, **headers).json
        ids = answer["data"]["task_ids"] if answer["code"] == 0 else []
        self.counts[f"create {answer['code']}"] += 1
        if answer["code"] not in {0, 40902, 40001, 40401}:
            self.wrong(f"create answered {answer}")
        if key and ids:
            self.keyed[key].append(ids)
            made = sorted(number for number, (_, caption) in list(self.born.items()) if caption == key)
            if any(made != sorted(other) for other in self.keyed[key]):
                self.wrong(f"{key} was answered {self.keyed[key]}, and made {made}")
        return f"{body} -> {answer['code']} {ids}"

    def _hang_up(self, method: str, path: str, body: Any, key: str = "", *, part: float = 1.0) -> None:
        data = b"" if body is None else msgspec.json.encode(body)
        head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n"
        head += f"Idempotency-Key: {key}\r\n" if key else ""
        with socket.create_connection(("127.0.0.1", self.api.port), timeout=30) as connection:
            connection.sendall(head.encode() + b"\r\n" + data[: int(len(data) * part)])

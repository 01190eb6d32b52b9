"""A transaction by itself, and the group that writes it: what is laid over what, and what stands in the journal."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest

from storage.engine import commit
from storage.engine.commit import GROUP_MAX, GroupCommit, Ticket, Transaction
from storage.errors import StoreFailed

A, B, C = {"n": 1}, {"n": 2}, {"n": 3}


def normal(table: str, record: Any) -> tuple[bytes, Any]:
    assert table in {"tasks", "other", 'odd"name'}
    return msgspec.json.encode(record), dict(record)


def read(table: str, text: bytes) -> Any:
    assert table == "tasks"
    return msgspec.json.decode(text)


@pytest.fixture
def committed() -> dict[str, dict[int, Any]]:
    return {"tasks": {1: A, 2: B}}


@pytest.fixture
def change(committed: dict[str, dict[int, Any]]) -> Transaction:
    return Transaction(committed, normal, read, lambda table: {"tasks": 3}[table])


def written(change: Transaction) -> Any:
    """What the journal would say, read back."""
    text = change.payload(7, 5)
    return None if text is None else msgspec.json.decode(text)


def test_a_change_sees_what_is_committed_and_what_it_laid_over(
    change: Transaction, committed: dict[str, dict[int, Any]]
) -> None:
    assert (change.get("tasks", 1), change.get("tasks", 9), change.get("other", 1)) == (A, None, None)
    assert change.put("tasks", 3, C) == C
    assert change.put("tasks", 1, C) == C
    change.remove("tasks", 2)
    assert [change.get("tasks", number) for number in (1, 2, 3)] == [C, None, C]
    assert sorted(change.ids("tasks")) == [1, 3]
    assert change.ids("other") == []
    assert change.changed("tasks") == {3: C, 1: C, 2: None}
    assert change.changed("other") == {}
    assert committed == {"tasks": {1: A, 2: B}}
    assert change.new_id("tasks") == 3


def test_the_journal_says_what_was_put_and_what_is_gone(change: Transaction) -> None:
    assert change.payload(7, 5) is None
    change.put("tasks", 3, C)
    change.put("tasks", 4, A)
    change.put('odd"name', 1, B)
    assert change.payload(7, 5) == (
        b'{"seq":7,"batch":5,"put":{"tasks":{"3":{"n":3},"4":{"n":1}},"odd\\"name":{"1":{"n":2}}}}'
    )
    change.remove("tasks", 1)
    assert written(change)["gone"] == {"tasks": [1]}


def test_only_the_last_word_about_a_record_is_written(change: Transaction) -> None:
    change.put("tasks", 3, C)
    change.remove("tasks", 3)
    change.remove("tasks", 1)
    change.remove("tasks", 2)
    change.put("tasks", 1, B)
    assert written(change) == {"seq": 7, "batch": 5, "put": {"tasks": {"1": B}}, "gone": {"tasks": [3, 2]}}


def test_a_removal_alone_is_a_change(change: Transaction) -> None:
    change.remove("tasks", 2)
    assert written(change) == {"seq": 7, "batch": 5, "gone": {"tasks": [2]}}


def test_a_record_given_as_json_is_kept_as_it_was_given(change: Transaction) -> None:
    assert change.put_text("tasks", 3, b'{ "n": 3 }') == C
    assert change.get("tasks", 3) == C
    assert change.payload(1, 1) == b'{"seq":1,"batch":1,"put":{"tasks":{"3":{ "n": 3 }}}}'


def test_a_table_that_is_touched_exists_though_it_is_empty(change: Transaction) -> None:
    change.touch("tasks")
    assert change.payload(1, 1) is None
    change.touch("other")
    change.touch("other")
    assert written(change)["put"] == {"other": {}}
    assert change.changes == {"other": {}}


def test_a_table_that_is_dropped_loses_all_its_records(change: Transaction) -> None:
    change.put("tasks", 3, C)
    change.drop("tasks")
    assert change.ids("tasks") == []
    assert change.get("tasks", 3) is None
    assert written(change) == {"seq": 7, "batch": 5, "dropped": ["tasks"]}
    assert change.dropped == ["tasks"]
    change.put("tasks", 4, A)
    assert written(change) == {"seq": 7, "batch": 5, "put": {"tasks": {"4": A}}, "dropped": ["tasks"]}


def test_an_error_undoes_what_came_since_the_change_began_and_nothing_before(change: Transaction) -> None:
    change.begin()
    change.put("tasks", 1, C)
    change.put("tasks", 3, C)
    change.drop("other")
    change.begin()
    change.derived["index"] = object()
    change.put("tasks", 1, B)
    change.put("tasks", 1, A)
    change.remove("tasks", 3)
    change.put("tasks", 4, A)
    change.drop("other")
    change.roll_back()
    assert change.changed("tasks") == {1: C, 3: C}
    assert change.dropped == ["other"]
    assert change.derived == {}
    assert change.payload(1, 1) is None
    change.put("tasks", 5, A)
    change.roll_back()
    assert change.changed("tasks") == {1: C, 3: C}


def test_what_a_change_drops_is_kept_when_another_one_fails(change: Transaction) -> None:
    change.begin()
    change.drop("other")
    change.begin()
    change.put("tasks", 1, C)
    change.roll_back()
    assert change.dropped == ["other"]


class Writer:
    """Writes groups as the test says: an error, or a result for each."""

    def __init__(self) -> None:
        self.groups: list[int] = []
        self.numbers: list[int] = []
        self.error: BaseException | None = None
        self.group: GroupCommit = GroupCommit(self.write)

    def write(self, tickets: Sequence[Ticket]) -> None:
        self.groups.append(len(tickets))
        self.numbers.append(self.group.under_way)
        if self.error is not None:
            raise self.error
        for ticket in tickets:
            ticket.result = ticket.action(None)  # type: ignore[arg-type]


def test_a_change_alone_leads_its_group_and_gets_its_result() -> None:
    writer = Writer()
    assert writer.group.under_way == 0
    assert writer.group.run(lambda _: "done", essential=False) == "done"
    assert writer.group.run(lambda _: "again", essential=True) == "again"
    assert (writer.groups, writer.numbers, writer.group.under_way) == ([1, 1], [1, 2], 0)


def test_a_new_ticket_waits_and_does_not_lead() -> None:
    ticket = Ticket(len, essential=True)
    assert (ticket.essential, ticket.lead, ticket.result, ticket.error) == (True, False, None, None)
    assert ticket.wake.locked()
    assert Ticket(len, essential=False).essential is False


def test_an_error_of_the_disk_is_raised_and_the_next_change_is_written() -> None:
    writer = Writer()
    writer.error = StoreFailed("no answer")
    with pytest.raises(StoreFailed, match="no answer"):
        writer.group.run(lambda _: None, essential=False)
    assert writer.group.under_way == 0
    writer.error = None
    assert writer.group.run(lambda _: "done", essential=False) == "done"


def test_an_error_of_ones_own_is_raised_where_the_change_came_from() -> None:
    def write(tickets: Sequence[Ticket]) -> None:
        for ticket in tickets:
            ticket.error = KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        GroupCommit(write).run(lambda _: None, essential=False)


def test_a_group_is_bounded_and_its_successor_is_led_by_the_first_that_waits() -> None:
    writer = Writer()
    waiting = [Ticket(lambda _, number=number: number, essential=False) for number in range(GROUP_MAX + 2)]  # type: ignore[misc]
    writer.group.waiting.extend(waiting)
    writer.group.led = True
    writer.group.write_next()
    assert writer.groups == [GROUP_MAX]
    assert [ticket.result for ticket in waiting[:GROUP_MAX]] == list(range(GROUP_MAX))
    assert not any(ticket.wake.locked() for ticket in waiting[:GROUP_MAX])
    leader, last = waiting[GROUP_MAX:]
    assert (leader.lead, leader.wake.locked()) == (True, False)
    assert (last.lead, last.wake.locked()) == (False, True)
    assert writer.group.under_way == 1  # led on: the next group is under way
    writer.group.write_next()
    assert writer.groups == [GROUP_MAX, 2]
    assert not last.wake.locked()
    assert writer.group.under_way == 0


def test_an_error_of_the_disk_goes_to_all_of_the_group_that_have_none_of_their_own() -> None:
    writer = Writer()
    writer.error = StoreFailed("no answer")
    own, other = Ticket(len, essential=False), Ticket(len, essential=False)
    own.error = KeyError("mine")
    writer.group.waiting.extend([own, other])
    with pytest.raises(StoreFailed):
        writer.group.write_next()
    assert isinstance(own.error, KeyError)
    assert other.error is writer.error
    assert not own.wake.locked()
    assert not other.wake.locked()


def test_a_change_whose_turn_does_not_come_says_for_how_long_it_waited(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(commit, "TURN_TIMEOUT_S", 0.01)
    writer = Writer()
    writer.group.led = True
    with pytest.raises(StoreFailed, match=r"^the disk did not answer for 0 seconds; nothing was changed$"):
        writer.group.run(lambda _: None, essential=False)
    assert list(writer.group.waiting) == []


class MissedWake:
    """Wakes nobody in time; what happens in the very moment of the timeout is the test's to say."""

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        self.meanwhile = meanwhile
        self.waits: list[float | None] = []

    def acquire(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout)
        if timeout is not None:
            self.meanwhile()
        return timeout is None


def test_a_change_whose_group_began_as_its_time_ran_out_waits_for_the_disk() -> None:
    group = Writer().group
    ticket = Ticket(len, essential=False)
    group.waiting.append(ticket)
    wake = MissedWake(group.waiting.popleft)
    ticket.wake = wake  # type: ignore[assignment]
    group.wait_for(ticket)
    assert wake.waits == [commit.TURN_TIMEOUT_S, None]


def test_a_change_that_was_chosen_to_lead_as_its_time_ran_out_leads() -> None:
    group = Writer().group
    ticket = Ticket(len, essential=False)
    group.waiting.append(ticket)
    ticket.wake = MissedWake(lambda: setattr(ticket, "lead", True))  # type: ignore[assignment]
    group.wait_for(ticket)
    assert list(group.waiting) == [ticket]


def test_a_change_that_waits_is_woken_with_its_result() -> None:
    writer = Writer()
    writer.group.led = True  # another thread writes
    results: list[object] = []
    waits = threading.Thread(
        target=lambda: results.append(writer.group.run(lambda _: "done", essential=False))
    )
    waits.start()
    while not writer.group.waiting:
        waits.join(0.001)
    writer.group.write_next()
    waits.join(20)
    assert results == ["done"]
    assert writer.groups == [1]


def test_records_that_a_change_leaves_alone_are_among_those_that_it_sees(change: Transaction) -> None:
    assert change.ids("tasks") == [1, 2]
    change.put("tasks", 3, C)
    change.remove("tasks", 1)
    assert change.ids("tasks") == [2, 3]


def test_whether_an_action_is_essential_is_told_to_the_one_that_writes_it() -> None:
    seen: list[bool] = []

    def write(group: Sequence[Ticket]) -> None:
        seen.extend(ticket.essential for ticket in group)

    commits = GroupCommit(write)
    for essential in (True, False):
        commits.run(lambda _: None, essential=essential)
    assert seen == [True, False]

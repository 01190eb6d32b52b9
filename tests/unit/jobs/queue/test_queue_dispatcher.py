"""Whose turn it is, and what the others are told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from jobs.phone.protocol import PhoneState
from jobs.queue import dispatcher
from jobs.queue.dispatcher import HEADS, Dispatcher
from jobs.queue.turn import Turn
from jobs.task.states import Mover
from storage.records import Stage, Task, Waiting
from storage.store import Store
from storage.tables.tasks import WaitingFacts
from tests.support.bench import new_task, plain_turns
from tests.support.clock import FakeClock
from tests.support.fake_phones import FakePhones


class Rig:
    """A dispatcher without its thread; work that begins is only written down."""

    def __init__(self, store: Store, phones: FakePhones, limit: int = 100) -> None:
        self.store = store
        self.clock = FakeClock()
        self.phones = phones
        self.begun: list[Turn] = []
        self.dispatcher = Dispatcher(
            self.clock, store.tasks, phones, limit, self._begin, turn_for=plain_turns(self.clock)
        )
        phones.subscribe(self.dispatcher.phone_changed)

    def _begin(self, turns: Sequence[Turn]) -> None:
        self.begun += turns

    def add(self, serial: str, at: float = 0.0) -> Task:
        task = self.store.tasks.create([new_task(serial, at=at, stage=Stage.QUEUED)])[0]
        self.dispatcher.enqueue([task])
        return task

    def turn(self) -> list[int]:
        before = len(self.begun)
        self.dispatcher.turn()
        return [turn.task_id for turn in self.begun[before:]]

    def why(self, task: Task) -> tuple[Waiting | None, str]:
        found = self.store.tasks.get(task.id)
        assert found is not None
        return found.waiting_for, found.waiting_detail


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path, reserve_bytes=0) as opened:
        yield opened


def test_one_task_at_a_time_per_phone_in_order_of_start_time_then_id(store: Store) -> None:
    rig = Rig(store, FakePhones("A"))
    late, early, same = rig.add("A", 20), rig.add("A", 10), rig.add("A", 10)
    order = []
    for _ in range(4):
        order += rig.turn()
        if rig.begun:
            rig.dispatcher.release(rig.begun[-1])
    assert order == [early.id, same.id, late.id]


def test_a_free_slot_goes_to_the_task_that_was_due_first(store: Store) -> None:
    rig = Rig(store, FakePhones("A", "B", "C"), limit=1)
    third, first, second = rig.add("A", 30), rig.add("B", 10), rig.add("C", 20)
    order = []
    for _ in range(3):
        order += rig.turn()
        rig.dispatcher.release(rig.begun[-1])
    assert order == [first.id, second.id, third.id]


def test_a_task_behind_a_published_one_is_told_that_the_phone_only_rests(store: Store) -> None:
    rig = Rig(store, FakePhones("A"))
    first, behind = rig.add("A", 1), rig.add("A", 2)
    assert rig.turn() == [first.id]
    store.tasks.change(first.id, stage=Stage.PUBLISHED)
    assert rig.turn() == []
    sentence = f"the phone A works on task {first.id}, which is published: it cleans up and leaves the app its upload_wait_time"
    assert rig.why(behind) == (Waiting.DEVICE, sentence)


def test_nothing_begins_on_a_phone_before_the_look_for_a_post_that_may_be_out_there(store: Store) -> None:
    rig = Rig(store, FakePhones("A", "B"))
    lost, other = rig.add("A", 1), rig.add("B", 1)
    lost = store.tasks.change(lost.id, stage=Stage.VERIFYING)
    post = rig.add("A", 2)
    assert rig.turn() == [other.id]
    sentence = f"the phone A is looked at first: task {lost.id} may have been published there"
    assert rig.why(post) == (Waiting.DEVICE, sentence)
    for _ in range(2):  # the first look fails, and the phone is reported meanwhile
        rig.dispatcher.enqueue_look(lost)
        assert rig.turn() == [lost.id]
        rig.dispatcher.release(rig.begun[-1])
        assert rig.turn() == []
    store.tasks.change(lost.id, stage=Stage.FAILED)
    assert rig.turn() == [post.id]


def test_the_last_task_of_an_absent_phone_leaves_no_reason_when_it_is_stopped(store: Store) -> None:
    rig = Rig(store, FakePhones())
    task = rig.add("GONE")
    rig.turn()
    assert rig.dispatcher.why("GONE") == "the phone GONE is not connected"
    store.tasks.change(task.id, stage=Stage.FAILED)
    rig.turn()
    assert rig.dispatcher.why("GONE") == ""


def test_a_task_that_was_stopped_and_asked_for_again_is_told_why_it_waits(store: Store) -> None:
    rig = Rig(store, FakePhones())
    task = rig.add("GONE")
    rig.turn()
    store.tasks.change(task.id, stage=Stage.FAILED, waiting_for=None, waiting_detail="")
    rig.dispatcher.enqueue([store.tasks.change(task.id, stage=Stage.QUEUED, scheduled_at=7.0)])
    rig.turn()
    assert rig.why(task) == (Waiting.DEVICE, "the phone GONE is not connected")


def test_JOB_6_each_obstacle_gives_its_own_reason(store: Store) -> None:
    phones = FakePhones("A", "B", "SLOT")
    rig = Rig(store, phones, limit=2)
    phones.set("UNAUTHORIZED", PhoneState.UNAUTHORIZED)
    phones.set("HOT", PhoneState.NEEDS_HANDS, detail="its battery has 50 degrees")
    running, behind = rig.add("A", 1), rig.add("A", 2)
    other = rig.add("B", 1)
    slot = rig.add("SLOT", 3)
    never, unauthorized, hot = rig.add("NEVER"), rig.add("UNAUTHORIZED"), rig.add("HOT")
    assert rig.turn() == [running.id, other.id]
    assert rig.why(behind) == (Waiting.DEVICE, f"the phone A works on task {running.id}")
    assert rig.why(slot) == (Waiting.SLOT, "2 phones work already, which is the limit")
    assert rig.why(never) == (Waiting.DEVICE, "the phone NEVER is not connected")
    assert rig.why(unauthorized) == (
        Waiting.DEVICE,
        "the phone UNAUTHORIZED is not ready: it has not accepted this box's adb key: confirm its dialog",
    )
    assert rig.why(hot) == (Waiting.DEVICE, "the phone HOT is not ready: its battery has 50 degrees")


@pytest.mark.parametrize("state", [state for state in PhoneState if state is not PhoneState.DEVICE])
def test_a_task_waits_for_its_phone_and_starts_when_it_is_there(store: Store, state: PhoneState) -> None:
    phones = FakePhones()
    phones.set("A", state)
    rig = Rig(store, phones)
    task = rig.add("A")
    assert rig.turn() == []
    assert rig.why(task)[0] is Waiting.DEVICE
    phones.set("A")
    assert rig.dispatcher.loop._wake.is_set()
    assert rig.turn() == [task.id]


def test_the_time_since_when_a_task_waits_stays_while_only_the_sentence_changes(store: Store) -> None:
    phones = FakePhones()
    phones.set("A", PhoneState.OFFLINE)
    rig = Rig(store, phones)
    task = rig.add("A")
    rig.turn()
    since = rig.clock.now()
    rig.clock.advance(60)
    phones.set("A", PhoneState.UNAUTHORIZED)
    rig.turn()
    found = store.tasks.get(task.id)
    assert found is not None
    assert "adb key" in found.waiting_detail
    assert found.waiting_since == since


def test_two_serials_of_one_phone_never_work_at_once(store: Store) -> None:
    phones = FakePhones("USB")
    phones.set("10.0.0.5:5555", identity="USB")
    rig = Rig(store, phones)
    first, second = rig.add("USB", 1), rig.add("10.0.0.5:5555", 2)
    assert rig.turn() == [first.id]
    assert rig.why(second)[1] == "the phone 10.0.0.5:5555 is also connected as USB and works there"
    rig.dispatcher.release(rig.begun[0])
    assert rig.turn() == [second.id]


def test_nothing_begins_under_another_serial_of_a_phone_that_is_to_be_looked_at(store: Store) -> None:
    phones = FakePhones("USB")
    phones.set("10.0.0.5:5555", identity="USB")
    rig = Rig(store, phones)
    lost = store.tasks.change(rig.add("10.0.0.5:5555", 1).id, stage=Stage.COMMITTING)
    post = rig.add("USB", 2)
    assert rig.turn() == []
    assert rig.why(post)[1].startswith(f"the phone USB is looked at first: task {lost.id} may have been")
    store.tasks.change(lost.id, stage=Stage.FAILED)
    assert rig.turn() == [post.id]


def test_phones_that_do_not_say_which_they_are_are_not_taken_for_one(store: Store) -> None:
    phones = FakePhones()
    for serial in ("10.0.0.5:5555", "10.0.0.6:5555"):
        phones.set(serial, identity="unknown")
    rig = Rig(store, phones)
    tasks = [rig.add("10.0.0.5:5555", 1), rig.add("10.0.0.6:5555", 2)]
    assert rig.turn() == [task.id for task in tasks]


def test_looking_for_a_post_of_unknown_fate_comes_before_any_post_of_that_phone(store: Store) -> None:
    rig = Rig(store, FakePhones("A"))
    post = rig.add("A")
    lost = store.tasks.change(rig.add("A", 99).id, stage=Stage.COMMITTING)
    rig.dispatcher.enqueue_look(lost)
    rig.dispatcher.enqueue_look(lost)
    rig.turn()
    assert rig.begun[0].doing == f"looks for the post of task {lost.id}"
    store.tasks.change(lost.id, stage=Stage.FAILED)
    rig.dispatcher.release(rig.begun[0])
    assert rig.turn() == [post.id]


def test_a_phone_that_was_gone_at_the_door_rests_until_it_reports_or_the_pause_is_over(store: Store) -> None:
    phones = FakePhones("A")
    rig = Rig(store, phones)
    task = rig.add("A")
    rig.turn()
    rig.dispatcher.release(rig.begun[0], again_in_s=10, door="it hung up")
    rig.dispatcher.enqueue([task])
    assert rig.turn() == []
    assert rig.why(task) == (Waiting.DEVICE, "the phone A is not ready: it hung up")
    rig.clock.advance(10)
    assert rig.turn() == [task.id]
    rig.dispatcher.release(rig.begun[1], again_in_s=10, door="it hung up")
    rig.dispatcher.enqueue([task])
    phones.set("A")
    assert rig.turn() == [task.id]


def test_enqueuing_twice_begins_once(store: Store) -> None:
    rig = Rig(store, FakePhones("A"))
    task = rig.add("A")
    rig.dispatcher.enqueue([task, task])
    assert rig.turn() == [task.id]
    rig.dispatcher.enqueue([task])
    rig.dispatcher.release(rig.begun[0])
    assert rig.turn() == []


def test_a_release_by_somebody_who_no_longer_holds_the_phone_frees_nothing(store: Store) -> None:
    rig = Rig(store, FakePhones("A"))
    rig.add("A", 1), rig.add("A", 2)
    rig.turn()
    rig.dispatcher.release(rig.begun[0])
    rig.turn()
    rig.dispatcher.release(rig.begun[0])
    assert rig.dispatcher.busy == {"A": rig.begun[1].task_id}


def test_a_lower_limit_lets_working_phones_go_on_and_holds_the_next(store: Store) -> None:
    rig = Rig(store, FakePhones("A", "B", "C"))
    rig.add("A"), rig.add("B")
    assert len(rig.turn()) == 2
    rig.dispatcher.set_limit(1)
    waits = rig.add("C")
    assert rig.turn() == []
    rig.dispatcher.release(rig.begun[0])
    assert rig.turn() == []
    rig.dispatcher.release(rig.begun[1])
    assert rig.turn() == [waits.id]


def test_a_draining_dispatcher_begins_nothing(store: Store) -> None:
    rig = Rig(store, FakePhones("A"))
    rig.add("A")
    rig.dispatcher.drain()
    assert rig.turn() == []


def test_of_a_long_queue_only_the_first_are_told_what_the_phone_does_now(store: Store) -> None:
    phones = FakePhones("A", "B")
    rig = Rig(store, phones, limit=1)
    tasks = [rig.add("A", at) for at in range(HEADS + 3)]
    first, *heads = tasks[: HEADS + 1]
    changes = store.tasks.set_waiting
    told: list[int] = []

    def note(updates: Mapping[int, WaitingFacts]) -> None:
        told.extend(updates)
        changes(updates)

    store.tasks.set_waiting = note  # type: ignore[method-assign]
    assert rig.turn() == [first.id]
    behind = (Waiting.DEVICE, "tasks that were due before it have the phone A first")
    assert {rig.why(task) for task in heads} == {(Waiting.DEVICE, f"the phone A works on task {first.id}")}
    assert {rig.why(task) for task in tasks[HEADS + 1 :]} == {behind}
    told.clear()
    rig.dispatcher.release(rig.begun[0])
    other = rig.add("B", -1)
    assert rig.turn() == [other.id]
    assert {rig.why(task)[0] for task in heads} == {Waiting.SLOT}
    assert sorted(told) == [task.id for task in heads]
    rig.dispatcher.release(rig.begun[1])
    told.clear()
    assert rig.turn() == [heads[0].id]
    assert rig.why(tasks[HEADS + 1]) == (Waiting.DEVICE, f"the phone A works on task {heads[0].id}")
    assert rig.why(tasks[HEADS + 2]) == behind
    assert len(told) == HEADS


def test_what_lasts_is_told_to_all_of_a_long_queue_and_so_is_a_place_that_moved_back(store: Store) -> None:
    phones = FakePhones("A")
    rig = Rig(store, phones)
    tasks = [rig.add("A", at) for at in range(1, HEADS + 4)]
    rig.turn()
    earlier = rig.add("A", 0)
    rig.turn()
    works = (Waiting.DEVICE, f"the phone A works on task {tasks[0].id}")
    behind = (Waiting.DEVICE, "tasks that were due before it have the phone A first")
    assert {rig.why(task) for task in (earlier, *tasks[1:HEADS])} == {works}
    assert {rig.why(task) for task in tasks[HEADS:]} == {behind}
    rig.dispatcher.release(rig.begun[0])
    phones.set("A", PhoneState.OFFLINE)
    assert rig.turn() == []
    assert {rig.why(task)[1] for task in tasks[1:]} == {
        "the phone A is not ready: it is connected but does not answer"
    }


SERIALS = ("A", "B", "C", "B2")


class Hub(RuleBasedStateMachine):
    """Whatever happens in whatever order: no phone works twice, no slot too many, no task without a reason."""

    @initialize(limit=st.integers(1, 3), heads=st.sampled_from([1, 2, HEADS]))
    def begin(self, limit: int, heads: int) -> None:
        import tempfile

        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(dispatcher, "HEADS", heads)
        self.folder = tempfile.TemporaryDirectory()
        self.store = Store.open(Path(self.folder.name), reserve_bytes=0)
        self.phones = FakePhones("A", "B", "C")
        self.phones.set("B2", identity="B")
        self.limit = limit
        self.rig = Rig(self.store, self.phones, limit)
        self.mover = Mover(self.store.tasks, self.rig.clock)
        self.done: list[int] = []
        self.held: list[Turn] = []

    @rule(serial=st.sampled_from(SERIALS), at=st.integers(0, 5))
    def add(self, serial: str, at: int) -> None:
        self.rig.add(serial, at)

    @rule(serial=st.sampled_from(SERIALS), state=st.sampled_from(list(PhoneState)))
    def phone(self, serial: str, state: PhoneState) -> None:
        self.phones.set(serial, state, identity="B" if serial == "B2" else serial)

    @rule()
    def turn(self) -> None:
        before = len(self.rig.begun)
        self.rig.turn()
        for turn in self.rig.begun[before:]:
            task = self.store.tasks.get(turn.task_id)
            assert task is not None
            assert self.mover.claim([task]), "begun twice"
            self.held.append(turn)

    @rule(pick=st.integers(0, 10), pause=st.sampled_from([0.0, 10.0]), again=st.booleans())
    def end(self, pick: int, pause: float, again: bool) -> None:
        if not self.held:
            return
        turn = self.held.pop(pick % len(self.held))
        to = Stage.QUEUED if again else Stage.FAILED
        task = self.mover.move(turn.task_id, to, expect={Stage.PREPARING})
        self.rig.dispatcher.release(turn, again_in_s=pause, door="door")
        self.rig.dispatcher.enqueue_again(task)

    @rule(seconds=st.integers(1, 20))
    def wait(self, seconds: int) -> None:
        self.rig.clock.advance(seconds)

    @invariant()
    def no_phone_works_twice(self) -> None:
        identities = ["B" if turn.serial == "B2" else turn.serial for turn in self.held]
        assert len(set(identities)) == len(identities)
        assert len(self.held) <= self.limit

    @invariant()
    def everyone_who_waits_knows_why(self) -> None:
        self.turn()
        for task in self.store.tasks.queued():
            assert task.waiting_for is not None
            assert task.waiting_detail
        for serial in SERIALS:
            waiting = [task for task in self.store.tasks.queued() if task.serial == serial]
            for task in waiting[: dispatcher.HEADS]:
                assert task.waiting_detail == self.rig.dispatcher.why(serial)

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            self.patch.undo()
            self.folder.cleanup()


TestHub = Hub.TestCase
TestHub.settings = hypothesis_settings(max_examples=25, stateful_step_count=25, deadline=None)

"""What a person hears of: once per occasion, and not when it mends itself."""

import msgspec
import pytest

from jobs.notify.watch import AGAIN_S, GRACE_S, Watch
from jobs.phone.inventory.homes import known_homes
from jobs.phone.inventory.losses import Lost
from jobs.phone.protocol import PhoneInfo, PhoneState, ServerInfo
from storage.store import StoreHealth
from tests.support.clock import FakeClock


class Meta:
    """Values that outlive a restart."""

    def __init__(self, kept):
        self.get = kept.get
        self.set = kept.__setitem__


class Hub:
    """Phones and a store whose state a test sets."""

    def __init__(self, tmp_path, min_free_bytes=0):
        self.clock = FakeClock()
        self.far = []  #: names of adb servers that are away, beside those of phones
        self.phones = {s: PhoneInfo(serial=s, state=PhoneState.DEVICE, since=0.0) for s in ("A", "B", "C")}
        self.lost = []
        self.kept = {}
        self.meta = Meta(self.kept)
        self.store_health = StoreHealth(writable=True, warnings=())
        self.told = []
        self.state_dir = tmp_path
        self.watch = Watch(self.clock, self, self, self._tell, min_free_bytes=min_free_bytes)

    def _tell(self, name, sentence, /, **facts):
        self.told.append((name, sentence, facts))

    def inventory(self):
        return list(self.phones.values())

    def servers(self):
        found = []
        for name in dict.fromkeys(
            ["local", *(phone.adb_server for phone in self.phones.values()), *self.far]
        ):
            own = [phone for phone in self.phones.values() if phone.adb_server == name]
            down = name in self.far or any(phone.state is PhoneState.ADB_DOWN for phone in own)
            found.append(ServerInfo(name=name, address="127.0.0.1:5037", up=not down, why="it hangs", since=0.0,
                                    phones=len(own), usable=0, pushes=0, max_pushes=4))  # fmt: skip
        return found

    def losses(self):
        return list(self.lost)

    def health(self):
        return self.store_health

    def set(self, serial, state, detail=""):
        self.phones[serial] = msgspec.structs.replace(self.phones[serial], state=state, detail=detail)

    def move(self, *serials, server):
        for serial in serials:
            self.phones[serial] = msgspec.structs.replace(self.phones[serial], adb_server=server)

    def lose(self, *serials, hub="", state=PhoneState.ABSENT):
        for serial in serials:
            self.set(serial, state, "not connected")
        self.lost.append(Lost(self.clock.now(), serials, hub))

    def after(self, seconds):
        self.watch.turn()
        self.clock.advance(seconds)
        self.watch.turn()
        return [name for name, _, _ in self.told]


@pytest.fixture
def hub(tmp_path):
    return Hub(tmp_path)


def test_a_phone_that_stays_away_is_told_once(hub):
    hub.lose("A")
    assert hub.after(1) == []
    assert hub.after(GRACE_S) == ["phone_lost"]
    assert hub.after(GRACE_S) == ["phone_lost"]
    assert hub.told[0][1:] == ("phone A is gone: not connected", {"serial": "A"})


def test_R67_phones_are_called_by_their_labels_too(hub):
    hub.kept["label:A"] = "Shelf A-3"
    hub.lose("A")
    hub.after(GRACE_S)
    hub.lose("A", "B", hub="1-2")
    hub.after(GRACE_S)
    hub.set("A", PhoneState.UNAUTHORIZED, "accept the key")
    hub.after(GRACE_S)
    hub.watch.heard("task_failed", "task 7: logged out", serial="A", code="not_logged_in")
    assert [(sentence, facts.get("serial")) for _, sentence, facts in hub.told if sentence[:4] != "task"] == [
        ("phone Shelf A-3 (A) is gone: not connected", "A"),
        ("2 phones on USB hub 1-2 were lost together: Shelf A-3 (A), B", None),
        ("phone Shelf A-3 (A): accept the key", "A"),
        ("phone Shelf A-3 (A) needs a person: task 7: logged out", "A"),
    ]


def test_a_phone_that_is_back_within_seconds_is_no_news(hub):
    hub.lose("A")
    hub.watch.turn()
    hub.set("A", PhoneState.DEVICE)
    assert hub.after(GRACE_S) == []


def test_a_loose_cable_is_told_once_an_hour(hub):
    for _ in range(10):
        hub.lose("A")
        hub.after(GRACE_S)
        hub.set("A", PhoneState.DEVICE)
        hub.after(60)
    assert len(hub.told) == 1
    hub.clock.advance(AGAIN_S)
    hub.lose("A")
    assert len(hub.after(GRACE_S)) == 2


def test_ADB_13_phones_that_vanish_with_their_hub_are_one_event(hub):
    hub.lose("A", "B", hub="1-2")
    assert hub.after(GRACE_S) == ["hub_lost"]
    assert hub.told[0][2] == {"serials": ["A", "B"], "hub": "1-2"}


def test_of_a_hub_that_comes_back_only_the_missing_phone_is_told(hub):
    hub.lose("A", "B", hub="1-2")
    hub.watch.turn()
    hub.set("A", PhoneState.DEVICE)
    assert hub.after(GRACE_S) == ["phone_lost"]
    assert hub.told[0][2] == {"serial": "B"}


def test_an_adb_server_that_is_down_is_one_event_for_all_phones(hub):
    hub.lose("A", "B", "C", state=PhoneState.ADB_DOWN)
    hub.set("A", PhoneState.ADB_DOWN, "the adb server on port 1 hangs")
    assert hub.after(GRACE_S) == ["hub_lost"]
    assert "the adb server on port 1 hangs" in hub.told[0][1]


def test_of_several_adb_servers_each_that_is_lost_is_one_event(hub):
    hub.move("B", "C", server="shelf-2")
    hub.lose("B", "C", state=PhoneState.ADB_DOWN)
    assert hub.after(GRACE_S - 1) == []
    assert hub.after(1) == ["hub_lost"]
    _, sentence, facts = hub.told[0]
    assert sentence == "adb server shelf-2 is not reachable: 2 phones (it hangs)"
    assert facts == {"serials": ["B", "C"], "adb_server": "shelf-2"}
    hub.far.append("shelf-3")
    assert hub.after(GRACE_S) == ["hub_lost", "hub_lost"]
    assert hub.told[1][1] == "adb server shelf-3 is not reachable: 0 phones (it hangs)"
    assert len(hub.after(GRACE_S)) == 2


def test_which_adb_server_each_phone_belongs_to_outlives_a_restart(hub):
    hub.watch.turn()
    assert hub.kept == {}  # of one server there is nothing to remember
    hub.move("B", "C", server="shelf-2")
    hub.watch.turn()
    assert known_homes(hub.meta) == {"B": "shelf-2", "C": "shelf-2"}
    hub.lose("B", "C", state=PhoneState.ADB_DOWN)
    hub.watch.turn()
    assert known_homes(hub.meta) == {"B": "shelf-2", "C": "shelf-2"}
    hub.set("B", PhoneState.DEVICE)
    hub.set("C", PhoneState.ABSENT)
    hub.watch.turn()
    assert known_homes(hub.meta) == {"B": "shelf-2"}
    hub.move("B", "C", server="local")
    hub.far.append("shelf-2")
    hub.watch.turn()
    assert known_homes(hub.meta) == {}


def test_an_adb_server_that_is_back_within_seconds_is_no_news(hub):
    hub.move("B", server="shelf-2")
    hub.lose("B", state=PhoneState.ADB_DOWN)
    hub.after(GRACE_S - 1)
    hub.set("B", PhoneState.DEVICE)
    hub.after(1)
    hub.set("B", PhoneState.ADB_DOWN)
    assert hub.after(GRACE_S - 1) == []


def test_hubs_of_the_same_name_on_two_boxes_are_two_matters(hub):
    hub.lose("A", "B", hub="1-2")
    hub.lost.append(Lost(hub.clock.now(), ("A", "B"), "1-2", "shelf-2"))
    assert hub.after(GRACE_S) == ["hub_lost", "hub_lost"]
    assert hub.told[1][1] == "2 phones on USB hub 1-2 of shelf-2 were lost together: A, B"


@pytest.mark.parametrize("state", [PhoneState.UNAUTHORIZED, PhoneState.NEEDS_HANDS, PhoneState.DUPLICATE])
def test_a_phone_that_only_a_person_can_help_is_told_once_per_hour(hub, state):
    hub.set("B", state, "look at it")
    assert hub.after(GRACE_S) == ["needs_hands"]
    assert hub.told[0][1] == "phone B: look at it"
    assert hub.after(60) == ["needs_hands"]
    assert hub.after(AGAIN_S) == ["needs_hands"] * 2


def test_losses_from_before_the_watch_began_are_not_forgotten(hub):
    hub.lose("A")
    assert hub.after(GRACE_S) == ["phone_lost"]


def test_a_task_that_fails_for_want_of_a_log_in_also_says_who_is_needed(hub):
    for task in (7, 8):
        hub.watch.heard(
            "task_failed", f"task {task} for @a: logged out", task_id=task, serial="A", code="not_logged_in"
        )
    assert [name for name, _, _ in hub.told] == ["task_failed", "needs_hands", "task_failed"]
    hub.watch.heard("task_failed", "task 9", task_id=9, serial="A", code="upload_timeout")
    assert len(hub.told) == 4


def test_a_disk_that_gets_full_is_told_once_and_stands_in_the_log_for_those_without_a_receiver(
    tmp_path, caplog
):
    low = Hub(tmp_path, min_free_bytes=2**60)
    assert low.after(5) == ["disk"]
    assert "new tasks are refused" in low.told[0][1]
    assert low.after(5) == ["disk"]
    assert [record.getMessage() for record in caplog.records] == [low.told[0][1]]


def test_each_new_trouble_of_the_store_is_told_once(hub):
    hub.store_health = StoreHealth(writable=False, warnings=("the journal cannot be written (I/O error)",))
    assert hub.after(5) == ["disk"]
    hub.store_health = StoreHealth(writable=False, warnings=())
    assert hub.after(5) == ["disk", "disk"]
    assert hub.told[1][1] == "the store cannot be written"


def test_the_loop_is_told_to_end_and_ends(hub):
    hub.watch.loop.start()
    hub.watch.loop.stop()
    assert hub.watch.loop.join(5)

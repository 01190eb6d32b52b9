"""One list of phones out of those of several adb servers: which way each phone is reached, and who is not used at all."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from jobs.phone.inventory.merged import Merged
from jobs.phone.inventory.record import Sight
from jobs.phone.protocol import PhoneInfo, PhoneState

S = PhoneState
NAMES = ["local", "b", "c"]


def sight(server: str, serial: str = "A", state: PhoneState = S.DEVICE, **facts: Any) -> Sight:
    """A phone as a server shows it: one that it lists answers, unless the test says otherwise."""
    listed = state not in {S.ABSENT, S.ADB_DOWN}
    doubled = facts.pop("doubled", False)
    answers = facts.pop("answers", state in {S.DEVICE, S.NEEDS_HANDS})
    info = PhoneInfo(
        serial=serial,
        state=state,
        since=0.0,
        adb_server=server,
        **({"identity": serial, "usb_path": ""} | facts),
    )
    return Sight(info, listed, answers, doubled)


class Case:
    """Three servers, and what they show."""

    def __init__(self) -> None:
        self.busy: set[str] = set()
        self.merged = Merged(NAMES, lambda serial: serial in self.busy)
        self.shown: dict[str, dict[str, Sight]] = {name: {} for name in NAMES}

    def show(self, *sights: Sight) -> list[PhoneInfo]:
        """Servers show these phones too; what is told of that, in order."""
        told = []
        for one in sights:
            name = one.info.adb_server
            self.shown[name] = {**self.shown[name], one.info.serial: one}
            told += [change.info for change in self.again(name)]
        return told

    def again(self, name: str) -> list[Any]:
        return self.merged.update(NAMES.index(name), self.shown[name], 100.0)

    def phone(self, serial: str = "A") -> PhoneInfo:
        return self.merged.infos[serial]

    def way(self, serial: str = "A") -> tuple[str, str]:
        return str(self.phone(serial).state), self.phone(serial).adb_server


def test_phones_of_all_servers_are_one_list() -> None:
    case = Case()
    told = case.show(sight("local"), sight("b", "B"), sight("c", "C", S.UNAUTHORIZED))
    assert [info.serial for info in told] == sorted(case.merged.infos) == ["A", "B", "C"]
    assert case.way("C") == ("unauthorized", "c")


def test_of_one_server_everything_is_as_that_server_says() -> None:
    merged = Merged(["local"], lambda _: False)
    for generation, state in enumerate((S.DEVICE, S.ABSENT, S.DUPLICATE)):
        one = sight("local", state=state, generation=generation)
        (change,) = merged.update(0, {"A": one}, 1.0)
        assert change.info is one.info is merged.infos["A"]
        assert change.lost is (generation > 0)


def test_a_phone_that_moves_to_another_box_is_the_same_phone_there() -> None:
    case = Case()
    case.show(sight("local", usb_path="1-1"), sight("b", "B"))
    case.show(sight("local", state=S.ABSENT, generation=1))
    (moved,) = case.show(sight("b", usb_path="2-3"))
    assert (moved.state, moved.adb_server) == (S.DEVICE, "b")
    assert moved.generation == 2  # what was learnt on the way before is void
    case.show(sight("b", state=S.ABSENT, generation=1))
    assert case.way() == ("absent", "b")


def test_a_server_that_is_away_takes_along_the_phones_that_it_had_last() -> None:
    case = Case()
    case.show(sight("local"), sight("local", state=S.ABSENT), sight("b"))
    case.show(sight("b", state=S.ADB_DOWN, detail="adb server b is not reachable"))
    assert case.way() == ("adb_down", "b")
    case.show(sight("local", state=S.ADB_DOWN))
    assert case.phone().detail == "adb server b is not reachable"
    case.show(sight("c"))
    assert case.way() == ("device", "c")
    case.show(sight("b", state=S.ABSENT))
    assert case.way() == ("device", "c")


def test_a_phone_that_two_servers_reach_is_used_by_usb_before_the_network() -> None:
    case = Case()
    case.show(sight("local", identity="X"), sight("b", identity="X", usb_path="1-2"))
    assert case.way() == ("device", "b")


def test_a_phone_that_two_servers_reach_alike_is_used_through_the_first() -> None:
    case = Case()
    case.show(sight("c", identity="X"), sight("b", identity="X"))
    assert case.way() == ("device", "b")
    case.show(sight("local", identity="X"))
    assert case.way() == ("device", "local")


def test_a_session_is_not_cut_for_a_better_way_which_is_taken_afterwards() -> None:
    case = Case()
    case.show(sight("b", identity="X"))
    case.busy.add("A")
    assert case.show(sight("local", identity="X")) == []
    assert case.way() == ("device", "b")
    case.busy.clear()
    (change,) = case.again("c")
    assert (change.info.adb_server, change.lost) == ("local", True)


def test_a_way_that_fails_is_left_at_once_also_in_the_middle_of_a_session() -> None:
    case = Case()
    case.show(sight("local", identity="X"), sight("b", identity="X"))
    case.busy.add("A")
    (info,) = case.show(sight("local", state=S.OFFLINE, identity="X", generation=1))
    assert (info.state, info.adb_server) == (S.DEVICE, "b")


def test_two_phones_with_one_serial_are_both_left_alone() -> None:
    case = Case()
    case.show(sight("local", identity="X"))
    (info,) = case.show(sight("b", identity="Y"))
    assert info.state is S.DUPLICATE
    assert "local and b" in info.detail
    assert info.generation > 0  # whoever works on it is cut off
    assert case.show(sight("b", identity="Y", battery_percent=3)) == []
    (info,) = case.show(sight("b", state=S.ABSENT))
    assert (info.state, info.adb_server) == (S.DEVICE, "local")


def test_one_serial_by_usb_on_two_boxes_is_two_phones_whatever_they_say_of_themselves() -> None:
    case = Case()
    case.show(sight("local", usb_path="1-1", identity="0123456789"))
    case.show(sight("b", usb_path="1-1", identity="0123456789"))
    assert case.phone().state is S.DUPLICATE
    assert "by USB" in case.phone().detail


def test_phones_that_have_no_number_of_their_own_are_not_taken_for_one() -> None:
    for identity in ("", "unknown"):
        case = Case()
        case.show(sight("local", identity=identity), sight("b", identity=identity))
        assert case.phone().state is S.DUPLICATE


def test_a_serial_that_stands_twice_on_one_server_is_not_used_on_another() -> None:
    case = Case()
    case.show(sight("local", identity="X"), sight("b", state=S.DUPLICATE, doubled=True))
    assert case.phone().state is S.DUPLICATE


def test_a_phone_that_does_not_answer_on_one_way_is_used_on_the_other() -> None:
    for state in (S.OFFLINE, S.UNAUTHORIZED):
        case = Case()
        case.show(sight("local", state=state, usb_path="1-1"), sight("b", identity="X"))
        assert case.way() == ("device", "b")


def test_a_phone_with_two_serials_on_two_servers_is_used_under_one() -> None:
    case = Case()
    case.show(sight("local", "192.168.1.7:5555", identity="X"))
    case.show(sight("b", "USB1", identity="X", usb_path="1-1"))
    assert case.way("USB1") == ("device", "b")
    twin = case.phone("192.168.1.7:5555")
    assert twin.state is S.DUPLICATE
    assert twin.detail == "the same phone is connected as USB1 to the adb server b, which is used"
    case.show(sight("b", "USB1", S.ABSENT))
    assert case.way("192.168.1.7:5555") == ("device", "local")


def test_two_phones_without_a_number_of_their_own_are_both_used_under_their_serials() -> None:
    for identity in ("", "unknown"):
        case = Case()
        case.show(sight("local", "A", identity=identity), sight("b", "B", identity=identity))
        assert case.way("A") == ("device", "local")
        assert case.way("B") == ("device", "b")


def test_a_phone_is_used_under_its_other_serial_when_the_better_one_is_gone() -> None:
    for state in (S.ABSENT, S.OFFLINE):
        case = Case()
        case.show(sight("b", "USB1", identity="X", usb_path="1-1"))
        case.show(sight("b", "USB1", state, identity="X", usb_path="1-1"))
        case.show(sight("local", "192.168.1.7:5555", identity="X"))
        assert case.way("192.168.1.7:5555") == ("device", "local")


def test_a_phone_that_a_person_must_look_at_on_one_way_is_used_on_the_other() -> None:
    case = Case()
    case.show(sight("local", state=S.NEEDS_HANDS, identity="X", usb_path="1-1"), sight("b", identity="X"))
    assert case.way() == ("device", "b")


def test_since_when_a_serial_stands_for_two_phones_is_kept_while_it_does() -> None:
    case = Case()
    case.show(sight("local", identity="X"), sight("b", identity="Y"))
    case.merged.update(1, {"A": sight("b", identity="Y", battery_percent=3)}, 200.0)
    assert (case.phone().state, case.phone().since) == (S.DUPLICATE, 100.0)


SIGHTS = st.builds(
    sight,
    st.sampled_from(NAMES),
    st.sampled_from(["A", "B"]),
    st.sampled_from([S.DEVICE, S.OFFLINE, S.ABSENT, S.ADB_DOWN, S.UNAUTHORIZED]),
    identity=st.sampled_from(["X", "Y", ""]),
    usb_path=st.sampled_from(["", "1-1"]),
)


@given(st.lists(st.tuples(SIGHTS, st.booleans()), max_size=30))
def test_whatever_happens_a_phone_is_usable_only_where_its_server_says_so_and_its_generations_grow(
    steps: list[tuple[Sight, bool]],
) -> None:
    case = Case()
    generations: dict[str, int] = {}
    lost: dict[tuple[str, str], int] = {}
    for one, busy in steps:
        case.busy = {"A", "B"} if busy else set()
        key = (one.info.adb_server, one.info.serial)
        before = case.shown[key[0]].get(key[1])
        # A server raises its own number whenever a link that worked is gone.
        lost[key] = lost.get(key, 0) + (before is not None and before.answers and not one.answers)
        shown = one._replace(info=replace(one.info, generation=lost[key]))
        used = {
            serial: info.adb_server for serial, info in case.merged.infos.items() if info.state is S.DEVICE
        }
        case.show(shown)
        for serial, info in case.merged.infos.items():
            assert info.generation >= generations.get(serial, 0)
            there = [case.shown[name][serial] for name in NAMES if serial in case.shown[name]]
            if info.state is S.DEVICE:
                assert case.shown[info.adb_server][serial].info.state is S.DEVICE
                by_usb = [s for s in there if s.listed and s.info.usb_path]
                answers = [s.info.identity for s in there if s.listed and s.answers]
                assert len(by_usb) < 2
                assert len(set(answers)) == 1
                if serial in used and used[serial] != info.adb_server:
                    assert info.generation > generations[serial]  # a session on the way before ends
            generations[serial] = info.generation
        usable = [i.identity for i in case.merged.infos.values() if i.state is S.DEVICE and i.identity]
        assert len(set(usable)) == len(usable)

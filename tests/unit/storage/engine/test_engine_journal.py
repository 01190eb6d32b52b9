"""The journal's lines: what is read back, where a torn tail begins, what counts as damage."""

from __future__ import annotations

import random
from binascii import crc32

import msgspec
import pytest

from storage.engine import journal
from storage.engine.files import UNREADABLE
from storage.engine.journal import Tail


def lines(count: int, batch: int | None = None) -> list[bytes]:
    """A header and `count` entries, each its own group unless `batch` says otherwise."""
    head = [journal.header(1)]
    return head + [
        journal.line(
            msgspec.json.encode(
                {
                    "seq": number,
                    "batch": batch or number,
                    "put": {"tasks": {str(number): {"text": "ü" * number}}},
                }
            )
        )
        for number in range(1, count + 1)
    ]


def test_a_whole_journal_is_read_in_order():
    data = b"".join(lines(5))
    found = journal.scan(data, 0)
    assert [entry.seq for entry in found.entries] == [1, 2, 3, 4, 5]
    assert (found.tail, found.good_bytes, found.schema) == (Tail.CLEAN, len(data), 1)


def test_room_at_the_end_is_not_a_torn_write():
    data = b"".join(lines(3))
    found = journal.scan(data + bytes(4096), 0)
    assert (found.tail, found.good_bytes, len(found.entries)) == (Tail.CLEAN, len(data), 3)


@pytest.mark.parametrize("rest", [b"", bytes(512)], ids=["end of file", "room behind"])
def test_TDB_1_a_journal_cut_at_any_byte_of_its_last_three_entries_gives_the_entries_before(rest: bytes):
    whole = lines(6)
    data = b"".join(whole)
    ends = [len(b"".join(whole[: number + 1])) for number in range(len(whole))]
    for cut in range(ends[3], len(data) + 1):
        found = journal.scan(data[:cut] + rest, 0)
        complete = sum(1 for end in ends[1:] if end <= cut)
        assert len(found.entries) == complete
        assert found.tail is (Tail.CLEAN if cut in ends else Tail.TORN)
        assert found.good_bytes == ends[complete]


def test_a_bad_entry_before_acknowledged_ones_is_damage():
    whole = lines(5)
    whole[3] = whole[3][:20] + b"?" + whole[3][21:]
    found = journal.scan(b"".join(whole), 0)
    assert [entry.seq for entry in found.entries] == [1, 2]
    assert found.tail is Tail.DAMAGED
    assert [entry.seq for entry in found.later] == [4, 5]


def test_a_bad_entry_whose_group_was_never_acknowledged_is_a_torn_write():
    whole = [*lines(2), *lines(5, batch=3)[3:]]
    whole[3] = bytes(len(whole[3]) - 1) + b"\n"
    found = journal.scan(b"".join(whole), 0)
    assert [entry.seq for entry in found.entries] == [1, 2]
    assert found.tail is Tail.TORN


def test_a_gap_in_the_numbers_is_damage():
    whole = lines(5)
    del whole[3]
    found = journal.scan(b"".join(whole), 0)
    assert [entry.seq for entry in found.entries] == [1, 2]
    assert found.tail is Tail.DAMAGED


def test_a_journal_that_does_not_follow_its_snapshot_is_damage():
    assert journal.scan(b"".join(lines(3)), 7).tail is Tail.DAMAGED


def test_a_lost_header_before_changes_is_damage():
    found = journal.scan(b"".join(lines(3)[1:]), 0)
    assert (found.entries, found.tail) == ([], Tail.DAMAGED)


@pytest.mark.parametrize("data", [b"", bytes(100), b"\xff" * 100, b"{}\n", b"00000000 {}\n"])
def test_a_file_without_its_first_line_is_damage_since_that_line_was_durable_before_the_file_had_its_name(
    data: bytes,
):
    found = journal.scan(data, 0)
    assert (found.entries, found.tail) == ([], Tail.DAMAGED)


def test_TDB_1_a_thousand_random_corruptions_always_give_a_run_of_the_true_entries():
    whole = b"".join(lines(40))
    true = journal.scan(whole, 0).entries
    dice = random.Random(20240501)
    for _ in range(1000):
        data = bytearray(whole)
        kind = dice.randrange(5)
        at = dice.randrange(len(data))
        if kind == 0:
            data[at] ^= 1 << dice.randrange(8)
        elif kind == 1:
            length = dice.randrange(1, 2000)
            data[at : at + length] = bytes(len(data[at : at + length]))
        elif kind == 2:
            data[at : at + 50] = dice.randbytes(50)
        elif kind == 3:
            del data[at : at + dice.randrange(1, 500)]
        else:
            data[at:at] = data[dice.randrange(len(data)) :][: dice.randrange(1, 3000)]
        found = journal.scan(bytes(data), 0)
        assert found.entries == true[: len(found.entries)]
        if len(found.entries) < len(true) - 1 and found.tail is not Tail.DAMAGED:
            # Nothing readable came after: then it must look exactly like a file that was cut there.
            assert not found.later


def entry(seq: int, batch: int, **facts: object) -> bytes:
    return journal.line(msgspec.json.encode({"seq": seq, "batch": batch, **facts}))


def test_a_line_is_its_checksum_in_eight_digits_a_space_and_the_payload():
    assert journal.line(b"") == b"00000000 \n"
    assert journal.line(b"123456789") == b"cbf43926 123456789\n"
    payload = next(str(number).encode() for number in range(1000) if crc32(str(number).encode()) < 0x10000000)
    assert journal.line(payload) == b"%08x %b\n" % (crc32(payload), payload)
    assert len(journal.line(payload)) == 10 + len(payload)


def test_the_first_line_names_the_schema_and_changes_nothing():
    assert journal.header(7) == journal.line(b'{"seq":0,"batch":0,"schema":7}')
    found = journal.scan(journal.header(7), 0)
    assert found == journal.Scan([], len(journal.header(7)), len(journal.header(7)), Tail.CLEAN, 7, [])


def test_a_journal_behind_a_snapshot_begins_with_the_change_after_it():
    data = journal.header(1) + entry(8, 8) + entry(9, 9)
    found = journal.scan(data, 7)
    assert [change.seq for change in found.entries] == [8, 9]
    assert found.tail is Tail.CLEAN


def test_room_is_no_part_of_what_is_used():
    data = journal.header(1) + entry(1, 1)
    assert journal.scan(data + bytes(10), 0).used_bytes == len(data)
    found = journal.scan(data + b"torn" + bytes(10), 0)
    assert (found.good_bytes, found.used_bytes, found.tail) == (len(data), len(data) + 4, Tail.TORN)


def test_a_second_first_line_is_damage():
    data = journal.header(1) + entry(1, 1) + entry(2, 2, schema=3) + entry(3, 3)
    found = journal.scan(data, 0)
    assert ([change.seq for change in found.entries], found.schema, found.tail) == ([1], 1, Tail.DAMAGED)
    assert [change.seq for change in found.later] == [2, 3]


def test_what_could_not_be_read_from_the_disk_is_damage_and_not_a_torn_write():
    data = journal.header(1) + entry(1, 1)
    assert journal.scan(data + UNREADABLE, 0).tail is Tail.DAMAGED
    assert journal.scan(data + b"torn", 0).tail is Tail.TORN
    # Before the good end it says nothing: it stands inside an entry that was read.
    inside = journal.header(1) + entry(1, 1) + b"torn"
    assert journal.scan(inside, 0).tail is Tail.TORN


def test_a_group_that_follows_proves_that_the_damaged_entry_was_acknowledged():
    good = journal.header(1) + entry(1, 1)
    broken = b"x" * 20 + b"\n"
    assert journal.scan(good + broken + entry(3, 2), 0).tail is Tail.TORN  # of its own group
    assert journal.scan(good + broken + entry(3, 3), 0).tail is Tail.DAMAGED


@pytest.mark.parametrize(
    "payload", [b"[1]", b"{}", b'{"seq":"1","batch":1}', b'{"seq":1,"batch":1,"put":"\xff"}']
)
def test_a_line_with_a_true_checksum_that_is_no_entry_is_not_read(payload: bytes):
    found = journal.scan(journal.header(1) + journal.line(payload) + entry(2, 2), 0)
    assert (found.entries, found.tail) == ([], Tail.DAMAGED)


def test_an_entry_is_read_as_it_was_written():
    data = journal.header(1) + entry(
        1, 1, put={"tasks": {"4": {"a": 1}}}, gone={"tasks": [5]}, dropped=["old"]
    )
    (change,) = journal.scan(data, 0).entries
    assert (change.seq, change.batch, change.gone, change.dropped) == (1, 1, {"tasks": [5]}, ["old"])
    assert bytes(change.put["tasks"][4]) == b'{"a":1}'


def test_an_empty_first_line_hides_nothing_of_what_stands_behind_it():
    found = journal.scan(b"\n" + b"".join(lines(2)), 0)
    assert (found.tail, found.entries, found.schema) == (Tail.DAMAGED, [], 0)
    assert [entry.seq for entry in found.later] == [0, 1, 2], "whom the lost changes touched is known"

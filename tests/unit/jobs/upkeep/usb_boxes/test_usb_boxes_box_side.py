"""What a USB box keeps of its hub: the keys of one hub alone, each with its limits beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobs.upkeep.usb_boxes.box_side import BACKUP_KEYS, LINK_KEYS, box_line, has_hub, let_in
from jobs.upkeep.usb_boxes.pasted import HubLine
from jobs.upkeep.usb_boxes.programs import BoxesFailed
from tests.support.usb_boxes import key

ONE, OTHER = HubLine("shelf-b", key(1), key(2)), HubLine("shelf-b", key(3), key(4))


def test_each_key_of_the_hub_stands_in_its_own_file_behind_its_own_limits(tmp_path: Path) -> None:
    assert let_in(ONE, tmp_path) is False
    limits, _, rest = (tmp_path / LINK_KEYS).read_text().partition(" ssh-ed25519 ")
    assert rest == f"{key(1)} tikmatrixd-hub:shelf-b\n"
    assert set(limits.split(",")) == {
        "restrict",
        "port-forwarding",
        'permitopen="127.0.0.1:5037"',
        'permitlisten="127.0.0.1:1"',
        'command="/usr/sbin/nologin"',
    }
    limits, _, rest = (tmp_path / BACKUP_KEYS).read_text().partition(" ssh-ed25519 ")
    assert rest == f"{key(2)} tikmatrixd-hub:shelf-b\n"
    assert set(limits.split(",")) == {"restrict", 'command="internal-sftp -R"'}


def test_a_hub_that_is_let_in_takes_the_place_of_the_one_before_which_is_said(tmp_path: Path) -> None:
    let_in(ONE, tmp_path)
    assert let_in(ONE, tmp_path) is False, "it is the same hub"
    assert let_in(OTHER, tmp_path) is True
    for name in (LINK_KEYS, BACKUP_KEYS):
        text = (tmp_path / name).read_text()
        assert text.count("\n") == 1
        assert key(1) not in text
        assert key(2) not in text
        # sshd reads the file as the user who logs in, and takes it only where nobody else may write to it.
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o644


def test_a_hub_counts_as_let_in_once_both_of_its_keys_are_there(tmp_path: Path) -> None:
    assert not has_hub(tmp_path)
    let_in(ONE, tmp_path)
    assert has_hub(tmp_path)
    (tmp_path / BACKUP_KEYS).unlink()
    assert not has_hub(tmp_path)


def test_a_disk_that_refuses_and_a_host_key_that_is_missing_are_said_with_their_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BoxesFailed, match="file"):
        let_in(ONE, tmp_path / "file" / "keys")
    with pytest.raises(BoxesFailed, match=r"host\.pub.*ssh-keygen -A"):
        box_line("127.0.0.1", 22, tmp_path / "host.pub")
    (tmp_path / "host.pub").write_text("ssh-rsa AAAA root@box\n")
    with pytest.raises(BoxesFailed, match="not the file of a public Ed25519 key"):
        box_line("127.0.0.1", 22, tmp_path / "host.pub")

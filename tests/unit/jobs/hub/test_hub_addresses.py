"""Where the daemon listens, and how programs of its box reach it."""

from __future__ import annotations

import pytest

from jobs.hub.addresses import is_loopback, own_url, split_listen


@pytest.mark.parametrize(
    ("listen", "url"),
    [
        ("127.0.0.1:50809", "http://127.0.0.1:50809"),
        ("0.0.0.0:50809", "http://127.0.0.1:50809"),
        (":50809", "http://127.0.0.1:50809"),
        ("*:50809", "http://127.0.0.1:50809"),
        ("[::]:50809", "http://[::1]:50809"),
        ("[::1]:50809", "http://[::1]:50809"),
        ("192.168.1.5:80", "http://192.168.1.5:80"),
    ],
)
def test_every_way_to_say_all_addresses_leads_back_to_this_box(listen: str, url: str) -> None:
    assert own_url(listen) == url
    assert is_loopback(split_listen(listen)[0]) is (listen in {"127.0.0.1:50809", "[::1]:50809"})

"""Signals only leave a note; the main loop reads it. A second request to stop is obeyed on the spot."""

import os
import signal
import threading
import time

import pytest

from jobs.hub.signals import Signals


@pytest.fixture
def signals():
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    left = []
    made = Signals(leave=left.append)
    made.left = left
    made.install()
    yield made
    for number, handler in before.items():
        signal.signal(number, handler)
    signal.signal(signal.SIGUSR1, signal.SIG_DFL)


def test_the_first_stop_is_a_request_and_the_second_an_order(signals):
    os.kill(os.getpid(), signal.SIGTERM)
    signals.wait(5)
    assert signals.stopping
    assert signals.left == []
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0)  # lets the interpreter run the handler
    assert signals.left == [128 + signal.SIGINT]


def test_a_hangup_asks_for_a_reload_once(signals):
    os.kill(os.getpid(), signal.SIGHUP)
    signals.wait(5)
    assert (signals.take_reload(), signals.take_reload(), signals.stopping) == (True, False, False)


def test_waiting_ends_when_woken_by_another_thread_or_by_time(signals):
    threading.Timer(0.05, signals.ask_to_stop).start()
    signals.wait(30)
    assert signals.stopping
    began = time.monotonic()
    signals.wait(0.05)
    assert time.monotonic() - began < 5


def test_many_wakes_are_one(signals):
    for _ in range(100):
        signals.wake()
    signals.wait(5)
    began = time.monotonic()
    signals.wait(0.05)
    assert time.monotonic() - began >= 0.04

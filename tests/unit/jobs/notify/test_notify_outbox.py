"""JOB-16: notifications survive dead receivers and restarts, and publishing never waits for them."""

import hashlib
import hmac
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

from jobs.hub.settings import NotifyTarget
from jobs.notify.outbox import FLOOD_EVENTS, FLOOD_S, GATHER_S, MAX_AGE_S, Outbox
from jobs.notify.send import NotSent
from jobs.notify.send import send as real_send
from storage.errors import StoreFull
from tests.support.clock import FakeClock


class Meta(dict):
    def set(self, key, value):
        self[key] = json.loads(json.dumps(value))


class Receiver:
    """A real HTTP server that keeps what it gets and answers `status`."""

    def __init__(self):
        self.got = []
        self.status = 200
        self.came = threading.Semaphore(0)
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((dict(self.headers), body))
                self.send_response(receiver.status)
                self.send_header("Content-Length", "0")
                self.end_headers()
                receiver.came.release()

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.close()


def refuse(target, event):
    raise NotSent("nobody there")


def test_a_webhook_carries_the_event_and_a_signature_that_the_receiver_can_check(receiver):
    outbox = Outbox([NotifyTarget(kind="webhook", url=receiver.url, secret="s3cret")], FakeClock(), Meta())
    outbox.tell("task_failed", "task 7 failed", task=7)
    outbox.deliver_due()
    ((headers, body),) = receiver.got
    expected = "sha256=" + hmac.new(b"s3cret", body, hashlib.sha256).hexdigest()
    assert headers["X-Tikmatrixd-Signature"] == expected
    assert json.loads(body)["facts"] == {"task": 7}
    assert json.loads(body)["event"] == headers["X-Tikmatrixd-Event"] == "task_failed"
    assert outbox.waiting == 0


def test_a_notification_on_trial_goes_to_every_receiver_at_once_and_is_not_kept(receiver):
    good = NotifyTarget(kind="ntfy", url=receiver.url, events=("disk",))
    outbox = Outbox([good, NotifyTarget(kind="webhook", url="http://127.0.0.1:9/x")], FakeClock(), Meta())
    found = outbox.try_out()
    assert [(shown, problem[:17]) for shown, problem in found] == [
        (good.shown, ""), ("http://127.0.0.1:9/***", "cannot be reached")
    ]  # fmt: skip
    assert len(receiver.got) == 1
    assert outbox.waiting == 0


def test_ntfy_gets_the_sentence_as_text(receiver):
    outbox = Outbox([NotifyTarget(kind="ntfy", url=receiver.url)], FakeClock(), Meta())
    outbox.tell("needs_hands", "phone A needs hands: störrisch")
    outbox.deliver_due()
    ((headers, body),) = receiver.got
    assert body.decode() == "phone A needs hands: störrisch"
    assert headers["Priority"] == "high"


def test_a_target_gets_only_the_events_it_wants(receiver):
    outbox = Outbox([NotifyTarget(kind="webhook", url=receiver.url, events=("disk",))], FakeClock(), Meta())
    outbox.tell("task_failed", "x")
    assert outbox.waiting == 0
    outbox.tell("disk", "x")
    assert outbox.waiting == 1


def test_R64_published_posts_are_told_only_to_receivers_that_name_the_event(receiver):
    everything = NotifyTarget(kind="webhook", url=receiver.url)
    named = NotifyTarget(kind="webhook", url=receiver.url, events=("task_published", "disk"))
    for target, waiting in ((everything, 0), (named, 1)):
        outbox = Outbox([target], FakeClock(), Meta())
        outbox.tell("task_published", "x")
        assert outbox.waiting == waiting
        outbox.tell("task_failed", "x")
        assert outbox.waiting == 1


def test_JOB_16_a_receiver_dead_for_a_day_gets_each_event_once_when_it_is_back(receiver):
    clock, meta = FakeClock(), Meta()
    target = NotifyTarget(kind="webhook", url=receiver.url)
    outbox = Outbox([target], clock, meta, send=refuse)
    outbox.tell("task_failed", "one")
    outbox.tell("unknown_outcome", "two")
    for _ in range(60):
        outbox.deliver_due()
        clock.advance(1500)
    assert outbox.waiting == 2
    again = Outbox([target], clock, meta)  # the daemon was restarted meanwhile
    clock.advance(3600)
    again.deliver_due()
    again.deliver_due()
    assert sorted(json.loads(body)["message"] for _, body in receiver.got) == ["one", "two"]
    assert Outbox([target], clock, meta).waiting == 0


def test_an_error_answer_is_tried_again_after_the_backoff_and_not_before(receiver):
    clock = FakeClock()
    outbox = Outbox([NotifyTarget(kind="webhook", url=receiver.url)], clock, Meta())
    receiver.status = 500
    outbox.tell("disk", "full")
    outbox.deliver_due()
    outbox.deliver_due()
    assert len(receiver.got) == 1
    receiver.status = 200
    clock.advance(6)
    outbox.deliver_due()
    assert len(receiver.got) == 2
    assert receiver.got[0][1] == receiver.got[1][1]
    assert outbox.waiting == 0


def test_an_event_is_given_up_after_three_days():
    clock = FakeClock()
    outbox = Outbox([NotifyTarget(kind="webhook", url="http://x/")], clock, Meta(), send=refuse)
    outbox.tell("clock", "jumped")
    clock.advance(MAX_AGE_S + 1)
    outbox.deliver_due()
    assert outbox.waiting == 0


def test_the_outbox_is_bounded_and_drops_the_oldest(receiver, monkeypatch):
    monkeypatch.setattr("jobs.notify.outbox.MAX_WAITING", 20)
    clock = FakeClock()
    outbox = Outbox([NotifyTarget(kind="webhook", url=receiver.url)], clock, Meta())
    for number in range(30):
        clock.advance(FLOOD_S)
        outbox.tell("disk", str(number))
    assert outbox.waiting == 20
    outbox.deliver_due()
    assert [json.loads(body)["message"] for _, body in receiver.got] == [str(n) for n in range(10, 30)]


@pytest.mark.parametrize(
    "target",
    [
        NotifyTarget(kind="ntfy", url="http://127.0.0.1:1/topic", secret="пароль"),
        NotifyTarget(kind="webhook", url="http://hub..lan/hook"),
        NotifyTarget(kind="webhook", url=f"http://{'a' * 70}.lan/hook"),
        NotifyTarget(kind="webhook", url="http://[::1/hook"),
    ],
    ids=["a token that no header can carry", "an empty label", "a label too long", "no address"],
)
def test_a_receiver_that_cannot_be_asked_at_all_does_not_hold_up_the_others(target, receiver, caplog):
    good = NotifyTarget(kind="webhook", url=receiver.url)
    outbox = Outbox([target, good], FakeClock(), Meta())
    outbox.tell("disk", "it gets full")
    outbox.deliver_due()
    assert [json.loads(body)["message"] for _, body in receiver.got] == ["it gets full"]
    assert outbox.waiting == 1  # and it is tried again: a reload may correct the address
    assert "is tried again later" in caplog.text
    assert "пароль" not in caplog.text


def test_a_fault_of_a_receivers_library_does_not_hold_up_the_others(receiver):
    def fails(target, event):
        if target.kind == "apprise":
            raise TypeError("a plugin's fault")
        return real_send(target, event)

    targets = [NotifyTarget(kind="apprise", url="odd://x"), NotifyTarget(kind="webhook", url=receiver.url)]
    outbox = Outbox(targets, FakeClock(), Meta(), send=fails)
    outbox.tell("disk", "it gets full")
    outbox.deliver_due()
    assert len(receiver.got) == 1
    assert outbox.waiting == 1


def test_the_thread_delivers_by_itself_and_stops_promptly(receiver):
    outbox = Outbox([NotifyTarget(kind="webhook", url=receiver.url)], FakeClock(), Meta())
    outbox.start()
    outbox.tell("disk", "x")
    assert receiver.came.acquire(timeout=5)
    outbox.stop()
    assert not outbox.loop.alive


def test_a_flood_is_told_as_its_first_events_and_one_message_about_the_rest(receiver):
    clock, meta = FakeClock(), Meta()
    outbox = Outbox([NotifyTarget(kind="webhook", url=receiver.url)], clock, meta)
    for number in range(FLOOD_EVENTS + 25):
        outbox.tell("task_failed", f"task {number} failed", task_id=number)
    outbox.tell("unknown_outcome", "another class is not held back")
    outbox.deliver_due()
    assert len(receiver.got) == FLOOD_EVENTS + 1
    again = Outbox([NotifyTarget(kind="webhook", url=receiver.url)], clock, meta)  # a restart in between
    clock.advance(GATHER_S)
    again.deliver_due()
    summary = json.loads(receiver.got[-1][1])
    assert summary["facts"]["count"] == 25
    assert summary["facts"]["task_ids"][0] == FLOOD_EVENTS
    assert summary["message"].endswith("task 34 failed")
    clock.advance(FLOOD_S)
    again.tell("task_failed", "later ones are told one by one again")
    again.deliver_due()
    assert len(receiver.got) == FLOOD_EVENTS + 3


def test_a_dead_target_is_tried_once_per_round_and_does_not_hold_up_the_others(receiver):
    tried = []

    def post(target, event):
        tried.append((target.url, event.sentence))
        if target.url == "http://dead/":
            raise NotSent("nobody there")

    targets = [NotifyTarget(kind="webhook", url=url) for url in ("http://dead/", "http://good/")]
    outbox = Outbox(targets, FakeClock(), Meta(), send=post)
    for word in ("one", "two", "three"):
        outbox.tell("disk", word)
    outbox.deliver_due()
    assert [url for url, _ in tried].count("http://dead/") == 1
    assert [word for url, word in tried if url == "http://good/"] == ["one", "two", "three"]


def test_a_store_that_refuses_does_not_keep_an_event_from_being_sent(receiver):
    class Full(Meta):
        def set(self, key, value):
            raise StoreFull("there is no disk space left")

    outbox = Outbox([NotifyTarget(kind="webhook", url=receiver.url)], FakeClock(), Full())
    outbox.tell("disk", "the disk is full")
    outbox.deliver_due()
    assert len(receiver.got) == 1
    assert outbox.waiting == 0


def test_a_clock_that_was_set_back_does_not_hold_events_back(receiver):
    clock = FakeClock()
    outbox = Outbox([NotifyTarget(kind="webhook", url=receiver.url)], clock, Meta())
    receiver.status = 500
    outbox.tell("disk", "full")
    outbox.deliver_due()
    receiver.status = 200
    clock.step_wall(-10 * 365 * 86400)
    outbox.deliver_due()
    assert outbox.waiting == 0


def test_neither_logs_nor_errors_show_the_secrets_of_addresses(caplog):
    target = NotifyTarget(kind="webhook", url="http://user:pass@127.0.0.1:9/token-abc", secret="s3cret")
    outbox = Outbox([target], FakeClock(), Meta())
    outbox.tell("disk", "x")
    outbox.deliver_due()
    assert "http://127.0.0.1:9" in caplog.text
    for secret in ("pass", "token-abc", "s3cret"):
        assert secret not in caplog.text


def test_ntfy_gets_its_access_token(receiver):
    outbox = Outbox([NotifyTarget(kind="ntfy", url=receiver.url, secret="tk_1")], FakeClock(), Meta())
    outbox.tell("disk", "x")
    outbox.deliver_due()
    assert receiver.got[0][0]["Authorization"] == "Bearer tk_1"


def test_apprise_is_used_where_it_is_installed_and_asked_for_where_it_is_not(monkeypatch, caplog):
    target = NotifyTarget(kind="apprise", url="json://localhost/secret")
    clock = FakeClock()
    outbox = Outbox([target], clock, Meta())
    outbox.tell("disk", "x")
    monkeypatch.setitem(sys.modules, "apprise", None)
    outbox.deliver_due()
    assert "apprise, which is not installed" in caplog.text
    assert "secret" not in caplog.text
    told = []

    class Apprise:
        def add(self, url):
            told.append(url)
            return True

        def notify(self, title, body):
            told.append((title, body))
            return True

    monkeypatch.setitem(sys.modules, "apprise", SimpleNamespace(Apprise=Apprise))
    clock.advance(6)
    outbox.deliver_due()
    assert told == ["json://localhost/secret", ("tikmatrixd: disk", "x")]
    assert outbox.waiting == 0

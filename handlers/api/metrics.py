"""Numbers for Prometheus, with label sets that never grow."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any, Self

from prometheus_client import CollectorRegistry, Counter, Histogram, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from handlers.api.health import NO_STORE, probe, readiness
from handlers.api.services import Services
from handlers.request.call import Call, Result, Route
from handlers.request.envelope import Reply
from jobs.hub.platforms import PLATFORMS
from jobs.phone.protocol import PhoneState
from jobs.task.tally import OUTCOMES
from storage.records import Status, Waiting

_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
_STATUS_CLASSES = ("2xx", "4xx", "5xx")


class _Seen:
    """One request being observed; the handler's wrapper fills in the status."""

    __slots__ = ("_done", "_started", "status")

    def __init__(self, done: Callable[[int, float], None]) -> None:
        self._done = done
        self.status = 500

    def __enter__(self) -> Self:
        self._started = perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self._done(self.status, perf_counter() - self._started)


class Metrics:
    """A registry of its own: nothing of the process is registered twice, however many apps a test makes."""

    def __init__(self, services: Services) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        self._requests = Counter(
            "tikmatrixd_http_requests",
            "Requests answered",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "tikmatrixd_http_request_seconds",
            "Time from routing to the finished answer",
            ("method", "route"),
            buckets=_BUCKETS_S,
            registry=self._registry,
        )
        self._registry.register(_State(services))

    def observer(self, method: str, route: str) -> Callable[[], _Seen]:
        """A context manager per request of this route; its labels are looked up once, here."""
        counters = {word: self._requests.labels(method, route, word) for word in _STATUS_CLASSES}
        seconds = self._seconds.labels(method, route)

        def done(status: int, elapsed_s: float) -> None:
            counters[_status_class(status)].inc()
            seconds.observe(elapsed_s)

        return lambda: _Seen(done)

    def count(self, method: str, route: str, status: int) -> None:
        """A request that reached no route."""
        self._requests.labels(method, route, _status_class(status)).inc()

    def exposition(self, call: Call) -> Result:
        return Reply(200, generate_latest(self._registry), NO_STORE, CONTENT_TYPE_LATEST)

    def routes(self) -> list[Route]:
        return [probe("/metrics", self.exposition, "Numbers in Prometheus' text format")]


def _status_class(status: int) -> str:
    return "2xx" if status < 400 else "4xx" if status < 500 else "5xx"


class _State(Collector):
    """Gauges that are read from the daemon's state at each scrape."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def describe(self) -> list[Metric]:
        """Nothing at registration: the state may not be there yet."""
        return []

    def collect(self) -> Iterator[Metric]:
        services = self._services
        tasks = GaugeMetricFamily("tikmatrixd_tasks", "Tasks by status", labels=("status",))
        counts = services.store.tasks.counts()
        for status in Status:
            tasks.add_metric((status.name.lower(),), counts.get(status, 0))
        yield tasks
        waiting = GaugeMetricFamily(
            "tikmatrixd_tasks_queued", "Due tasks by what they wait for", labels=("waiting_for",)
        )
        queued: dict[Any, int] = {}
        for task in services.store.tasks.queued():
            queued[task.waiting_for] = queued.get(task.waiting_for, 0) + 1
        for reason in Waiting:
            waiting.add_metric((reason.value,), queued.get(reason, 0))
        yield waiting
        phones = GaugeMetricFamily("tikmatrixd_phones", "Phones by state", labels=("state",))
        states = [info.state for info in services.phones.inventory()]
        for state in PhoneState:
            phones.add_metric((state.value,), states.count(state))
        yield phones
        yield from self._adb_servers()
        yield from self._health()

    def _adb_servers(self) -> Iterator[Metric]:
        """One label for each server of the config."""
        up = GaugeMetricFamily(
            "tikmatrixd_adb_server_up", "1 while the adb server answers", labels=("adb_server",)
        )
        phones = GaugeMetricFamily(
            "tikmatrixd_adb_server_phones",
            "Phones that are reached through the adb server, or were last",
            labels=("adb_server",),
        )
        usable = GaugeMetricFamily(
            "tikmatrixd_adb_server_phones_usable", "Those that can work", labels=("adb_server",)
        )
        pushes = GaugeMetricFamily(
            "tikmatrixd_adb_server_pushes",
            "Files that are being copied to its phones",
            labels=("adb_server",),
        )
        for server in self._services.phones.servers():
            for family, value in (
                (up, server.up), (phones, server.phones), (usable, server.usable), (pushes, server.pushes),
            ):  # fmt: skip
                family.add_metric((server.name,), float(value))
        yield from (up, phones, usable, pushes)

    def _health(self) -> Iterator[Metric]:
        services = self._services
        ended = CounterMetricFamily(
            "tikmatrixd_tasks_ended",
            "Tasks that ended since the start, by outcome",
            labels=("platform", "outcome"),
        )
        for platform in PLATFORMS:
            for outcome in OUTCOMES:
                ended.add_metric((platform, outcome.value), services.jobs.tally.ended(platform, outcome))
        yield ended
        ready = float(readiness(services).ready)
        yield GaugeMetricFamily("tikmatrixd_ready", "1 when /readyz says so", value=ready)
        yield GaugeMetricFamily(
            "tikmatrixd_helper_overdue_seconds",
            "How long the slowest helper thread is overdue",
            value=services.overdue_s(),
        )
        yield GaugeMetricFamily(
            "tikmatrixd_notifications_waiting",
            "Notifications not delivered yet",
            value=services.notifications_waiting(),
        )
        yield CounterMetricFamily(
            "tikmatrixd_unclean_starts",
            "Starts after a crash or a power cut",
            value=services.store.unclean_starts,
        )
        free = shutil.disk_usage(services.store.state_dir).free
        yield GaugeMetricFamily(
            "tikmatrixd_disk_free_bytes", "Free space below the state directory", value=free
        )
        limit = services.settings().storage.min_free_bytes
        yield GaugeMetricFamily(
            "tikmatrixd_disk_min_free_bytes", "Below this, new tasks are refused", value=limit
        )
        writable = float(services.store.health().writable)
        yield GaugeMetricFamily("tikmatrixd_store_writable", "1 when changes can be stored", value=writable)
        yield InfoMetricFamily("tikmatrixd", "The program", value={"version": services.version or "unknown"})

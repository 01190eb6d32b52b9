"""Checks of config values that their types cannot say."""

from __future__ import annotations

import difflib
import importlib.util
import ipaddress
import re
from collections.abc import Container, Iterable, Iterator
from pathlib import Path
from typing import get_args

import msgspec

from jobs.hub.addresses import address, is_loopback, remote_problem, split_listen
from jobs.hub.platforms import PLATFORMS, VIDEO_CODECS
from jobs.hub.settings import LOCAL_SERVER, AdbServerEntry, EventName, Settings
from jobs.hub.time_zone import ZoneInvalid, zone
from jobs.input.name_hints import username_problem
from jobs.input.quiet_hours import QuietHoursInvalid, read_quiet_hours

_LABEL = r"(?!-)[\w-]{1,63}"
_NAME = rf"{_LABEL}(?:\.{_LABEL})*\.?"
_V6 = r"[0-9A-Fa-f:.]{2,45}"
_HOST = re.compile(rf"{_NAME}|{_V6}")
_URL = re.compile(rf"https?://(?:[^/?#@]*@)?(?:{_NAME}|\[{_V6}\])(?::\d{{1,5}})?(?:[/?#]|$)")
_PACKAGE = re.compile(r"[A-Za-z]\w*(?:\.[A-Za-z]\w*)+", re.ASCII)
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
#: Whatever people write there: joined emoji hold invisible characters; user names are checked by their own rule.
_FREE_TEXTS = frozenset({"display_name", "secret", "username"})
#: The largest pace that can be asked for: a week between two posts, a post every minute or so.
MAX_GAP_MINUTES = 7 * 24 * 60
MAX_PER_DAY = 1000
#: One daemon can serve this many adb servers.
MAX_ADB_SERVERS = 16
#: What can stand in a table, in a label of a metric and in the name of a unit.
_SERVER_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")
_TOKEN = re.compile(r"[!-~]*")  #: what a header can carry
#: Other names of codecs, in small letters without signs between them.
_CODECS = {
    **{re.sub(r"\W", "", name.casefold()): name for name in VIDEO_CODECS},
    **dict.fromkeys(("h264", "x264", "libx264", "avc1", "mpeg4avc", "h264avc"), "AVC"),
    **dict.fromkeys(("h265", "x265", "libx265", "hvc1", "hev1", "h265hevc"), "HEVC"),
    "vp09": "VP9",
    "av01": "AV1",
}


def check_values(settings: Settings) -> Iterator[tuple[str, str]]:
    """Pairs of dotted key and problem."""
    try:
        split_listen(settings.server.listen)
    except ValueError as error:
        yield "server.listen", f"{error}, e.g. 127.0.0.1:50809"
    for network in settings.server.trusted_networks:
        try:
            ipaddress.ip_network(network)
        except ValueError as error:
            yield "server.trusted_networks", f"{error}; write e.g. 192.168.1.0/24"
    try:
        zone(settings.posting.timezone)
    except ZoneInvalid as error:
        yield "posting.timezone", str(error)
    if settings.posting.retry_pause_min_s > settings.posting.retry_pause_max_s:
        yield "posting.retry_pause_min_s", "must not be larger than retry_pause_max_s"
    try:
        read_quiet_hours(settings.posting.quiet_hours)
    except QuietHoursInvalid as error:
        yield "posting.quiet_hours", str(error)
    yield from _check_texts("", settings)
    yield from _check_ranges(settings)
    yield from _check_names(settings)
    yield from _check_adb_servers(settings)
    yield from _check_paths(settings)
    yield from _check_accounts(settings)
    yield from _check_notify(settings)


def _check_texts(prefix: str, struct: msgspec.Struct) -> Iterator[tuple[str, str]]:
    """Blanks and invisible characters at which a value matches nothing. They come from tables, web pages, phones' labels."""
    for field in msgspec.structs.fields(type(struct)):
        key = f"{prefix}{field.name}"
        value = getattr(struct, field.name)
        if isinstance(value, msgspec.Struct):
            yield from _check_texts(f"{key}.", value)
        elif isinstance(value, tuple) and value and isinstance(value[0], msgspec.Struct):
            for index, entry in enumerate(value):
                yield from _check_texts(f"{key}[{index}].", entry)
        elif field.name not in _FREE_TEXTS:
            of_phones = key == "phones.known" or field.name == "serial"
            for text in _texts_of(value):
                problem = _text_problem(text, one_word=of_phones, may_be_empty=isinstance(value, str))
                if problem:
                    yield key, f"{text!r} {problem}"


def _texts_of(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        yield from (text for text in value if isinstance(text, str))
    elif isinstance(value, dict):
        yield from (text for pair in value.items() for text in pair if isinstance(text, str))


def _text_problem(text: str, *, one_word: bool, may_be_empty: bool) -> str:
    if not text.strip():
        return "" if not text and may_be_empty else "is empty"
    hidden = next((c for c in text if not c.isprintable()), "")
    if hidden:
        return f"holds an invisible character (U+{ord(hidden):04X})"
    if text != text.strip():
        return "begins or ends with a blank"
    return "holds a blank" if one_word and " " in text else ""


def _check_ranges(settings: Settings) -> Iterator[tuple[str, str]]:
    ranges: tuple[tuple[str, float, float, float], ...] = (
        ("server.threads", settings.server.threads, 2, 128),
        ("server.drain_s", settings.server.drain_s, 0, 600),
        ("server.max_json_bytes", settings.server.max_json_bytes, 1024, 64 * 1024**2),
        ("server.max_upload_bytes", settings.server.max_upload_bytes, 1024, 64 * 1024**3),
        ("storage.retention_days", settings.storage.retention_days, 1, 36500),
        ("storage.generations", settings.storage.generations, 1, 100),
        ("storage.min_free_bytes", settings.storage.min_free_bytes, 0, 2**50),
        ("storage.evidence_quota_bytes", settings.storage.evidence_quota_bytes, 0, 2**50),
        ("adb.port", settings.adb.port, 1, 65535),
        ("adb.max_concurrent_pushes", settings.adb.max_concurrent_pushes, 1, 100),
        ("phones.max_concurrent_devices", settings.phones.max_concurrent_devices, 0, 100),
        ("phones.min_battery_percent", settings.phones.min_battery_percent, 0, 100),
        ("phones.max_battery_celsius", settings.phones.max_battery_celsius, 20, 80),
        ("posting.max_retry_count", settings.posting.max_retry_count, 0, 10),
        ("posting.retry_pause_min_s", settings.posting.retry_pause_min_s, 0, 86400),
        ("posting.retry_pause_max_s", settings.posting.retry_pause_max_s, 0, 86400),
        ("posting.max_interruptions", settings.posting.max_interruptions, 0, 100),
        ("posting.attempt_timeout_s", settings.posting.attempt_timeout_s, 30, 86400),
        ("posting.unknown_screen_patience_s", settings.posting.unknown_screen_patience_s, 0, 600),
        ("posting.proof_timeout_s", settings.posting.proof_timeout_s, 1, 3600),
        ("posting.duplicate_window_minutes", settings.posting.duplicate_window_minutes, 0, 10080),
        ("posting.duplicate_warning_hours", settings.posting.duplicate_warning_hours, 0, 8760),
        ("posting.min_gap_minutes", settings.posting.min_gap_minutes, 0, MAX_GAP_MINUTES),
        ("posting.max_per_day", settings.posting.max_per_day, 0, MAX_PER_DAY),
        ("media.library_quota_bytes", settings.media.library_quota_bytes, 0, 2**50),
        ("media.probe_timeout_s", settings.media.probe_timeout_s, 1, 600),
        ("media.max_pixels", settings.media.max_pixels, 1_000_000, 1_000_000_000),
    )
    for key, value, low, high in ranges:
        if not low <= value <= high:
            yield key, f"must be between {low} and {high}"
    for platform in PLATFORMS:
        limits = settings.media.limits(platform)
        # With any of these at nought or below, every file would be refused.
        for name in (
            "max_video_s",
            "max_video_bytes",
            "max_image_bytes",
            "warn_video_s",
            "max_caption_chars",
        ):
            if not getattr(limits, name) > 0:
                yield f"media.{platform}.{name}", "must be more than 0"
        for name in ("min_video_s", "min_width", "warn_caption_chars", "warn_hashtags"):
            if not getattr(limits, name) >= 0:
                yield f"media.{platform}.{name}", "must not be below 0"
        if 0 < limits.max_video_s < limits.min_video_s:
            yield f"media.{platform}.min_video_s", "must not be larger than max_video_s"
        if not limits.video_codecs:
            yield f"media.{platform}.video_codecs", "must name at least one, e.g. AVC"
        for name in ("video_codecs", "warn_codecs"):
            yield from _check_codecs(f"media.{platform}.{name}", getattr(limits, name))


def _check_codecs(key: str, codecs: Iterable[str]) -> Iterator[tuple[str, str]]:
    """A name that no look into a file says would refuse every video, or warn of none."""
    for codec in codecs:
        if codec not in VIDEO_CODECS:
            near = _CODECS.get(re.sub(r"\W", "", codec.casefold()))
            hint = f"did you mean {near!r}?" if near else f"known: {', '.join(VIDEO_CODECS)}"
            yield key, f"{codec!r} is not the name of a codec here; {hint}"


def _check_names(settings: Settings) -> Iterator[tuple[str, str]]:
    """Names of hosts, phones and apps."""
    yield from _check_network_phones("phones.connect", settings.phones.connect, frozenset())
    if settings.phones.set_app_language and not _LANGUAGE.fullmatch(settings.phones.set_app_language):
        yield "phones.set_app_language", 'is not a language tag, e.g. "en" or "en-GB"'
    for host in settings.server.hosts:
        if not _HOST.fullmatch(host):
            yield "server.hosts", f"{host!r} is not the name of a host alone, e.g. hub.example.org"
    if not settings.adb.host.strip():
        yield "adb.host", "must not be empty; the adb server of this box is 127.0.0.1"
    for platform in PLATFORMS:
        if not _PACKAGE.fullmatch(settings.posting.package(platform)):
            yield f"posting.{platform}_package", "is not a package name, e.g. com.instagram.android"


def _check_network_phones(
    key: str, phones: Iterable[str], others: Container[str]
) -> Iterator[tuple[str, str]]:
    """`others` are those that another adb server connects to."""
    for phone in phones:
        try:
            reachable = all(split_listen(phone)) and phone[0] != ":"
        except ValueError:
            reachable = False
        if not reachable:
            yield key, f"{phone!r} is not HOST:PORT, e.g. 192.168.1.50:5555"
        elif phone in others:
            yield key, f"{phone!r} stands twice: one adb server connects to it"


def _check_adb_servers(settings: Settings) -> Iterator[tuple[str, str]]:
    if len(settings.adb_servers) > MAX_ADB_SERVERS:
        yield "adb_servers", f"holds {len(settings.adb_servers)} entries, {MAX_ADB_SERVERS} at most"
    names = {LOCAL_SERVER}
    places = {_place(settings.adb.host, settings.adb.port): LOCAL_SERVER}
    phones = set(settings.phones.connect)
    for index, server in enumerate(settings.adb_servers):
        key = f"adb_servers[{index}]"
        if not _SERVER_NAME.fullmatch(server.name):
            yield f"{key}.name", f"{server.name!r} is no name: 1 to 32 of a to z, 0 to 9 and -, e.g. shelf-2"
        elif server.name == LOCAL_SERVER:
            yield f"{key}.name", f"{LOCAL_SERVER!r} is the server of [adb]; choose another name"
        elif server.name in names:
            yield f"{key}.name", f"{server.name!r} stands twice"
        names.add(server.name)
        if problem := _host_problem(server):
            yield f"{key}.host", problem
        if not 1 <= server.port <= 65535:
            yield f"{key}.port", "must be between 1 and 65535"
        elif other := places.get(_place(server.host, server.port)):
            yield f"{key}.port", f"{server.host}:{server.port} is the adb server {other!r} already"
        else:
            places[_place(server.host, server.port)] = server.name
        if not 1 <= server.max_concurrent_pushes <= 100:
            yield f"{key}.max_concurrent_pushes", "must be between 1 and 100"
        yield from _check_network_phones(f"{key}.connect", server.connect, phones)
        phones.update(server.connect)


def _host_problem(server: AdbServerEntry) -> str:
    """Why a further adb server may not be reached under its host; "" when it may."""
    if is_loopback(server.host):
        return ""
    if server.link == "ssh":
        return (
            f"{server.host!r} is not on this box, and adb's server has no password: whoever reaches it owns all its phones. "
            "Let it listen on the other box's loopback only, bring it here with an SSH link (docs/operator.md) and write "
            'host = "127.0.0.1"; or, where the way to it is safe, link = "wireguard" or link = "cable"'
        )
    problem = remote_problem(server.host)
    return f"{server.host!r} {problem}" if problem else ""


def _place(host: str, port: int) -> tuple[str, int]:
    """An address in one spelling."""
    return "127.0.0.1" if host.lower() == "localhost" else str(address(host) or host.lower()), port


def _check_paths(settings: Settings) -> Iterator[tuple[str, str]]:
    if not Path(settings.storage.state_dir).is_absolute():
        yield "storage.state_dir", "must be an absolute path"
    elif Path(settings.storage.state_dir) == Path("/"):
        yield "storage.state_dir", "must be a folder of its own, e.g. /var/lib/tikmatrixd"
    for prefix, target in settings.media.path_map.items():
        if target and not Path(target).is_absolute():
            yield (
                "media.path_map",
                f"{prefix!r} leads to {target!r}, which must be an absolute path on this box",
            )
    if not settings.media.roots:
        yield "media.roots", "must name at least one folder"
    for root in settings.media.roots:
        if not Path(root).is_absolute():
            yield "media.roots", f"{root!r} must be an absolute path"
        elif Path(root) == Path("/"):
            yield "media.roots", "must not be the whole disk"
    for key, path in (
        ("server.tokens_file", settings.server.tokens_file),
        ("adb.binary", settings.adb.binary),
        ("media.library_dir", settings.media.library_dir),
        ("posting.screens_dir", settings.posting.screens_dir),
    ):
        if path and not Path(path).is_absolute():
            yield key, "must be an absolute path"


def _check_accounts(settings: Settings) -> Iterator[tuple[str, str]]:
    seen: set[tuple[str, str]] = set()
    for index, account in enumerate(settings.accounts):
        bare = account.username.strip().removeprefix("@").strip()
        name, problem = bare.casefold(), username_problem(bare)
        if not name:
            yield f"accounts[{index}].username", "must not be empty"
        elif problem:
            yield f"accounts[{index}].username", f"{account.username!r} {problem}"
        elif (account.platform, name) in seen:
            yield f"accounts[{index}].username", f"{account.username!r} stands twice for {account.platform}"
        seen.add((account.platform, name))
        for key, value, most in (
            ("min_gap_minutes", account.min_gap_minutes, MAX_GAP_MINUTES),
            ("max_per_day", account.max_per_day, MAX_PER_DAY),
        ):
            if value is not None and not 0 <= value <= most:
                yield f"accounts[{index}].{key}", f"must be between 0 and {most}"
        if account.package and not _PACKAGE.fullmatch(account.package):
            yield f"accounts[{index}].package", "is not a package name, e.g. com.instagram.android"


def _check_notify(settings: Settings) -> Iterator[tuple[str, str]]:
    known = get_args(EventName)
    urls: set[str] = set()
    for index, target in enumerate(settings.notify):
        key = f"notify[{index}]"
        if target.kind == "apprise":
            if not importlib.util.find_spec("apprise"):
                yield (
                    f"{key}.kind",
                    "needs the package apprise: add it to /etc/tikmatrixd/extra-requirements.txt",
                )
        elif not target.url.startswith(("http://", "https://")):
            yield f"{key}.url", "must start with http:// or https://"
        elif not _URL.match(target.url):
            yield f"{key}.url", "names no host: write e.g. https://example.org/hook"
        if target.kind == "ntfy" and not _TOKEN.fullmatch(target.secret):
            yield (
                f"{key}.secret",
                "is not an access token of ntfy: those have neither spaces nor letters beyond ASCII",
            )
        if target.url in urls:
            yield f"{key}.url", "stands twice: name all its events in one entry"
        urls.add(target.url)
        for name in target.events:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
                yield f"{key}.events", f"there is no event {name!r}; {hint}"

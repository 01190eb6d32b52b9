"""What re-reading the config file may change while the daemon runs, and what has to wait for a restart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from jobs.hub.platforms import PLATFORMS
from jobs.hub.settings import Settings

#: Dotted keys, or whole sections, that take effect at once.
LIVE = frozenset(
    {
        "accounts", "notify", "compat", "license", "log",
        "server.trust_loopback", "server.trusted_networks", "server.hosts", "phones.max_concurrent_devices",
        "media.roots", "media.path_map", *(f"media.{platform}" for platform in PLATFORMS), "posting.timezone",
        "posting.screens_dir", "posting.default_platform", "posting.duplicate_window_minutes", "posting.duplicate_warning_hours",
        "posting.min_gap_minutes", "posting.max_per_day", "posting.quiet_hours", "posting.rehearse_new_versions",
    }
)  # fmt: skip


class Change(msgspec.Struct, frozen=True):
    """The outcome of a reload: settings now in force, changed keys, and those that wait for a restart."""

    settings: Settings
    changed: list[str]
    restart_needed: list[str]


def merge(old: Settings, new: Settings) -> Change:
    """Take over what may change while running; everything else stays as it was until the next start."""
    before, after = msgspec.to_builtins(old), msgspec.to_builtins(new)
    changed = sorted(differences(before, after))
    live = [key for key in changed if key in LIVE or key.partition(".")[0] in LIVE]
    for key in live:
        section, _, name = key.partition(".")
        if name:
            before[section][name] = after[section][name]
        else:
            before[section] = after[section]
    settings = msgspec.convert(before, Settings)
    return Change(settings, changed, [key for key in changed if key not in live])


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """Dotted keys, or sections that are lists, in which two settings as plain data differ."""
    for section, content in after.items():
        if isinstance(content, Mapping):
            yield from (
                f"{section}.{name}" for name, value in content.items() if before[section][name] != value
            )
        elif before[section] != content:
            yield section

"""Writes a complete config file for a daemon that shall drive the simulated phones."""

from __future__ import annotations

import json
from pathlib import Path

from simulator.host import Host
from simulator.kept import write_atomically


def config_text(host: Host) -> str:
    """The TOML text."""
    state = host.options.state_dir.resolve()
    lines = [
        "# Written by the phone simulator for `tikmatrixd.py serve --config`.",
        "",
        "[server]",
        f'listen = "127.0.0.1:{host.listen_port}"',
        "",
        "[storage]",
        f"state_dir = {_text(state / 'daemon')}",
        "",
        "[adb]",
        f"port = {host.adb_port}",
        "start_server = false",
        "",
        "[media]",
        f"roots = [{_text(host.media_root().resolve())}]",
    ]
    for account in host.accounts():
        lines += [
            "",
            "[[accounts]]",
            *(
                f"{key} = {_text(account[key])}"
                for key in ("username", "serial", "platform", "package", "display_name")
            ),
        ]
    return "\n".join(lines) + "\n"


def _text(value: object) -> str:
    # A JSON string is a TOML basic string.
    return json.dumps(str(value), ensure_ascii=False)


def write(path: Path, host: Host) -> None:
    write_atomically(path, config_text(host))

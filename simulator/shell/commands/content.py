"""`content`: the media store's rows, as adb's shell reads and writes them."""

from __future__ import annotations

import re
from typing import Any

from simulator.android.media_store import MediaError
from simulator.shell.process import Process, command

_MEDIA = re.compile(
    r"^content://media/(external|external_primary)/(video/media|images/media|file)(?:/(\d+))?$"
)
_KINDS = {"video/media": "video", "images/media": "image", "file": "file"}


class _BadUsageError(ValueError):
    """The words are not a command of `content`."""


@command("content")
async def content(process: Process, words: list[str]) -> int:
    verb = words[0] if words else ""
    try:
        options = _options(words[1:])
        if verb == "call":
            return await _call(process, options)
        kind, row_id = _target(options.get("uri", ""))
        if verb == "query":
            return await _query(process, kind, row_id, options)
        if verb == "insert":
            uri = await process.phone.media_store.insert(
                "video" if kind == "video" else "image", _values(options)
            )
            process.phone.record.event("insert", uri=uri)
            return 0
        if verb == "delete":
            process.phone.media_store.delete(kind, row_id, options.get("where", ""))
            return 0
    except _BadUsageError as error:
        return await process.fail(f"[ERROR] {error}\n")
    except MediaError as error:
        return await process.fail(f"Error while accessing provider:media\n{error}\n", 0)
    return await process.fail(
        f"[ERROR] Unsupported operation: {verb}\nusage: adb shell content [subcommand] [options]\n"
    )


def _options(words: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {"bind": []}
    rest = iter(words)
    for word in rest:
        if not word.startswith("--"):
            raise _BadUsageError(f"Unsupported argument: {word}")
        value = next(rest, None)
        if value is None:
            raise _BadUsageError(f"Argument expected after {word}")
        if word == "--bind":
            found["bind"].append(value)
        else:
            found[word[2:]] = value
    return found


def _target(uri: str) -> tuple[str, int | None]:
    match = _MEDIA.match(uri)
    if match is None:
        if uri.startswith("content://media"):
            raise MediaError(f"java.lang.IllegalStateException: Unknown URL: {uri} is hidden API")
        raise _BadUsageError(f"Could not find provider: {uri.removeprefix('content://').partition('/')[0]}")
    return _KINDS[match[2]], int(match[3]) if match[3] else None


def _values(options: dict[str, Any]) -> dict[str, Any]:
    """--bind NAME:TYPE:VALUE"""
    values: dict[str, Any] = {}
    for binding in options["bind"]:
        name, _, rest = binding.partition(":")
        kind, separator, value = rest.partition(":")
        if not separator:
            raise _BadUsageError(f"Binding not well formed: {binding}")
        if kind in ("i", "l"):
            if not value.lstrip("-").isdecimal():
                raise _BadUsageError(f"java.lang.NumberFormatException: {value}")
            values[name] = int(value)
        else:
            values[name] = value
    return values


async def _query(process: Process, kind: str, row_id: int | None, options: dict[str, Any]) -> int:
    projection = [name for name in options.get("projection", "").split(":") if name]
    rows = process.phone.media_store.query(
        kind, row_id, projection, options.get("where", ""), options.get("sort", "")
    )
    if not rows:
        await process.out("No result found.\n")
    for number, row in enumerate(rows):
        cells = ", ".join(f"{name}={'NULL' if value is None else value}" for name, value in row.items())
        await process.out(f"Row: {number} {cells}\n")
    return 0


async def _call(process: Process, options: dict[str, Any]) -> int:
    method, argument = options.get("method", ""), options.get("arg", "")
    if not options.get("uri", "").startswith("content://media"):
        raise _BadUsageError(f"Could not find provider: {options.get('uri', '')}")
    if method == "scan_file":
        uri = await process.phone.scan(argument)
        await process.out(f"Result: Bundle[{{uri={uri or 'null'}}}]\n")
        return 0
    raise MediaError(f"java.lang.UnsupportedOperationException: Unsupported call: {method}")

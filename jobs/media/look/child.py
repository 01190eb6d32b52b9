"""The looking process: takes open files from a socket, one after the other, and answers what they hold.

    python -I child.py SOCKET

Each request is one packet, `{"kind": "video" | "image" | "thumbnail", "max_pixels": N, "cpu_s": N}`, with the file's
descriptor beside it; each answer is one packet: what was seen as JSON, or the thumbnail as JPEG. The process may crash, hang or be killed at any file: the daemon starts another.
"""

from __future__ import annotations

import os
import sys

if __name__ == "__main__":
    sys.path.insert(0, os.path.abspath(__file__).rsplit("/", 4)[0])  # noqa: PTH100 - a small start

import json
import resource
import signal
import socket
from typing import Any

from jobs.media.look import jpeg, png, thumbnail, video, webp
from jobs.media.look.sandbox import lock_down
from jobs.media.look.seen import Seen, Source, Unfit

#: Images are read whole; a larger one would not fit into the memory anyway.
_IMAGE_MAX_BYTES = 128 * 1024**2
#: A process that still holds this much after a look makes room for a new one.
_TIRED_BYTES = 128 * 1024**2
_REQUEST_MAX_BYTES = 4096


def look(fd: int, kind: str, max_pixels: int) -> Seen:
    """What an open file holds. Raises Unfit."""
    source = Source(fd)
    if kind == "video":
        return video.look(source)
    if kind == "thumbnail":
        return {"picture": thumbnail.make(source, max_pixels)}
    if source.size > _IMAGE_MAX_BYTES:
        raise Unfit("too_large", f"has {source.size} bytes, of images {_IMAGE_MAX_BYTES} are taken")
    data = source.read(0, source.size)
    if data.startswith(b"\xff\xd8"):
        return jpeg.look(data, max_pixels)
    return png.look(data, max_pixels) if data.startswith(b"\x89PNG") else webp.look(data, max_pixels)


def answer(fd: int, request: dict[str, Any]) -> Seen:
    """What an open file holds, or why it is refused; raises nothing."""
    try:
        return look(fd, request["kind"], request["max_pixels"])
    except Unfit as unfit:
        return {"refused": (unfit.code, unfit.text[:300])}
    except MemoryError:
        return {
            "refused": ("too_large", "needs more memory than looking into a file may take"),
            "tired": True,
        }
    except Exception as error:  # noqa: BLE001 - a file made to break us, or one we do not understand
        return {"refused": ("unreadable", f"is damaged: it cannot be looked into ({type(error).__name__})")}


def _held_bytes() -> int:
    # `ru_maxrss` would begin with what the daemon held when it started this process.
    with open("/proc/self/statm", "rb") as file:  # noqa: PTH123 - a small start
        return int(file.read().split()[1]) * resource.getpagesize()


def main() -> None:
    """Serve until the daemon lets go of the socket."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    jpeg.set_up()
    lock_down()
    while True:
        packet, descriptors, _, _ = socket.recv_fds(channel, _REQUEST_MAX_BYTES, 1)
        if not packet:
            return
        request = json.loads(packet)
        # When the time is over the system ends this process, wherever it is.
        signal.setitimer(signal.ITIMER_PROF, request["cpu_s"])
        found = answer(descriptors[0], request)
        signal.setitimer(signal.ITIMER_PROF, 0)
        os.close(descriptors[0])
        tired = found.pop("tired", False) or _held_bytes() > _TIRED_BYTES
        picture = found.pop("picture", None)
        channel.send(json.dumps(found).encode() if picture is None else picture)
        if tired:
            return


if __name__ == "__main__":
    main()

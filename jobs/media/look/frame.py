"""Becomes ffmpeg under the limits of the looking process, to take one picture out of a video.

    python -I frame.py FFMPEG AT_S CPU_S

The video is standard input, the picture comes out of standard output as JPEG. What ffmpeg reads was uploaded by any client
with a token: it gets no network, little memory, and may write no file.
"""

from __future__ import annotations

import os
import resource
import sys

if __name__ == "__main__":
    sys.path.insert(0, os.path.abspath(__file__).rsplit("/", 4)[0])  # noqa: PTH100 - a small start

from jobs.media.look.sandbox import lock_down

_SIDE_PX = 320


def arguments(ffmpeg: str, at_s: str) -> list[str]:
    """The command: one picture at `at_s` seconds, turned as it is shown, and nothing read but this file."""
    scale = f"scale={_SIDE_PX}:{_SIDE_PX}:force_original_aspect_ratio=decrease:force_divisible_by=2"
    read = f"-threads 1 -protocol_whitelist file -f mov -ss {at_s} -i /proc/self/fd/0"
    make = f"-an -sn -dn -frames:v 1 -filter_threads 1 -vf {scale} -pix_fmt yuvj420p"
    write = "-threads 1 -q:v 5 -f mjpeg pipe:1"
    return [ffmpeg, *f"-nostdin -hide_banner -loglevel error {read} {make} {write}".split()]


def main() -> None:
    """Give up what is not needed, then run ffmpeg in this process."""
    ffmpeg, at_s, cpu_s = sys.argv[1:]
    lock_down(starts_programs=True)
    seconds = max(1, int(float(cpu_s)))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    os.execv(ffmpeg, arguments(ffmpeg, at_s))  # noqa: S606 - the path was looked up by the daemon


if __name__ == "__main__":
    main()

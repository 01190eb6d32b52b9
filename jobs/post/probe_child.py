"""Looks into one media file and prints what it is as JSON; run as a process of its own, which may crash or hang.

Usage: python -I probe_child.py video|image PATH CPU_SECONDS. It imports nothing of this project, so that it starts fast.
"""

from __future__ import annotations

import json
import resource
import sys
from typing import Any

_MEMORY_BYTES = 2 * 1024**3
_MAX_PIXELS = 150_000_000
_SIDEWAYS = (90, 270)
_ORIENTATION = 0x0112


def main() -> None:
    kind, path, cpu_seconds = sys.argv[1:4]
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (int(cpu_seconds), int(cpu_seconds)))
    print(json.dumps(_video(path) if kind == "video" else _image(path)))


def _video(path: str) -> dict[str, Any]:
    from pymediainfo import MediaInfo

    facts: dict[str, Any] = {}
    for track in MediaInfo.parse(path).tracks:
        if track.track_type == "General":
            facts["container"] = track.format or ""
            facts["truncated"] = track.istruncated == "Yes"
        elif track.track_type == "Video" and "width" not in facts:
            width, height = track.width or 0, track.height or 0
            if round(float(track.rotation or 0)) % 360 in _SIDEWAYS:
                width, height = height, width
            facts |= {"codec": track.format or "", "width": width, "height": height}
            facts["duration_s"] = float(track.duration or 0) / 1000
        elif track.track_type == "Audio":
            facts.setdefault("audio_codec", track.format or "")
    return facts


def _image(path: str) -> dict[str, Any]:
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = _MAX_PIXELS
    try:
        with Image.open(path, formats=("JPEG", "PNG", "WEBP")) as image:
            width, height = image.size
            if width * height > _MAX_PIXELS:
                return {"too_many_pixels": True}
            # Orientations 5 to 8 lie on their side.
            if image.getexif().get(_ORIENTATION, 1) >= 5:
                width, height = height, width
            container = str(image.format)
            image.load()
    except Image.DecompressionBombError:
        return {"too_many_pixels": True}
    except OSError as error:
        return {"truncated": "truncated" in str(error), "unreadable": str(error)}
    return {"container": container, "width": width, "height": height}


if __name__ == "__main__":
    main()

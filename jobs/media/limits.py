"""Whether a platform's app takes a file, by the limits in the config: what it refuses, and what it only dislikes."""

from __future__ import annotations

from collections.abc import Iterator

from jobs.hub.platforms import FACTS
from jobs.hub.settings import PlatformLimits
from jobs.media.probe import MediaFacts

_LIKED_AUDIO = ("", "AAC", "MPEG Audio")


def judge(
    name: str, facts: MediaFacts, limits: PlatformLimits, platform: str
) -> Iterator[tuple[str, str, bool]]:
    """What the platform's app says to the file: code, sentence, and whether it refuses (else it only dislikes)."""
    app = FACTS[platform].title
    most = limits.max_video_bytes if facts.kind == "video" else limits.max_image_bytes
    if facts.size_bytes > most:
        yield "too_large", f'"{name}" has {facts.size_bytes} bytes, {app} takes {most}', True
    if facts.width < limits.min_width:
        yield (
            "too_small",
            f'"{name}" is {facts.width} pixels wide, {app} takes {limits.min_width} or more',
            True,
        )
    for code, sentence in facts.notes:
        yield code, f'"{name}" {sentence}', False
    if facts.kind != "video":
        return
    length = facts.duration_s or 0.0
    if length < limits.min_video_s:
        yield "too_short", f'"{name}" lasts {length:g} s, {app} takes {limits.min_video_s:g} s or more', True
    elif length > limits.max_video_s:
        yield "too_long", f'"{name}" lasts {length:g} s, {app} takes {limits.max_video_s:g} s at most', True
    elif length > limits.warn_video_s:
        yield (
            "long",
            f'"{name}" lasts {length:g} s; {app} shows longer than {limits.warn_video_s:g} s to few',
            False,
        )
    if facts.codec not in limits.video_codecs:
        known = ", ".join(limits.video_codecs)
        yield "codec", f'"{name}" is {facts.codec or "unknown"} video, {app} takes {known}', True
    elif facts.codec in limits.warn_codecs:
        yield (
            "codec_disliked",
            f'"{name}" is {facts.codec} video, which {app} takes not on every phone',
            False,
        )
    if facts.audio_codec not in _LIKED_AUDIO:
        yield "audio_disliked", f'"{name}" has {facts.audio_codec} sound, which {app} may drop', False

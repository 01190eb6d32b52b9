"""The last look at a caption before a task is made: what the app takes, and what it would alter (R63)."""

from __future__ import annotations

import re

from jobs.content import hashtags
from jobs.content.captions import (
    SplitCaption,
    count_hashes,
    length_problems,
    length_warnings,
    split_title,
    trim_hashtags,
)
from jobs.hub.platforms import facts
from jobs.hub.settings import HashtagRule, Media
from jobs.input.fields import Findings
from jobs.input.spoilt_values import find_placeholder, stands_for_nothing
from jobs.input.values import Unreadable, read_typed, shorten

_HTML = re.compile(
    r"&(?:amp|lt|gt|quot|apos|nbsp|#[0-9]{2,7}|#x[0-9a-f]{2,6});|</?(?:p|br|b|i|em|strong|div|span|a)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
#: A blank, a line break, or a letter beyond ASCII as forms and addresses write it.
_PERCENT = re.compile(
    r"%(?:20|0A|0D|[cC][2-9a-fA-F]%[89abAB][0-9a-fA-F]|[eE][0-9a-fA-F](?:%[89abAB][0-9a-fA-F]){2}|[fF]0(?:%[89abAB][0-9a-fA-F]){3})"
)
_MISREAD = {"cp1252": "Windows-1252", "cp1251": "Windows-1251", "gbk": "GBK"}
#: Backslash and n as two characters, not as a part of a path.
_TYPED_BREAK = re.compile(r"(?<![\\:])\\n")


def _doubts(caption: str) -> list[str]:
    """What was most likely not meant to stand in a post, but can be posted."""
    doubts = []
    html = _HTML.search(caption)
    if html:
        doubts.append(f'holds "{shorten(html[0], 30)}", which is HTML; it is posted as it stands')
    if _TYPED_BREAK.search(caption):
        doubts.append(
            r'holds a backslash and an "n"; they are posted as they stand (a line break in JSON is "\n")'
        )
    if stands_for_nothing(caption):
        doubts.append(f'is "{caption.strip()}", which a program writes where it has no value')
    placeholder = find_placeholder(caption)
    if placeholder:
        doubts.append(f'holds "{placeholder}", which looks like a place that was not filled in')
    if encoding := _misread_as(caption):
        doubts.append(f"looks like UTF-8 that was read as {encoding}; it is posted as it stands")
    if coded := _PERCENT.search(caption):
        doubts.append(
            f'holds "{coded[0]}", as addresses do in the place of a character; it is posted as it stands'
        )
    if "\ufffd" in caption:
        doubts.append(
            "holds U+FFFD, which stands where a program lost a character; it is posted as it stands"
        )
    return [*doubts, *hashtags.doubts(caption)]


def _misread_as(text: str) -> str:
    """As which encoding bytes of UTF-8 were taken for all that is not ASCII, as in "CafÃ©"; "" if none."""
    if text.isascii():
        return ""
    for encoding, called in _MISREAD.items():
        try:
            if len(text.encode(encoding).decode()) < len(text):
                return called
        except UnicodeError:
            continue
    return ""


class CaptionRules:
    """Judges the captions of one request; problems and warnings go to its findings."""

    def __init__(self, media: Media, rule: HashtagRule, findings: Findings) -> None:
        self._media = media
        self._rule = rule
        self._findings = findings

    def finish(self, caption: str, platform: str, kind: str, field: str) -> str:
        """The text that will stand on the phone; where there is a title field, `##` still divides it.

        `kind` is "video" or "image", `field` where the caption comes from, for people.
        """
        limits, app = self._media.limits(platform), facts(platform)
        split = split_title(caption, platform, kind)
        try:
            read_typed(caption)
        except Unreadable as error:  # e.g. stored with a material before such characters were refused
            self._findings.problem(field, str(error))
        for warning in (*split.warnings, *_doubts(caption)):
            self._findings.warn(f"{field}: {warning}")
        if app.drops_hashtags and count_hashes(split) > limits.warn_hashtags:
            before = split
            split = self._too_many_hashtags(split, limits.warn_hashtags, field, app.title)
            if split is not before:
                caption = f"{split.title}##{split.description}" if split.title else split.description
        said = f'"{shorten(split.joined, 30)}"'
        problems = length_problems(split, limits.max_caption_chars)
        for problem in problems:
            self._findings.problem(field, f"{said} {problem}")
        if not problems:
            # Hashtags that the app drops were spoken of already.
            most = 10_000 if app.drops_hashtags else limits.warn_hashtags
            for warning in length_warnings(split, limits.warn_caption_chars, most):
                self._findings.warn(f"{field}: {said} {warning}")
        if split.title or split_title(split.description, platform, kind) != SplitCaption(
            "", split.description
        ):
            # The script divides it again: what would be divided twice stays as it was written.
            return caption
        return split.description

    def _too_many_hashtags(self, split: SplitCaption, most: int, field: str, app: str) -> SplitCaption:
        said, count = f'"{shorten(split.joined, 30)}"', count_hashes(split)
        has = f"{said} has {count} hashtags (#), {app} takes {most}"
        if self._rule == "trim":
            trimmed, dropped = trim_hashtags(split, most)
            self._findings.warn(f"{field}: {has}; left out: {' '.join(dropped)}")
            return trimmed
        if self._rule == "warn":
            self._findings.warn(f"{field}: {has}; what it makes of the others is posted")
        else:
            self._findings.problem(field, f'{has}; shorten it, or set posting.hashtags to "trim" or "warn"')
        return split

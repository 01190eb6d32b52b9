"""The captions that a request itself brings: which task gets which, how they end up on the phone, which are not used."""

from __future__ import annotations

import random
from collections.abc import Sequence

from jobs.content.caption_rules import CaptionRules
from jobs.content.captions import parse_spintax, split_lines
from jobs.content.script_config import PREFIX, PostConfig
from jobs.hub.settings import HashtagRule, Media
from jobs.input.fields import Findings
from jobs.input.values import shorten

FIELD = PREFIX + "captions"


class RequestCaptions:
    """One caption per line, or one spintax template for all tasks."""

    def __init__(
        self,
        config: PostConfig,
        *,
        media: Media,
        hashtags: HashtagRule,
        choice: random.Random,
        findings: Findings,
    ) -> None:
        self._config = config
        self._choice = choice
        self._findings = findings
        self._rules = CaptionRules(media, hashtags, findings)
        self._multiline = config.caption_format == "multiline"
        self._lines = split_lines(config.captions)
        self._template = parse_spintax("" if self._multiline else config.captions)

    def of(self, index: int) -> str:
        """The caption of the request's task at this place."""
        if self._multiline:
            return self._lines[index % len(self._lines)] if self._lines else ""
        return self._template.expand(self._choice)

    def finished(self, caption: str, platform: str, source: str = "") -> str:
        """The text that will stand on the phone; `source` is what decided about it in place of the request."""
        if source and self._config.captions.strip():
            self._findings.warn(f"{FIELD}: not used, {source} decides instead")
        return self._rules.finish(caption, platform, self._config.kind, source or FIELD)

    def warn_unused(self, count: int) -> None:
        """Name the lines that none of `count` tasks takes (R59)."""
        if self._multiline and len(self._lines) > count:
            names = some([f'"{shorten(line, 30)}"' for line in self._lines[count:]])
            self._findings.warn(f"{FIELD}: not used: {names}; {makes(count)}, with one caption each")


def makes(count: int) -> str:
    return f"this request makes {count} task{'s' if count > 1 else ''}"


def some(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return ", ".join(names[:10]) + more

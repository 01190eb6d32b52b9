"""Captions: spintax templates, lists of lines, title and description, and what the apps will say about the length."""

from __future__ import annotations

import functools
import random
import re
from collections.abc import Sequence

import msgspec

from jobs.content.hashtags import count_hashtags, trim
from jobs.hub.platforms import facts
from jobs.input.spoilt_values import find_placeholder, stands_for_nothing

#: Longest spintax template, and how deep its groups may nest.
MAX_TEMPLATE = 10_000
MAX_DEPTH = 32
#: TikTok's field for the title of a photo post.
MAX_TITLE = 90
_ESCAPABLE = "{}|\\"
#: Two "#" that are not part of a longer run.
_SPLIT = re.compile(r"(?<!#)##(?!#)")
_PLAIN = re.compile(r"(?:(?!###)[^{}\\])*")
#: A group with one alternative: its braces vanish.
_LONE = re.compile(r"(?<![\\{])\{[^{}|\\]*\}(?!\})")


class CaptionInvalid(ValueError):
    """A template is too long or nests too deep; the message says which."""


class Group(msgspec.Struct, frozen=True):
    """`{a|b}`: exactly one of the alternatives is used, each equally likely."""

    alternatives: tuple[tuple[str | Group, ...], ...]


class Template(msgspec.Struct, frozen=True):
    """A parsed spintax text."""

    parts: tuple[str | Group, ...]
    warnings: tuple[str, ...] = ()

    def expand(self, choice: random.Random) -> str:
        """One random text out of all that the template describes."""
        out: list[str] = []
        _expand(self.parts, choice, out)
        return "".join(out)


def _expand(parts: Sequence[str | Group], choice: random.Random, out: list[str]) -> None:
    for part in parts:
        if isinstance(part, str):
            out.append(part)
        else:
            _expand(choice.choice(part.alternatives), choice, out)


@functools.lru_cache(maxsize=64)
def parse_spintax(text: str) -> Template:
    """Parse `{a|b}` groups, nested ones too.

    A backslash before `{`, `}`, `|` or itself makes that character literal. A brace without its partner is literal
    and warned about; a bar outside of every group is literal. Raises CaptionInvalid.
    """
    text = unify_line_breaks(text)
    if len(text) > MAX_TEMPLATE:
        raise CaptionInvalid(f"must not be longer than {MAX_TEMPLATE} characters as a spintax template")
    if _PLAIN.fullmatch(text):
        return Template((text,) if text else ())
    tokens = _tokens(text)
    partners, lonely = _match_braces(tokens)
    warnings: list[str] = []
    if lonely:
        where = ", ".join(str(position + 1) for position in lonely[:5])
        warnings.append(f"brace without a partner is taken literally (character {where})")
    if "###" in text:
        warnings.append('"###" is a line break only in caption_format "multiline"; here it stays as it is')
    # The innermost open group is the last entry; the first is the text outside of every group.
    open_groups: list[list[list[str | Group]]] = [[[]]]
    for position, sign in tokens:
        here = open_groups[-1]
        if sign == "{" and position in partners:
            if len(open_groups) > MAX_DEPTH:
                raise CaptionInvalid(f"must not nest braces deeper than {MAX_DEPTH} levels")
            open_groups.append([[]])
        elif sign == "}" and position in partners:
            group = Group(tuple(tuple(alternative) for alternative in open_groups.pop()))
            open_groups[-1][-1].append(group)
        elif sign == "|" and len(open_groups) > 1:
            here.append([])
        else:
            here[-1].append(sign[-1])
    return Template(_joined(open_groups[0][0]), tuple(warnings))


def _tokens(text: str) -> list[tuple[int, str]]:
    """Characters with their places; an escaped one keeps its backslash, so that it is not taken for a sign of the template."""
    tokens = []
    position = 0
    while position < len(text):
        width = 2 if text[position] == "\\" and text[position + 1 : position + 2] in tuple(_ESCAPABLE) else 1
        tokens.append((position, text[position : position + width]))
        position += width
    return tokens


def _match_braces(tokens: list[tuple[int, str]]) -> tuple[set[int], list[int]]:
    """Places of braces that have a partner, and of those that have none."""
    partners: set[int] = set()
    lonely: list[int] = []
    waiting: list[int] = []
    for position, sign in tokens:
        if sign == "{":
            waiting.append(position)
        elif sign == "}":
            if waiting:
                partners |= {waiting.pop(), position}
            else:
                lonely.append(position)
    return partners, sorted(lonely + waiting)


def _joined(parts: Sequence[str | Group]) -> tuple[str | Group, ...]:
    """The same with neighbouring texts put together, down to the leaves."""
    out: list[str | Group] = []
    run: list[str] = []
    for part in parts:
        if isinstance(part, str):
            run.append(part)
            continue
        if run:
            out.append("".join(run))
            run = []
        out.append(Group(tuple(_joined(alternative) for alternative in part.alternatives)))
    if run:
        out.append("".join(run))
    return tuple(out)


def read_template(text: str) -> Template:
    """Parse a template that a person has just written, with warnings about what was most likely not meant.

    Raises CaptionInvalid, also where a program has not filled in a place that it should have.
    """
    refuse_nothing(text)
    unfilled = find_placeholder(text)
    if unfilled:
        raise CaptionInvalid(
            f'holds "{unfilled}", a place that was not filled in; to post it as it is, write "\\{{" for "{{"'
        )
    template = parse_spintax(text)
    lone = _LONE.search(text)
    if lone is None:
        return template
    said = f'the braces of "{_short(lone[0])}" are left out: they enclose alternatives, as in {{a|b}}'
    return msgspec.structs.replace(template, warnings=(*template.warnings, said))


def refuse_nothing(text: str) -> None:
    """Raise CaptionInvalid for a word that a program writes where it has no caption."""
    if stands_for_nothing(text):
        raise CaptionInvalid(
            f'is "{text.strip()}", which a program writes where it has no value; send the caption, or leave it out'
        )


def escape(text: str) -> str:
    """A template that gives exactly this text."""
    return re.sub(r"[{}\\]", r"\\\g<0>", text)


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."


def split_lines(text: str) -> list[str]:
    """The captions of a multiline text: every line that is not blank; `###` in it is a line break."""
    return [line.strip().replace("###", "\n") for line in unify_line_breaks(text).split("\n") if line.strip()]


def unify_line_breaks(text: str) -> str:
    """CRLF and CR become LF."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


class SplitCaption(msgspec.Struct, frozen=True):
    """What goes into the fields of the app; a post with one field has no title."""

    title: str
    description: str
    warnings: tuple[str, ...] = ()

    @property
    def joined(self) -> str:
        """Both parts in one text, as one field holds them."""
        return "\n".join(part for part in (self.title, self.description) if part)


def split_title(caption: str, platform: str, kind: str) -> SplitCaption:
    """Split at the first `##` that is not part of a longer run.

    Only a TikTok photo post (kind "image") has a title field; elsewhere the parts stand on lines of one text.
    """
    match = _SPLIT.search(caption)
    if not match:
        return SplitCaption("", caption)
    title, description = caption[: match.start()].strip(), caption[match.end() :].strip()
    app = facts(platform)
    if kind in app.titled:
        return SplitCaption(title, description)
    warnings: tuple[str, ...] = ()
    if not app.titled:
        warnings = (
            f'"##" splits title and description on TikTok only; on {app.title} it becomes a line break',
        )
    return SplitCaption("", "\n".join(part for part in (title, description) if part), warnings)


def length_warnings(caption: SplitCaption, max_chars: int, max_hashtags: int) -> list[str]:
    """What some versions of the app may not take. Counted in UTF-16 units, as the apps do: most emoji count twice."""
    warnings = []
    length = utf16_length(caption.description)
    if length > max_chars:
        warnings.append(f"has {length} characters, some versions of the app take {max_chars}")
    count = count_hashtags(f"{caption.title}\n{caption.description}")
    if count > max_hashtags:
        warnings.append(f"has {count} hashtags, the app takes {max_hashtags}")
    return warnings


def length_problems(caption: SplitCaption, max_chars: int) -> list[str]:
    """What every version of the app cuts off, so that the post would fail on the phone."""
    problems = []
    length = utf16_length(caption.description)
    if length > max_chars:
        problems.append(f"has {length} characters, the app takes {max_chars}; shorten it")
    title = utf16_length(caption.title)
    if title > MAX_TITLE:
        problems.append(f"has a title of {title} characters, the app takes {MAX_TITLE}; shorten it")
    return problems


def count_hashes(caption: SplitCaption) -> int:
    """How many `#` the fields will hold. TikTok swallows every one after the fifth, whatever follows it."""
    return (caption.title + caption.description).count("#")


def trim_hashtags(caption: SplitCaption, most: int) -> tuple[SplitCaption, list[str]]:
    """The same with only the first hashtags, and those that were left out."""
    title, of_title = trim(caption.title, most)
    left = max(0, most - caption.title.count("#"))
    description, of_description = trim(caption.description, left)
    return SplitCaption(title.strip(), description.strip(), caption.warnings), of_title + of_description


def utf16_length(text: str) -> int:
    """Length in UTF-16 units."""
    return len(text) + sum(1 for c in text if ord(c) > 0xFFFF)

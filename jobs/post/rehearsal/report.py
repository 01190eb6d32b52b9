"""What a rehearsal found, screen by screen, and how it differs from the one before."""

from __future__ import annotations

from typing import Literal

import msgspec

from jobs.phone.app_language import name_of


class SeenScreen(msgspec.Struct, frozen=True, kw_only=True):
    """One screen that came, in the order of coming."""

    name: str  #: of the screens file; "" for one that no rule describes
    kind: str  #: "path", "interruption", "human" and so on; "unknown" for one that no rule describes
    at_ms: int  #: since the rehearsal began
    stayed_ms: int = 0  #: until the next one came
    rules: dict[str, str] = {}  #: element that names this screen -> the rule that found it
    picture: str = ""  #: file name of the picture, "" when the phone gave none
    tree: str = ""  #: file name of the UI tree


class SeenOption(msgspec.Struct, frozen=True, kw_only=True):
    """One option of the form."""

    name: str
    offered: bool  #: whether the form shows it
    opened: bool = False  #: whether its sheet came and was closed again
    detail: str = ""  #: why not


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One rehearsal. Times are seconds since the epoch, durations milliseconds."""

    id: int
    serial: str
    platform: str
    way: str  #: "share" or "addButton"
    kind: str  #: "video", "images" or "story"
    state: Literal[
        "running", "ready", "failed"
    ]  #: "ready": the filled form was reached and the app was left as it was
    sentence: str = ""  #: the verdict for people
    error: str = ""  #: word of `storage.error_codes`, "" when there is none
    step: str = ""  #: where it failed
    began_at: float
    ended_at: float | None = None
    package: str = ""
    app_version: str = ""
    language: str = ""  #: that the app spoke, as "en"; "" where the phone did not tell
    model: str = ""
    android: str = ""
    font_scale: float = 0.0  #: of the phone's texts; 1.0 is as it was made, 0.0 was not told
    screen: tuple[int, int] = (0, 0)  #: width and height in pixels
    account: str = ""  #: the account that the app showed, without "@"
    caption_read: bool = False  #: the caption was read back from the form as it was typed
    screens: tuple[SeenScreen, ...] = ()
    options: tuple[SeenOption, ...] = ()
    left: bool = False  #: the form was left by the app's own way back
    discarded: bool = False  #: on that way the app asked whether to discard the post, and was told yes
    file_removed: bool = False
    nothing_published: bool = (
        False  #: the app was looked at afterwards and shows no post and no upload of ours
    )
    notes: tuple[str, ...] = ()  #: the step log, one sentence a line


def differences(before: Report, now: Report) -> list[str]:
    """What changed from one rehearsal of the same way to the next, as sentences."""
    said = []
    for what, old, new in (
        ("the app's version", before.app_version, now.app_version),
        ("the app's language", name_of(before.language), name_of(now.language)),
        ("the verdict", before.state, now.state),
        ("Android's version", before.android, now.android),
        ("the phone's font scale", _scale(before), _scale(now)),
        ("the account", before.account, now.account),
    ):
        if old != new:
            said.append(f"{what} was {old or 'not known'}, now it is {new or 'not known'}")
    old_screens, new_screens = _rules(before), _rules(now)
    gone = [name for name in old_screens if name not in new_screens]
    come = [name for name in new_screens if name not in old_screens]
    said += [f"the screen {name or 'without a name'} came and does not come now" for name in gone]
    said += [f"the screen {name or 'without a name'} is new" for name in come]
    for name, rules in new_screens.items():
        for element, rule in rules.items():
            earlier = old_screens.get(name, {}).get(element)
            if earlier is not None and earlier != rule:
                said.append(f"{element} on {name} is found by another rule: {rule}; before: {earlier}")
    return said


def _scale(report: Report) -> str:
    return f"{report.font_scale:g}" if report.font_scale else ""


def _rules(report: Report) -> dict[str, dict[str, str]]:
    """Screen -> the rules that named it; a screen that comes twice counts as it was last."""
    return {screen.name: screen.rules for screen in report.screens}

"""Why a phone shows no screen of an app: asleep, shade, call, lock, another app; asked in this order, mended where it can be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from jobs.phone.commands import Commands

Word = Literal["asleep", "shade", "foreign"]


class Hindrance(NamedTuple):
    """What stands between us and the app. Calls and locks are a person's matter: they are raised, not returned."""

    word: Word
    sentence: str
    mended: bool


def look_and_mend(commands: Commands) -> Hindrance | None:
    """Find out what hides the app and undo it where that does no harm; None when nothing of all that is the case.

    Raises:
        PhoneNotReady: the phone is in a call, or locked so that only a person can unlock it.
        InputForbidden: the phone lets no program press its keys.
    """
    if not commands.awake():
        commands.rouse()
        return Hindrance("asleep", "the screen was off and was woken", mended=True)
    locked = commands.locked()
    if not locked and commands.shade_open():
        closed = commands.close_shade()
        said = "the notification shade lay over the app" + ("; it was closed" if closed else " and stays")
        return Hindrance("shade", said, mended=closed)
    commands.ensure_no_call()
    if locked:
        commands.unlock()
        return Hindrance("asleep", "the lock screen was in front and was dismissed", mended=True)
    front = commands.foreground_package()
    return Hindrance("foreign", f"{front} is in front", mended=False) if front else None

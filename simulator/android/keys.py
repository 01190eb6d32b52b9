"""What the keys of a phone and of its keyboard do, by Android's key codes."""

from __future__ import annotations

from simulator.android.display import Display

HOME, BACK, POWER, MENU, SPACE, ENTER, DEL, ESCAPE, SLEEP, WAKEUP = 3, 4, 26, 82, 62, 66, 67, 111, 223, 224
_ZERO, _NINE, _A, _Z = 7, 16, 29, 54


def press(display: Display, code: int) -> None:
    """Press and release one key; keys that mean nothing here do nothing."""
    system = display.system
    if code == HOME:
        display.home()
    elif code == BACK:
        display.back()
    elif code in (POWER, WAKEUP, SLEEP):
        display.power(code == WAKEUP or (code == POWER and not system.screen_on))
    elif code == MENU and system.locked:
        display.dismiss_keyguard()
    elif code == ENTER:
        display.type_key("ENTER")
    elif code == DEL:
        display.type_key("DEL")
    elif code == ESCAPE:
        display.hide_keyboard()
    elif code == SPACE:
        display.type_key(" ")
    elif _A <= code <= _Z:
        display.type_key(chr(ord("a") + code - _A))
    elif _ZERO <= code <= _NINE:
        display.type_key(str(code - _ZERO))

"""The windows that Android itself shows: launcher, status bar, keyboard, keyguard, permission and crash dialogs."""

# ruff: noqa: RUF001 - as Android writes it

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from simulator.android.locales import DUTCH, spoken
from simulator.android.system import ADB_KEYBOARD, LAUNCHER, SYSTEM_UI, Package, System
from simulator.apps.base import View
from simulator.apps.kit.layout import Box, node

_KEY_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
KEYBOARD_SHARE = 0.36  #: of the screen's height

#: English, German, French; {app} and {what} are filled in.
TEXTS = {
    "ask": ("Allow {app} to {what}?", "~{app} erlauben, {what}?", "Autoriser {app} à {what} ?"),
    "foreground": ("While using the app", "~Bei Nutzung der App", "Lorsque vous utilisez l'appli"),
    "once": ("Only this time", "~Nur dieses Mal", "Uniquement cette fois-ci"),
    "allow": ("Allow", "~Zulassen", "~Autoriser"),
    "all": ("Allow all", "~Alle zulassen", "~Tout autoriser"),
    "selected": ("Allow limited access", "~Eingeschränkten Zugriff erlauben", "~Autoriser l'accès limité"),
    "deny": ("Don’t allow", "~Nicht zulassen", "Ne pas autoriser"),
    "stopped": ("{app} keeps stopping", "~{app} wird wiederholt beendet", "~{app} s'arrête systématiquement"),
    "close": ("Close app", "~App schließen", "~Fermer l'application"),
}  # fmt: skip
WHAT = {
    "CAMERA": ("take pictures and record video", "~Bilder und Videos aufzunehmen", "prendre des photos et enregistrer des vidéos"),
    "RECORD_AUDIO": ("record audio", "~Audio aufzunehmen", "~enregistrer des contenus audio"),
    "READ_MEDIA": ("access photos and videos on this device", "~auf Fotos und Videos auf diesem Gerät zuzugreifen", "~accéder aux photos et vidéos sur cet appareil"),
    "READ_EXTERNAL_STORAGE": ("access photos and media on your device", "~auf Fotos und Medien auf deinem Gerät zuzugreifen", "~accéder aux photos et contenus multimédias sur votre appareil"),
    "READ_CONTACTS": ("access your contacts", "~auf deine Kontakte zuzugreifen", "~accéder à vos contacts"),
    "POST_NOTIFICATIONS": ("send you notifications", "~dir Benachrichtigungen zu senden", "~vous envoyer des notifications"),
    "ACCESS": ("access this device’s location", "~auf den Gerätestandort zuzugreifen", "~accéder à la position de cet appareil"),
}  # fmt: skip

_DUTCH = {
    "ask": "Toestaan dat {app} {what}?", "foreground": "Tijdens gebruik van de app", "once": "Alleen deze keer",
    "allow": "Toestaan", "all": "Alles toestaan", "selected": "Beperkte toegang toestaan", "deny": "Niet toestaan",
    "stopped": "{app} stopt steeds", "close": "App sluiten",
    "CAMERA": "foto’s maakt en video’s opneemt", "RECORD_AUDIO": "audio opneemt",
    "READ_MEDIA": "foto’s en video’s op dit apparaat gebruikt",
    "READ_EXTERNAL_STORAGE": "foto’s en media op je apparaat gebruikt", "READ_CONTACTS": "je contacten gebruikt",
    "POST_NOTIFICATIONS": "je meldingen stuurt", "ACCESS": "de locatie van dit apparaat gebruikt",
}  # fmt: skip


def text(key: str, language: str, **values: str) -> str:
    written = _DUTCH[key] if language == DUTCH else spoken(TEXTS[key], language)
    return written.format(**values)


def _window(package: str, view: View) -> View:
    view.package = package
    return view


def launcher(width: int, height: int, apps: Sequence[Package], open_app: Callable[[str], object]) -> View:
    """The home screen: a row of icons above the search bar."""
    icons = []
    cell = width // 4
    for number, app in enumerate(apps):
        left, top = (number % 4) * cell, int(height * 0.55) + (number // 4) * 260
        box, rid = (left, top, left + cell, top + 240), "icon" if number else ""
        icons.append(
            node(
                "TextView C",
                box,
                rid=rid,
                text=app.label,
                desc=app.label,
                tap=partial(open_app, app.name),
            )
        )
    bar = (60, height - 300, width - 60, height - 160)
    home = node("FrameLayout", (0, 0, width, height)).holding(
        node("FrameLayout#android:id/content").holding(
            node("ViewGroup#workspace R", (0, 80, width, height - 320)).holding(
                node("ViewGroup").holding(*icons)
            ),
            node("FrameLayout#search_container_hotseat c", bar, desc="Search", tap=lambda: None),
        )
    )
    return _window(LAUNCHER, home)


def status_bar(width: int, clock: str, battery: int) -> View:
    """The bar at the top: a window of its own above the app's."""
    bar = node("FrameLayout#status_bar_container", (0, 0, width, 74)).holding(
        node("TextView#clock", (44, 8, 170, 66), text=clock, desc=clock),
        node("LinearLayout#battery", (width - 150, 8, width - 44, 66), desc=f"Battery {battery} percent."),
    )
    return _window(SYSTEM_UI, bar)


def keyguard(width: int, height: int, unlock: Callable[[int], None], clock: str) -> View:
    """The lock screen; a swipe up opens it unless there is a PIN."""
    hint = (60, height - 240, width - 60, height - 160)
    view = node("FrameLayout#notification_panel RB", (0, 0, width, height)).holding(
        node("TextView#lockscreen_clock_view", (60, 300, width - 60, 500), text=clock),
        node("TextView#keyguard_indication_text", hint, text="Swipe up to open"),
    )
    view.on_scroll = unlock
    return _window(SYSTEM_UI, view)


def pin_pad(width: int, height: int) -> View:
    """What a swipe shows on a phone with a PIN: only a person goes on from here."""
    view = node("FrameLayout#keyguard_host_view B", (0, 0, width, height)).holding(
        node("EditText#pinEntry f", (200, 500, width - 200, 620)),
        node("TextView#keyguard_message_area", (60, 640, width - 60, 720), text="Enter PIN"),
    )
    return _window(SYSTEM_UI, view)


def shade(width: int, height: int, close: Callable[[int], None]) -> View:
    """The notification shade, as a notification or a finger opens it: it covers the whole screen."""
    clear = (width - 330, height - 300, width - 60, height - 200)
    view = node("FrameLayout#legacy_window_root B", (0, 0, width, height)).holding(
        node("TextView#clock", (60, 80, width - 60, 160), text="12:30"),
        node("Button#tile_label c", (60, 200, 360, 340), desc="Internet"),
        node("FrameLayout#expandableNotificationRow c", (30, 400, width - 30, 640)).holding(
            node("TextView#android:id/title", (90, 430, width - 90, 500), text="System update available"),
            node("TextView#android:id/text", (90, 520, width - 90, 600), text="Tap to download"),
        ),
        node("Button#dismiss_text c", clear, text="Clear all"),
    )
    view.on_scroll = close
    return _window(SYSTEM_UI, view)


def keyboard(width: int, height: int, package: str, key: Callable[[str], None]) -> View:
    """The input method's window. uiautomator2's keyboard is a bar without keys."""
    if package == ADB_KEYBOARD:
        bar = node("FrameLayout", (0, height - 170, width, height - 63))
        return _window(package, bar.holding(node("TextView", text="ADB Keyboard {ON}")))
    top = int(height * (1 - KEYBOARD_SHARE))
    row_height, step = (height - 63 - top - 120) // 5, width // 10
    keys = []
    for number, letters in enumerate(_KEY_ROWS, 1):
        left, y = (width - step * len(letters)) // 2, top + 120 + row_height * number
        for position, letter in enumerate(letters):
            x = left + position * step
            keys.append(_key((x, y, x + step, y + row_height), letter, partial(key, letter)))
    y = top + 120 + row_height * 4
    right = width * 17 // 20
    keys += [
        _key((width // 4, y, 3 * width // 4, y + row_height), "Space", partial(key, " ")),
        _key((right, y - row_height, width, y), "Delete", partial(key, "DEL")),
        _key((right, y, width, y + row_height), "Enter", partial(key, "ENTER")),
    ]
    return _window(
        package, node("FrameLayout#android:id/inputArea B", (0, top, width, height - 63)).holding(*keys)
    )


def _key(box: Box, label: str, tap: Callable[[], None]) -> View:
    return node("FrameLayout c", box, desc=label, tap=tap)


_BUTTON_IDS = {
    "foreground": "permission_allow_foreground_only_button",
    "once": "permission_allow_one_time_button",
    "allow": "permission_allow_button",
    "all": "permission_allow_all_button",
    "selected": "permission_allow_selected_button",
    "deny": "permission_deny_button",
}


def permission_dialog(
    size: tuple[int, int], app: str, permission: str, system: System, answer: Callable[[str], None]
) -> View:
    """Android's question. `answer` gets "foreground", "once", "allow", "all", "selected" or "deny"."""
    width, height = size
    language = system.language
    short = permission.rpartition(".")[2]
    kind = next((k for k in WHAT if short.startswith(k)), "")
    words = WHAT.get(kind, (short, short, short))
    what = _DUTCH.get(kind, short) if language == DUTCH else spoken(words, language)
    if short.startswith("READ_MEDIA") and system.sdk >= 34:
        choices = ["selected", "all", "deny"]
    elif short in ("CAMERA", "RECORD_AUDIO") or short.startswith("ACCESS"):
        choices = ["foreground", "once", "deny"] if system.sdk >= 30 else ["foreground", "deny"]
    else:
        choices = ["allow", "deny"]

    def box(left: int, top: int, right: int, bottom: int) -> Box:
        scale = width / 1080
        return round(left * scale), round(top * scale), round(right * scale), round(bottom * scale)

    buttons = [
        node(
            f"Button#{_BUTTON_IDS[c]} C",
            box(133, 1212 + 148 * i, 947, 1317 + 148 * i),
            text=text(c, language),
            tap=partial(answer, c),
        )
        for i, c in enumerate(choices)
    ]
    message = text("ask", language, app=app, what=what)
    view = node("FrameLayout", (0, 0, width, height)).holding(
        node("FrameLayout#android:id/content", box(28, 748, 1052, 1724)).holding(
            node("LinearLayout#grant_singleton c").holding(
                node("LinearLayout#grant_dialog c").holding(
                    node("LinearLayout#content_container", box(70, 790, 1010, 1201)).holding(
                        node("ImageView#permission_icon", box(498, 853, 582, 937)),
                        node("TextView#permission_message", box(133, 969, 947, 1138), text=message),
                    ),
                    node("LinearLayout", box(70, 1201, 1010, 1682)).holding(*buttons),
                )
            )
        )
    )
    return _window(system.permission_controller, view)


def crash_dialog(width: int, height: int, app: str, language: str, close: Callable[[], None]) -> View:
    """The dialog of an app that died more than once."""
    middle = height // 2
    title, button = (100, middle - 160, width - 100, middle - 60), (100, middle, width - 100, middle + 120)
    view = node("FrameLayout", (0, 0, width, height)).holding(
        node("TextView#android:id/alertTitle", title, text=text("stopped", language, app=app)),
        node("Button#android:id/aerr_close c", button, text=text("close", language), tap=close),
    )
    return _window("android", view)

"""The windows that Android itself shows: launcher, status bar, keyboard, keyguard, permission and crash dialogs."""

# ruff: noqa: RUF001 - as Android writes it

from __future__ import annotations

from collections.abc import Callable, Sequence

from simulator.android.locales import spoken
from simulator.android.system import ADB_KEYBOARD, LAUNCHER, SYSTEM_UI, Package, System
from simulator.apps.base import View

Language = str
_KEY_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
KEYBOARD_SHARE = 0.36  #: of the screen's height

#: English, German, French; {app} and {what} are filled in.
_TEXTS = {
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
_WHAT = {
    "CAMERA": ("take pictures and record video", "~Bilder und Videos aufzunehmen", "prendre des photos et enregistrer des vidéos"),
    "RECORD_AUDIO": ("record audio", "~Audio aufzunehmen", "~enregistrer des contenus audio"),
    "READ_MEDIA": ("access photos and videos on this device", "~auf Fotos und Videos auf diesem Gerät zuzugreifen", "~accéder aux photos et vidéos sur cet appareil"),
    "READ_EXTERNAL_STORAGE": ("access photos and media on your device", "~auf Fotos und Medien auf deinem Gerät zuzugreifen", "~accéder aux photos et contenus multimédias sur votre appareil"),
    "READ_CONTACTS": ("access your contacts", "~auf deine Kontakte zuzugreifen", "~accéder à vos contacts"),
    "POST_NOTIFICATIONS": ("send you notifications", "~dir Benachrichtigungen zu senden", "~vous envoyer des notifications"),
    "ACCESS": ("access this device’s location", "~auf den Gerätestandort zuzugreifen", "~accéder à la position de cet appareil"),
}  # fmt: skip


def text(key: str, language: Language, **values: str) -> str:
    return spoken(_TEXTS[key], language).format(**values)


def launcher(width: int, height: int, apps: Sequence[Package], open_app: Callable[[str], None]) -> View:
    """The home screen: a row of icons above the search bar."""
    icons = []
    cell = width // 4
    for number, app in enumerate(apps):
        left, top = (number % 4) * cell, int(height * 0.55) + (number // 4) * 260
        icons.append(
            View(
                cls="android.widget.TextView",
                bounds=(left, top, left + cell, top + 240),
                text=app.label,
                desc=app.label,
                rid="icon" if number else "",
                clickable=True,
                focusable=True,
                on_tap=lambda name=app.name: open_app(name),  # type: ignore[misc]
            )
        )
    bar = (60, height - 300, width - 60, height - 160)
    return View(
        bounds=(0, 0, width, height),
        package=LAUNCHER,
        children=[
            View(
                rid="android:id/content",
                bounds=(0, 0, width, height),
                children=[
                    View(
                        cls="android.view.ViewGroup",
                        rid="workspace",
                        bounds=(0, 80, width, height - 320),
                        scrollable=True,
                        children=[
                            View(
                                cls="android.view.ViewGroup",
                                bounds=(0, 80, width, height - 320),
                                children=icons,
                            )
                        ],
                    ),
                    View(
                        rid="search_container_hotseat",
                        bounds=bar,
                        clickable=True,
                        desc="Search",
                        on_tap=lambda: None,
                    ),
                ],
            )
        ],
    )


def status_bar(width: int, clock: str, battery: int) -> View:
    """The bar at the top: a window of its own above the app's."""
    return View(
        bounds=(0, 0, width, 74),
        rid="status_bar_container",
        package=SYSTEM_UI,
        children=[
            View(cls="android.widget.TextView", bounds=(44, 8, 170, 66), rid="clock", text=clock, desc=clock),
            View(cls="android.widget.LinearLayout", bounds=(width - 150, 8, width - 44, 66), rid="battery",
                 desc=f"Battery {battery} percent."),
        ],
    )  # fmt: skip


def keyguard(width: int, height: int, unlock: Callable[[int], None], clock: str) -> View:
    """The lock screen; a swipe up opens it unless there is a PIN."""
    return View(
        bounds=(0, 0, width, height),
        rid="notification_panel",
        package=SYSTEM_UI,
        scrollable=True,
        blocks=True,
        on_scroll=unlock,
        children=[
            View(cls="android.widget.TextView", bounds=(60, 300, width - 60, 500), rid="lockscreen_clock_view", text=clock),
            View(cls="android.widget.TextView", bounds=(60, height - 240, width - 60, height - 160),
                 rid="keyguard_indication_text", text="Swipe up to open"),
        ],
    )  # fmt: skip


def pin_pad(width: int, height: int) -> View:
    """What a swipe shows on a phone with a PIN: only a person goes on from here."""
    return View(
        bounds=(0, 0, width, height),
        rid="keyguard_host_view",
        package=SYSTEM_UI,
        blocks=True,
        children=[
            View(cls="android.widget.EditText", bounds=(200, 500, width - 200, 620), rid="pinEntry", focusable=True),
            View(cls="android.widget.TextView", bounds=(60, 640, width - 60, 720), rid="keyguard_message_area",
                 text="Enter PIN"),
        ],
    )  # fmt: skip


def shade(width: int, height: int, close: Callable[[int], None]) -> View:
    """The notification shade, as a notification or a finger opens it: it covers the whole screen."""
    return View(
        bounds=(0, 0, width, height),
        rid="legacy_window_root",
        package=SYSTEM_UI,
        blocks=True,
        on_scroll=close,
        children=[
            View(cls="android.widget.TextView", bounds=(60, 80, width - 60, 160), rid="clock", text="12:30"),
            View(cls="android.widget.Button", bounds=(60, 200, 360, 340), rid="tile_label", desc="Internet", clickable=True),
            View(cls="android.widget.FrameLayout", bounds=(30, 400, width - 30, 640), rid="expandableNotificationRow",
                 clickable=True, children=[
                     View(cls="android.widget.TextView", bounds=(90, 430, width - 90, 500), rid="android:id/title",
                          text="System update available"),
                     View(cls="android.widget.TextView", bounds=(90, 520, width - 90, 600), rid="android:id/text",
                          text="Tap to download")]),
            View(cls="android.widget.Button", bounds=(width - 330, height - 300, width - 60, height - 200),
                 rid="dismiss_text", text="Clear all", clickable=True),
        ],
    )  # fmt: skip


def keyboard(width: int, height: int, package: str, key: Callable[[str], None]) -> View:
    """The input method's window. uiautomator2's keyboard is a bar without keys."""
    if package == ADB_KEYBOARD:
        box = (0, height - 170, width, height - 63)
        return View(
            bounds=box,
            package=package,
            children=[View(cls="android.widget.TextView", bounds=box, text="ADB Keyboard {ON}")],
        )
    top = int(height * (1 - KEYBOARD_SHARE))
    row_height = (height - 63 - top - 120) // 5
    rows = []
    for number, letters in enumerate(_KEY_ROWS):
        step = width // 10
        left = (width - step * len(letters)) // 2
        y = top + 120 + row_height * (number + 1)
        for position, letter in enumerate(letters):
            x = left + position * step
            rows.append(_key((x, y, x + step, y + row_height), letter, lambda c=letter: key(c)))  # type: ignore[misc]
    y = top + 120 + row_height * 4
    rows.append(_key((width // 4, y, 3 * width // 4, y + row_height), "Space", lambda: key(" ")))
    rows.append(_key((width * 17 // 20, y - row_height, width, y), "Delete", lambda: key("DEL")))
    rows.append(_key((width * 17 // 20, y, width, y + row_height), "Enter", lambda: key("ENTER")))
    return View(
        bounds=(0, top, width, height - 63),
        package=package,
        rid="android:id/inputArea",
        blocks=True,
        children=rows,
    )


def _key(box: tuple[int, int, int, int], label: str, tap: Callable[[], None]) -> View:
    return View(cls="android.widget.FrameLayout", bounds=box, desc=label, clickable=True, on_tap=tap)


def permission_dialog(
    size: tuple[int, int],
    app: str,
    permission: str,
    system: System,
    answer: Callable[[str], None],
) -> View:
    """Android's question. `answer` gets "foreground", "once", "allow", "all", "selected" or "deny"."""
    width, height = size
    language = system.language
    short = permission.rpartition(".")[2]
    what = next((_WHAT[k] for k in _WHAT if short.startswith(k)), (short, short, short))
    what_text = spoken(what, language)
    if short.startswith("READ_MEDIA") and system.sdk >= 34:
        choices = ["selected", "all", "deny"]
    elif short in ("CAMERA", "RECORD_AUDIO") or short.startswith("ACCESS"):
        choices = ["foreground", "once", "deny"] if system.sdk >= 30 else ["foreground", "deny"]
    else:
        choices = ["allow", "deny"]
    ids = {
        "foreground": "permission_allow_foreground_only_button", "once": "permission_allow_one_time_button",
        "allow": "permission_allow_button", "all": "permission_allow_all_button",
        "selected": "permission_allow_selected_button", "deny": "permission_deny_button",
    }  # fmt: skip
    scale = width / 1080
    box = _scaled(scale, (28, 748, 1052, 1724))
    buttons = [
        View(cls="android.widget.Button", bounds=_scaled(scale, (133, 1212 + 148 * i, 947, 1317 + 148 * i)),
             rid=ids[c], text=text(c, language), clickable=True, focusable=True,
             on_tap=lambda c=c: answer(c))  # type: ignore[misc]
        for i, c in enumerate(choices)
    ]  # fmt: skip
    message = View(cls="android.widget.TextView", bounds=_scaled(scale, (133, 969, 947, 1138)),
                   rid="permission_message", text=text("ask", language, app=app, what=what_text))  # fmt: skip
    top = View(cls="android.widget.LinearLayout", rid="content_container",
               bounds=_scaled(scale, (70, 790, 1010, 1201)), children=[
                   View(cls="android.widget.ImageView", bounds=_scaled(scale, (498, 853, 582, 937)),
                        rid="permission_icon"), message])  # fmt: skip
    return View(
        bounds=(0, 0, width, height),
        package=system.permission_controller,
        children=[
            View(
                cls="android.widget.FrameLayout", bounds=box, rid="android:id/content",
                children=[View(
                    cls="android.widget.LinearLayout", bounds=box, rid="grant_singleton", clickable=True,
                    children=[View(
                        cls="android.widget.LinearLayout", bounds=box, rid="grant_dialog", clickable=True,
                        children=[top, View(cls="android.widget.LinearLayout",
                                            bounds=_scaled(scale, (70, 1201, 1010, 1682)), children=buttons)],
                    )],
                )],
            )
        ],
    )  # fmt: skip


def crash_dialog(width: int, height: int, app: str, language: Language, close: Callable[[], None]) -> View:
    """The dialog of an app that died more than once."""
    middle = height // 2
    return View(
        bounds=(0, 0, width, height),
        package="android",
        children=[
            View(cls="android.widget.TextView", bounds=(100, middle - 160, width - 100, middle - 60),
                 rid="android:id/alertTitle", text=text("stopped", language, app=app)),
            View(cls="android.widget.Button", bounds=(100, middle, width - 100, middle + 120),
                 rid="android:id/aerr_close", text=text("close", language), clickable=True, on_tap=close),
        ],
    )  # fmt: skip


def _scaled(scale: float, box: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    left, top, right, bottom = box
    return round(left * scale), round(top * scale), round(right * scale), round(bottom * scale)

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.phone import app_language
from jobs.phone.adb import dumpsys
from jobs.phone.protocol import ShellResult

# The lines that matter of `dumpsys window` and `dumpsys activity activities` of Android 7 to 15.
FOCUS = {
    "7, window windows": (
        (
            "  mCurrentFocus=Window{41b37570 u0 com.incall.apps.launcher/com.incall.apps.launcher.Launcher}\n"
            "  mFocusedApp=AppWindowToken{422df168 token=Token{422def98 ActivityRecord{422dee38 u0 com.x/.Y t14}}}"
        ),
        "com.incall.apps.launcher",
    ),
    "10, window displays": (
        (
            "    mCurrentFocus=Window{4c8a1f0 u0 com.instagram.android/com.instagram.mainactivity.MainActivity}\n"
            "    mFocusedApp=AppWindowToken{...}"
        ),
        "com.instagram.android",
    ),
    "no user": ("mCurrentFocus=Window{4c8a1f0 com.app/com.app.Main}", "com.app"),
    "second display": (
        "  mCurrentFocus=null\n  mCurrentFocus=Window{aa u0 com.app/com.app.Main paused=false}",
        "com.app",
    ),
    "notification shade": ("mCurrentFocus=Window{2c u0 NotificationShade}", "com.android.systemui"),
    "old status bar": ("mCurrentFocus=Window{2c u0 StatusBar}", "com.android.systemui"),
    "pop-up window": (
        (
            "  mCurrentFocus=Window{9 u0 PopupWindow:1a2b}\n"
            "  mFocusedApp=ActivityRecord{8f1 u0 com.zhiliaoapp.musically/com.ss.android.Splash t12}"
        ),
        "com.zhiliaoapp.musically",
    ),
    "8, activities": (
        "    mResumedActivity: ActivityRecord{8f1 u0 com.app/.Main t12}",
        "com.app",
    ),
    "12, activities": ("    topResumedActivity=ActivityRecord{8f1 u0 com.app/.Main} t12}", "com.app"),
    "14, activities": ("  ResumedActivity: ActivityRecord{8f1 u0 com.app/.Main t12}", "com.app"),
    "nothing": ("WINDOW MANAGER DISPLAY CONTENTS (dumpsys window displays)\n", ""),
    "empty": ("", ""),
}


@pytest.mark.parametrize(("dump", "package"), FOCUS.values(), ids=FOCUS)
def test_U2_18_the_focused_package_is_read_on_every_android(dump: str, package: str) -> None:
    assert dumpsys.focused_package(dump) == package


@pytest.mark.parametrize(
    ("dump", "awake"),
    [
        ("  mWakefulness=Awake\n  mWakefulnessChanging=false", True),
        ("  mWakefulness=Asleep", False),
        ("  mWakefulness=Dozing", False),
        ("Display Power: state=ON", True),
        ("Display Power: state=OFF", False),
        ("mScreenOn=true", True),
        ("?", None),
    ],
)
def test_whether_the_screen_is_on(dump: str, awake: bool | None) -> None:
    assert dumpsys.awake(dump) is awake


@pytest.mark.parametrize(
    ("dump", "locked"),
    [
        ("  KeyguardServiceDelegate\n    showing=true\n    secure=false", True),
        ("  KeyguardServiceDelegate\n    showing=false\n    showingAndNotOccluded=true", False),
        ("    mIsShowing=true", True),
        ("    mShowingLockscreen=true mShowingDream=false", True),
        ("    isStatusBarKeyguard=false", False),
        ("nothing of it", False),
    ],
)
def test_whether_the_keyguard_is_in_front(dump: str, locked: bool) -> None:
    assert dumpsys.locked(dump) is locked


def test_a_call_on_any_sim_is_a_call() -> None:
    assert dumpsys.in_call("Phone Id=0\n  mCallState=0\nPhone Id=1\n  mCallState=2\n")
    assert not dumpsys.in_call("  mCallState=0\n  mCallState=0\n")


def test_the_battery_is_read_with_any_scale() -> None:
    assert dumpsys.battery("  level: 50\n  scale: 200\n  temperature: 301\n") == (25, 30.1)
    assert dumpsys.battery("  level: 87\n  scale: 100\n") == (87, None)
    assert dumpsys.battery("  level: 87\n  scale: 0\n") == (87, None)
    assert dumpsys.battery("nothing") == (None, None)


def test_properties_may_hold_brackets_and_line_breaks() -> None:
    said = dumpsys.properties("[ro.serialno]: [ABC]\n[a.b]: []\n[x]: [one\ntwo]\n[y]: [a [b] c]\n")
    assert said == {"ro.serialno": "ABC", "a.b": "", "x": "one\ntwo", "y": "a [b] c"}


@pytest.mark.parametrize(
    ("df", "free"),
    [
        ("Filesystem     1K-blocks     Used Available Use% Mounted on\n/dev/fuse 111001000 22200200 88800800  20% /storage/emulated\n", 88800800 * 1024),
        ("Filesystem 1K-blocks Used Available Use% Mounted on\n/dev/block/bootdevice/by-name/userdata\n 100 60 40 60% /data\n", 40 * 1024),
        ("Filesystem Size Used Free Blksize\n/sdcard 10G 5G 5G 4096\n", None),
        ("df: /nowhere: No such file or directory\n", None),
        ("", None),
    ],
)  # fmt: skip
def test_free_space_is_read_even_from_a_broken_line(df: str, free: int | None) -> None:
    assert dumpsys.free_bytes(df) == free


@pytest.mark.parametrize(
    ("output", "failed"),
    [
        ("Starting: Intent { act=android.intent.action.MAIN }\n", False),
        ("Starting: Intent { cmp=a/.B }\nWarning: Activity not started, its current task has been brought to the front\n", False),
        ("Starting: Intent { cmp=a/.B }\nError type 3\nError: Activity class {a/a.B} does not exist.\n", True),
        ("Error: Activity not started, unable to resolve Intent { act=x }\n", True),
        ("java.lang.SecurityException: Permission Denial: starting Intent\n", True),
        ("Exception occurred while executing 'start':\n", True),
    ],
)  # fmt: skip
def test_am_s_failures_are_told_from_its_warnings(output: str, failed: bool) -> None:
    assert bool(dumpsys.am_error(output)) is failed


def test_the_launcher_s_activity_is_the_last_line() -> None:
    text = (
        "priority=0 preferredOrder=0 match=0x108000 specificIndex=-1 isDefault=true\ncom.app/com.app.Main$X\n"
    )
    assert dumpsys.component(text) == "com.app/com.app.Main$X"
    assert dumpsys.component("No activity found\n") == ""


def test_a_version_name_is_found_and_its_absence_too() -> None:
    assert (
        dumpsys.version_name("Packages:\n  Package [a]\n    versionCode=1 minSdk=2\n    versionName=43.1.4\n")
        == "43.1.4"
    )
    assert dumpsys.version_name("Unable to find package: a") == ""


def app_tags(text: str) -> list[str] | None:
    return app_language.own_tags(ShellResult(text, 0))


PARSERS = (
    dumpsys.properties,
    dumpsys.battery,
    dumpsys.focused_package,
    dumpsys.shade_open,
    dumpsys.awake,
    dumpsys.locked,
    dumpsys.in_call,
    dumpsys.keyboard_shown,
    dumpsys.version_name,
    dumpsys.denied,
    dumpsys.free_bytes,
    dumpsys.am_error,
    dumpsys.component,
    dumpsys.one_line,
    app_language.config_tag,
    app_tags,
)


@given(st.text(max_size=400))
def test_no_text_breaks_any_parser(text: str) -> None:
    for parse in PARSERS:
        parse(text)


@pytest.mark.parametrize(
    "piece",
    [
        "\n", " ", "a", "[a\n", "[a]: [", "[a]: [b\n", "level:", "\nlevel:\n", "mCurrentFocus=Window{", "mFocusedApp=",
        "mFocusedApp=ActivityRecord{a", "ActivityRecord{a b", "Exception", "Error type 1", "a/", "versionName=", "are [",
        "config: ", "-b+sr", "android.permission.A",
    ],
)  # fmt: skip
def test_what_a_broken_phone_prints_without_end_does_not_hold_up_the_hub(piece: str) -> None:
    # A search holds the interpreter: meanwhile no other phone is asked and no request is answered.
    for text in (piece * (400_000 // len(piece)), "mFocusedApp=" + piece * (400_000 // len(piece)) + "!"):
        for parse in PARSERS:
            began = time.thread_time()
            parse(text)
            assert time.thread_time() - began < 0.5, parse.__name__


def test_a_name_of_a_phone_is_one_line_of_bounded_length() -> None:
    assert dumpsys.one_line("Pixel\n7 \x1b[31m") == "Pixel 7 ?[31m"
    assert len(dumpsys.one_line("x" * 1_000_000)) == dumpsys.ONE_LINE_CHARS


def test_a_version_holds_nothing_that_steers_a_terminal() -> None:
    assert dumpsys.version_name("    versionName=43.1\x1b[2J\u202e\n") == "43.1?[2J?"


WIFI = "  NetworkAgentInfo{network{101}  handle{1}  ni{WIFI CONNECTED} nc{[ Transports: WIFI Capabilities: INTERNET&VALIDATED ]}}"
TUNNEL = "  NetworkAgentInfo{network{102}  ni{VPN CONNECTED} nc{[ Transports: VPN Capabilities: INTERNET ]}}"


@pytest.mark.parametrize(
    ("lines", "away"),
    [
        (["Active default network: 101", "", "Current Networks:", WIFI, "", "Network Requests:"], False),
        (["Active default network: none", "", "Current Networks:", "", "Network Requests:"], True),
        (["Active default network: none", "Current per-App default networks:", "  none", "Current Networks:", "", "Log:", WIFI], True),
        (["Active default network: none", "", "Current Networks:", "", TUNNEL, "", "Network Requests:"], False),
        (["Active default network: 101", "Current Networks:", "", "Log:", "Active default network: none", "Current Networks:"], False),
        (["Active default network: none"], False),
        (["Can't find service: connectivity"], False),
        ([], False),
    ],
    ids=["Wi-Fi", "none", "none, one in the log", "a tunnel alone", "an older one", "cut off", "no service", "nothing"],
)  # fmt: skip
def test_a_phone_is_offline_only_where_it_lists_no_network(lines: list[str], away: bool) -> None:
    assert dumpsys.offline("\n".join(["NetworkProviders for:", *lines])) is away

"""am, pm, dumpsys, settings and simctl: what they print, and what they refuse."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from simulator.faults import Faults
from simulator.phone import Phone
from simulator.shell.commands.intents import parse_intent
from simulator.shell.simctl.faults import FAULTS
from tests.unit.simulator.phonebench import PACKAGE, make_phone, notes, sh


def on_phone(folder: Path, steps: Callable[[Phone], Awaitable[None]], **changes: object) -> None:
    async def run() -> None:
        phone = make_phone(folder, **changes)
        await steps(phone)
        phone.close()

    asyncio.run(run())


def test_am_start_hands_the_intent_to_the_app(tmp_path: Path) -> None:
    line = (
        "am start -a android.intent.action.SEND -t video/mp4 --eu android.intent.extra.STREAM"
        f" content://media/external/video/media/7 --grant-read-uri-permission -n {PACKAGE}/.Share"
    )

    async def steps(phone: Phone) -> None:
        printed = await sh(phone, line)
        assert printed.status == 0
        assert printed.out.startswith(
            "Starting: Intent { act=android.intent.action.SEND typ=video/mp4 flg=0x1 cmp="
        )
        assert notes(phone).seen == [
            {
                "action": "android.intent.action.SEND",
                "component": f"{PACKAGE}/{PACKAGE}.Share",
                "data": "",
                "mime": "video/mp4",
                "extras": {"android.intent.extra.STREAM": "content://media/external/video/media/7"},
            }
        ]
        assert phone.display.focused[0] == PACKAGE

    on_phone(tmp_path, steps)


@pytest.mark.parametrize(
    ("words", "error", "status"),
    [
        (
            "-n com.nobody/.Main",
            "Error type 3\nError: Activity class {com.nobody/com.nobody.Main} does not exist.",
            1,
        ),
        (f"-n {PACKAGE}/.Nothing", "Error type 3\nError: Activity class", 1),
        ("-n nonsense", "Bad component name: nonsense", 255),
        (
            "-a android.intent.action.VIEW -d https://example.org/",
            "Activity not started, unable to resolve Intent",
            1,
        ),
        (f"-a android.intent.action.VIEW -d file:///refused -p {PACKAGE}", "Error: refused", 1),
        ("--nonsense", "Unknown option: --nonsense", 255),
        ("-f zzz", "NumberFormatException", 255),
    ],
)
def test_am_start_refuses_as_a_phone_does(tmp_path: Path, words: str, error: str, status: int) -> None:
    async def steps(phone: Phone) -> None:
        printed = await sh(phone, "am start " + words)
        assert error in printed.err
        assert printed.status == status

    on_phone(tmp_path, steps)


def test_an_intent_is_read_as_android_reads_it() -> None:
    intent = parse_intent(
        [
            "-a",
            "A",
            "-c",
            "C",
            "-f",
            "0x10200000",
            "--es",
            "k",
            "v",
            "--ez",
            "b",
            "true",
            "-W",
            "-S",
            "com.x/.Y",
        ]
    )
    assert (intent.component, intent.flags, intent.extras) == (
        "com.x/com.x.Y",
        0x10200000,
        {"k": "v", "b": "true"},
    )
    assert (intent.wait, intent.stop, intent.categories) == (True, True, ["C"])


def test_force_stop_ends_the_app_and_its_process(tmp_path: Path) -> None:
    async def steps(phone: Phone) -> None:
        await sh(phone, f"monkey -p {PACKAGE} -c android.intent.category.LAUNCHER 1")
        pid = (await sh(phone, f"pidof {PACKAGE}")).out.strip()
        assert re.search(rf"^u0_a\d+ +{pid} .* {PACKAGE}$", (await sh(phone, "ps -A")).out, re.MULTILINE)
        await sh(phone, f"am force-stop {PACKAGE}")
        assert (await sh(phone, f"pidof {PACKAGE}")).status == 1
        assert phone.display.screen_name == "launcher"

    on_phone(tmp_path, steps)


def test_monkey_without_an_app_says_so(tmp_path: Path) -> None:
    async def steps(phone: Phone) -> None:
        assert "No activities found" in (await sh(phone, "monkey -p com.nobody 1")).out

    on_phone(tmp_path, steps)


def test_pm_lists_finds_grants_and_clears(tmp_path: Path) -> None:
    async def steps(phone: Phone) -> None:
        assert (await sh(phone, "pm list packages -3")).out == f"package:{PACKAGE}\n"
        assert (await sh(phone, f"pm path {PACKAGE}")).out.startswith("package:/data/app/")
        assert (await sh(phone, "pm path com.nobody")).status == 1
        assert (
            await sh(phone, f"cmd package resolve-activity --brief -a X {PACKAGE}")
        ).out == f"{PACKAGE}/.MainActivity\n"
        assert (await sh(phone, f"pm grant {PACKAGE} android.permission.CAMERA")).status == 0
        assert (
            "android.permission.CAMERA: granted=true" in (await sh(phone, f"dumpsys package {PACKAGE}")).out
        )
        assert (
            "not a changeable permission"
            in (await sh(phone, f"pm grant {PACKAGE} android.permission.INTERNET")).err
        )
        assert "Unknown package" in (await sh(phone, "pm grant com.nobody android.permission.CAMERA")).err
        assert (await sh(phone, f"pm clear {PACKAGE}")).out == "Success\n"
        assert not phone.granted(PACKAGE, "android.permission.CAMERA")

    on_phone(tmp_path, steps)


def test_only_a_real_package_can_be_installed(tmp_path: Path) -> None:
    async def steps(phone: Phone) -> None:
        await sh(phone, "echo no zip > /data/local/tmp/x.apk")
        assert (
            "INSTALL_PARSE_FAILED_NOT_APK" in (await sh(phone, "pm install -r -t /data/local/tmp/x.apk")).out
        )
        assert "Failure" in (await sh(phone, f"pm uninstall {PACKAGE}x")).out

    on_phone(tmp_path, steps)


@pytest.mark.parametrize(
    ("line", "pattern"),
    [
        ("dumpsys battery", r"level: 87\n.*temperature: 268"),
        ("dumpsys battery set level 9; dumpsys battery", r"level: 9\n"),
        ("dumpsys window windows", r"mCurrentFocus=Window\{\w+ u0 com.google.android.apps.nexuslauncher/"),
        ("dumpsys window policy", r"showing=false"),
        ("dumpsys activity activities", r"topResumedActivity=ActivityRecord\{\w+ u0 com.google"),
        ("dumpsys activity top", r"ACTIVITY com.google.android.apps.nexuslauncher/\S+ \w+ pid=\d+"),
        ("dumpsys display", r"DisplayViewport\{.*orientation=0, .*deviceWidth=1080, deviceHeight=2400"),
        ("dumpsys power", r"mWakefulness=Awake.*mHoldingDisplaySuspendBlocker=true"),
        ("dumpsys input_method", r"mCurMethodId=\S+LatinIME.*mInputShown=false"),
        ("dumpsys telephony.registry", r"mCallState=0"),
        ("dumpsys connectivity", r"INTERNET"),
        ("svc wifi disable; dumpsys connectivity", r"Active default network: none"),
        ("dumpsys thermalservice", r"Thermal Status: 0"),
        (f"dumpsys package {PACKAGE}", r"versionCode=12300 .*versionName=1.2.3\n"),
        ("dumpsys package com.nobody", r"Unable to find package: com.nobody"),
        ("dumpsys SurfaceFlinger --display-id", r"Display 4619827259835644672 "),
        ("getprop", r"\[ro.serialno\]: \[SIMPHONE01\]"),
        ("getprop ro.build.version.sdk", r"^34\n"),
        ("getprop no.such default", r"^default\n"),
        ("wm size", r"Physical size: 1080x2400"),
        ("settings get global adb_enabled", r"^1\n"),
        ("settings get secure nothing", r"^null\n"),
        ("ime list -s -a", r"^com.google.android.inputmethod.latin/"),
        ("ip addr show dev wlan0", r"inet 192\.168\.77\.\d+/24"),
    ],
)
def test_commands_print_what_clients_look_for(tmp_path: Path, line: str, pattern: str) -> None:
    async def steps(phone: Phone) -> None:
        assert re.search(pattern, (await sh(phone, line)).out, re.DOTALL)

    on_phone(tmp_path, steps)


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("dumpsys nothing", "Can't find service: nothing"),
        ("settings get nowhere x", "Invalid arguments"),
        ("cmd nothing", "Can't find service: nothing"),
        ("pm nothing", "Unknown command: nothing"),
        ("am nothing", "Unknown command: nothing"),
        ("input nothing", "Unknown command: nothing"),
        ("input tap 1", "Invalid arguments"),
        ("input keyevent NONSENSE", "Invalid arguments"),
        ("su -c id", "su: inaccessible or not found"),
        ("simctl nothing", "unknown command nothing"),
        ("simctl fault nothing", "no fault nothing"),
        ("simctl fault offline soon", "needs a number"),
        ("simctl set nothing 1", "unknown key nothing"),
        ("simctl set battery much", "is not a value"),
        ("simctl set language X!", "language is a code like en, de or id"),
        ("simctl set notes.size 1", "unknown key size"),
        ("simctl update", "update needs an app"),
        ("simctl update nothing 1.0", "no app nothing"),
        ("simctl update notes soon", "'soon' is no version"),
        ("simctl language notes X!", "language takes a code"),
        ("simctl language -", "only an app can follow the phone"),
        ("app_process / com.wetest.uia2.Main", "unable to find class 'com.wetest.uia2.Main'"),
    ],
)
def test_nonsense_is_refused_in_words(tmp_path: Path, line: str, error: str) -> None:
    async def steps(phone: Phone) -> None:
        assert error in (await sh(phone, line)).err

    on_phone(tmp_path, steps)


def test_simctl_set_shows_and_changes_what_it_names(tmp_path: Path) -> None:
    async def steps(phone: Phone) -> None:
        await sh(
            phone,
            "simctl set battery 7; simctl set serialno TWIN; simctl set notes.colour red; simctl set clock 12:00",
        )
        known = json.loads((await sh(phone, "simctl set")).out)
        assert (known["battery"], known["serialno"], known["clock"]) == (7, "TWIN", "12:00")
        assert (await sh(phone, "getprop ro.serialno")).out == "TWIN\n"

    on_phone(tmp_path, steps)


def test_an_update_and_a_language_look_as_on_a_phone_and_outlive_a_restart(tmp_path: Path) -> None:
    async def change(phone: Phone) -> None:
        await sh(phone, f"simctl update notes 9.4.1; simctl language {PACKAGE} nl")
        await look(phone)

    async def look(phone: Phone) -> None:
        assert "versionName=9.4.1\n" in (await sh(phone, f"dumpsys package {PACKAGE}")).out
        told = (await sh(phone, f"cmd locale get-app-locales {PACKAGE}")).out
        assert "are [nl-NL]" in told
        assert phone.language_of(PACKAGE) == "nl"
        assert phone.language_of("com.other") == phone.language == "en"

    async def follow(phone: Phone) -> None:
        await sh(phone, "simctl language notes -")
        assert phone.language_of(PACKAGE) == "en"

    on_phone(tmp_path, change)
    on_phone(tmp_path, look)
    on_phone(tmp_path, follow)


def test_an_android_before_13_sets_no_language_for_one_app(tmp_path: Path) -> None:
    async def steps(phone: Phone) -> None:
        assert "sets no language for one app" in (await sh(phone, "simctl language notes nl")).err

    on_phone(tmp_path, steps, sdk=31)


def test_faults_strike_once_or_always_and_by_argument() -> None:
    faults = Faults()
    faults.arm("popup", "contacts")
    faults.arm("captcha", always=True)
    faults.arm("app-crash")
    assert faults.take("popup", "other") is None
    assert faults.take("popup", "contacts") == "contacts"
    assert faults.take("popup", "contacts") is None
    assert faults.take("captcha") is True
    assert faults.take("captcha") is True
    assert faults.take("app-crash", "any screen") is True
    assert faults.clear() == 1
    assert faults.take("captcha") is None


def test_faults_can_be_listed_and_cleared(tmp_path: Path) -> None:
    async def steps(phone: Phone) -> None:
        await sh(phone, "simctl fault popup contacts; simctl fault automation-dies click --always")
        assert (
            await sh(phone, "simctl fault list")
        ).out == "popup contacts\nautomation-dies click --always\n"
        await sh(phone, "simctl fault clear popup")
        assert (await sh(phone, "simctl fault list")).out == "automation-dies click --always\n"
        await sh(phone, "simctl fault clear")
        assert (await sh(phone, "simctl fault list")).out == ""
        named = {line.split()[0] for line in (await sh(phone, "simctl fault help")).out.splitlines()}
        assert named == set(FAULTS)

    on_phone(tmp_path, steps)


def test_every_fault_of_the_design_is_known() -> None:
    assert set(FAULTS) >= {
        "popup", "unknown-screen", "login", "captcha", "app-crash", "upload-fail", "upload-stall", "commit-lost",
        "automation-dies", "automation-hangs", "shell-hangs", "offline", "reboot", "storage-full", "slow",
        "not-indexed", "wrong-account",
    }  # fmt: skip


def test_U2_16_a_black_or_missing_screenshot(tmp_path: Path) -> None:
    async def steps(phone: Phone) -> None:
        good = await phone.picture("PNG")
        await sh(phone, "simctl fault black-screenshots; simctl fault no-screenshots")
        assert await phone.picture("PNG") == b""
        black = await phone.picture("PNG")
        assert black.startswith(b"\x89PNG")
        assert len(black) < len(good)

    on_phone(tmp_path, steps)


def test_simctl_reset_brings_a_phone_back_to_a_known_state(tmp_path: Path) -> None:
    async def steps(phone: Phone) -> None:
        phone.launch(PACKAGE)
        phone.tap(200, 2200, "test")
        await sh(phone, "simctl fault login --always; simctl set locked on; simctl reset")
        assert (await sh(phone, "simctl fault list; simctl taps")).out == ""
        assert json.loads((await sh(phone, "simctl screen")).out)["screen"] == "launcher"
        assert len((await sh(phone, "simctl posts")).out.splitlines()) == 1

    on_phone(tmp_path, steps)


def test_latency_scales_what_apps_wait_for(tmp_path: Path) -> None:
    async def steps(phone: Phone) -> None:
        assert phone.scaled(2.0) == pytest.approx(0.3)
        await sh(phone, "simctl fault slow 10")
        assert phone.scaled(2.0) == pytest.approx(3.0)
        await sh(phone, "simctl set latency 0; simctl fault clear")
        assert phone.scaled(2.0) == 0

    on_phone(tmp_path, steps, latency_ms=150)

"""`dumpsys`: the services whose dumps a phone hub reads, in the make-up of Android's."""

from __future__ import annotations

import time
from collections.abc import Callable

from simulator.android.system import permissions_of
from simulator.phone import Phone
from simulator.shell.process import Process, command


def _battery(phone: Phone, words: list[str]) -> str:
    battery = phone.system.battery
    plugged = battery["plugged"]
    status = 2 if plugged and battery["level"] < 100 else 5 if plugged else 3
    return (
        "Current Battery Service state:\n"
        f"  AC powered: {str(plugged == 1).lower()}\n  USB powered: {str(plugged == 2).lower()}\n"
        "  Wireless powered: false\n  Dock powered: false\n  Max charging current: 500000\n"
        "  Max charging voltage: 5000000\n  Charge counter: 3826000\n"
        f"  status: {status}\n  health: {battery['health']}\n  present: true\n  level: {battery['level']}\n  scale: 100\n"
        f"  voltage: {battery['voltage']}\n  temperature: {battery['temperature']}\n  technology: Li-ion\n"
    )


def _window(phone: Phone, words: list[str]) -> str:
    package, activity = phone.display.focused
    system = phone.system
    shown = f"Window{{7c5f2aa u0 {package}/{_full(package, activity)}}}"
    if activity == "NotificationShade":
        shown = "Window{3b1f0c4 u0 NotificationShade}"
    elif activity == "Application Error":
        shown = f"Window{{91d7e03 u0 Application Error: {phone.display.crashed}}}"
    policy = (
        "WINDOW MANAGER POLICY STATE (dumpsys window policy)\n"
        f"    showing={str(system.locked).lower()}\n    mIsShowing={str(system.locked).lower()}\n"
        f"    secure={str(system.secure_lock).lower()}\n"
        f"    screenState={'SCREEN_STATE_ON' if system.screen_on else 'SCREEN_STATE_OFF'}\n"
        f"    interactiveState={'INTERACTIVE_STATE_AWAKE' if system.screen_on else 'INTERACTIVE_STATE_SLEEP'}\n"
    )
    return (
        "WINDOW MANAGER WINDOWS (dumpsys window windows)\n"
        f"  Window #0 {shown}:\n    mDisplayId=0 mSession=Session{{1d2a 1480:u0a10112}}\n"
        f"  mCurrentFocus={shown}\n"
        f"  mFocusedApp=ActivityRecord{{5e7a1b4 u0 {package}/{_full(package, activity)} t41}}\n"
        f"  mDreamingLockscreen={str(system.locked).lower()}\n  mShowingDream=false\n"
        f"  mInputMethodWindow={'Window{8b1 u0 InputMethod}' if phone.display.keyboard_shown else 'null'}\n{policy}"
    )


def _full(package: str, activity: str) -> str:
    return package + activity if activity.startswith(".") else activity


def _activity(phone: Phone, words: list[str]) -> str:
    package, activity = phone.display.focused
    found = phone.system.packages.get(package)
    pid = found.pid if found is not None and found.pid else 2100
    record = f"ActivityRecord{{5e7a1b4 u0 {package}/{activity} t41}}"
    if "top" in words:
        return (
            f"TASK 10112:com.android.launcher id=1 userId=0\nTASK {package} id=41 userId=0\n"
            f"  ACTIVITY {package}/{activity} 5e7a1b4 pid={pid}\n    Local Activity 2f1 State:\n      mResumed=true\n"
        )
    name = "topResumedActivity" if phone.sdk >= 30 else "mResumedActivity"
    old = "" if phone.sdk >= 34 else f"    mResumedActivity: {record}\n"
    return (
        "ACTIVITY MANAGER ACTIVITIES (dumpsys activity activities)\nDisplay #0 (activities from top to bottom):\n"
        f"  * Task{{1c0 #41 type=standard A=10231:{package}}}\n{old}    {name}={record}\n"
        f"  ResumedActivity: {record}\n"
        f"  KeyguardController:\n    mKeyguardShowing={str(phone.system.locked).lower()}\n"
    )


def _display(phone: Phone, words: list[str]) -> str:
    display = phone.display
    on = "ON" if phone.system.screen_on else "OFF"
    return (
        "DISPLAY MANAGER (dumpsys display)\n  mViewports=[DisplayViewport{type=INTERNAL, valid=true, isActive=true,"
        f" displayId=0, uniqueId='local:4619827259835644672', physicalPort=0, orientation={display.rotation},"
        f" logicalFrame=Rect(0, 0 - {display.width}, {display.height}), physicalFrame=Rect(0, 0 - {display.width},"
        f" {display.height}), deviceWidth={display.width}, deviceHeight={display.height}}}]\n  mScreenState={on}\n"
    )


def _package(phone: Phone, words: list[str]) -> str:
    found = phone.system.packages.get(words[0]) if words else None
    if found is None:
        return f"Unable to find package: {words[0]}\n" if words else "Packages:\n"
    stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(phone.system.booted_at))
    permissions = "".join(
        f"        {p}: granted={str(p in found.granted).lower()}, flags=[ USER_SENSITIVE_WHEN_GRANTED]\n"
        for p in permissions_of(phone.sdk)
    )
    return (
        f"Packages:\n  Package [{found.name}] (b0f1e2d):\n    userId=10231\n    pkg=Package{{4f1 {found.name}}}\n"
        f"    codePath=/data/app/~~a1==/{found.name}-b2==\n    primaryCpuAbi=arm64-v8a\n"
        f"    versionCode={found.version_code} minSdk=26 targetSdk=34\n    versionName={found.version}\n"
        f"    signatures=PackageSignatures{{5a2 version:2, signatures:[8e3b1c2d], past signatures:[]}}\n"
        f"    pkgFlags=[ {'SYSTEM ' if found.system else ''}HAS_CODE ALLOW_CLEAR_USER_DATA ]\n"
        f"    firstInstallTime={stamp}\n    lastUpdateTime={stamp}\n    User 0: ceDataInode=1 installed=true stopped=false\n"
        f"      runtime permissions:\n{permissions}"
    )


def _power(phone: Phone, words: list[str]) -> str:
    on = phone.system.screen_on
    return (
        "POWER MANAGER (dumpsys power)\n"
        f"  mWakefulness={'Awake' if on else 'Asleep'}\n  mIsPowered={str(bool(phone.system.battery['plugged'])).lower()}"
        f"\n  mStayOn={str(phone.system.stays_on).lower()}\n"
        f"  mHoldingWakeLockSuspendBlocker=false\n  mHoldingDisplaySuspendBlocker={str(on).lower()}\n"
        f"Display Power: state={'ON' if on else 'OFF'}\n"
    )


def _input_method(phone: Phone, words: list[str]) -> str:
    shown = str(phone.display.keyboard_shown).lower()
    return (
        f"Current Input Method Manager state:\n  mCurMethodId={phone.system.ime}\n"
        f"  mInputShown={shown}\n  mIsInputViewShown={shown}\n"
    )


def _telephony(phone: Phone, words: list[str]) -> str:
    return f"last known state:\n  Phone Id=0\n    mCallState={phone.system.call_state}\n    mRingingCallState=0\n"


def _connectivity(phone: Phone, words: list[str]) -> str:
    if not phone.system.network:
        return "NetworkProviders for:\nActive default network: none\nCurrent Networks:\n"
    return (
        "NetworkProviders for:\nActive default network: 101\nCurrent Networks:\n  NetworkAgentInfo{network{101} "
        "ni{WIFI CONNECTED extra: } lp{{InterfaceName: wlan0}} nc{[ Transports: WIFI Capabilities: "
        "INTERNET&NOT_METERED&TRUSTED&VALIDATED ]}}\n"
    )


def _thermal(phone: Phone, words: list[str]) -> str:
    celsius = phone.system.battery["temperature"] / 10
    return (
        "IsStatusOverride: false\nThermal Status: 0\nCached temperatures:\n"
        f"\tTemperature{{mValue={celsius}, mType=2, mName=battery, mStatus=0}}\n"
    )


def _surface_flinger(phone: Phone, words: list[str]) -> str:
    return 'Display 4619827259835644672 (HWC display 0): port=0 pnpId=GGL displayName="Common Panel"\n'


_SERVICES: dict[str, Callable[[Phone, list[str]], str]] = {
    "battery": _battery,
    "window": _window,
    "activity": _activity,
    "display": _display,
    "package": _package,
    "power": _power,
    "input_method": _input_method,
    "telephony.registry": _telephony,
    "connectivity": _connectivity,
    "thermalservice": _thermal,
    "SurfaceFlinger": _surface_flinger,
}


@command("dumpsys")
async def dumpsys(process: Process, words: list[str]) -> int:
    rest = words or ["battery"]
    if rest[0] == "battery" and rest[1:2] == ["set"] and len(rest) > 3 and rest[3].lstrip("-").isdecimal():
        key = {"temp": "temperature"}.get(rest[2], rest[2])
        process.phone.system.battery[key] = int(rest[3])
        return 0
    service = _SERVICES.get(rest[0])
    if service is None:
        return await process.fail(f"Can't find service: {rest[0]}\n", 0)
    await process.out(service(process.phone, rest[1:]))
    return 0

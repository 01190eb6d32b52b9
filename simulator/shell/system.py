"""Commands of Android's own state: getprop, settings, ime, wm, svc, ps, kill, logcat, reboot, screencap."""

from __future__ import annotations

import time

from simulator.android.display import Display
from simulator.shell.runner import Process, command

_SHELL_PID = 2417


@command("getprop")
async def getprop(process: Process, words: list[str]) -> int:
    props = process.phone.system.props()
    if words:
        await process.out(props.get(words[0], words[1] if len(words) > 1 else "") + "\n")
    else:
        await process.out("".join(f"[{name}]: [{props[name]}]\n" for name in sorted(props)))
    return 0


@command("setprop")
async def setprop(process: Process, words: list[str]) -> int:
    if len(words) == 2 and process.phone.system.setprop(*words):
        return 0
    await process.err(f"setprop: failed to set property '{words[0] if words else ''}'\n")
    return 1


@command("settings")
async def settings(process: Process, words: list[str]) -> int:
    words = [w for i, w in enumerate(words) if w != "--user" and (i == 0 or words[i - 1] != "--user")]
    tables = process.phone.system.settings
    if len(words) < 2 or words[1] not in tables:
        await process.err("Invalid arguments\n" if words else "Settings provider (settings) commands:\n")
        return 255
    verb, table = words[0], tables[words[1]]
    if verb == "get" and len(words) > 2:
        await process.out(table.get(words[2], "null") + "\n")
    elif verb == "put" and len(words) > 3:
        table[words[2]] = words[3]
        process.phone.display.touched()  # a new timeout counts from now
        process.phone.changed()
        process.phone.save()
    elif verb == "delete" and len(words) > 2:
        await process.out(f"Deleted {int(table.pop(words[2], None) is not None)} rows\n")
        process.phone.save()
    elif verb == "list":
        await process.out("".join(f"{name}={value}\n" for name, value in sorted(table.items())))
    else:
        await process.err("Invalid arguments\n")
        return 255
    return 0


@command("ime")
async def ime(process: Process, words: list[str]) -> int:
    system = process.phone.system
    verb, rest = (words[0] if words else ""), [w for w in words[1:] if not w.startswith("-")]
    flags = "".join(w for w in words[1:] if w.startswith("-"))
    if verb == "list":
        found = system.installed_imes if "a" in flags else system.enabled_imes
        lines = [i if "s" in flags else f"{i}:\n  mId={i} mIsDefaultResId=0x0" for i in found]
        await process.out("".join(line + "\n" for line in lines))
        return 0
    if verb == "reset":
        system.reset_imes()
        await process.out("Reset current and enabled IMEs for user #0\n")
    elif verb in ("enable", "disable", "set") and rest:
        name = rest[0]
        if name not in system.installed_imes:
            await process.err(
                f"Unknown input method {name} cannot be {'selected' if verb == 'set' else verb + 'd'} for user #0\n"
            )
            return 255 if verb != "set" else 1
        if verb == "set":
            if name not in system.enabled_imes:
                await process.err(f"Input method {name} is not enabled for user #0\n")
                return 1
            system.settings["secure"]["default_input_method"] = name
            await process.out(f"Input method {name} selected for user #0\n")
        else:
            others = [i for i in system.enabled_imes if i != name]
            system.set_enabled_imes([*others, name] if verb == "enable" else others)
            await process.out(f"Input method {name}: now {verb}d for user #0\n")
    else:
        await process.err("Error: no arguments\n")
        return 1
    process.phone.changed()
    process.phone.save()
    return 0


@command("wm")
async def wm(process: Process, words: list[str]) -> int:
    display: Display = process.phone.display
    if words[:1] in (["size"], ["density"]):
        made = f"{display.width}x{display.height}" if words[0] == "size" else "420"
        await process.out(f"Physical {words[0]}: {made}\n")
        overrides = process.phone.system.display_overrides
        if words[1:] == ["reset"]:
            overrides.pop(words[0], None)
        elif len(words) > 1:
            overrides[words[0]] = words[1]
        if words[0] in overrides:
            await process.out(f"Override {words[0]}: {overrides[words[0]]}\n")
    elif words[:1] == ["dismiss-keyguard"]:
        display.dismiss_keyguard()
    else:
        await process.err("Window manager (window) commands:\n")
        return 255
    return 0


@command("svc")
async def svc(process: Process, words: list[str]) -> int:
    if words[:2] == ["power", "stayon"]:
        process.phone.system.settings["global"]["stay_on_while_plugged_in"] = (
            "0" if words[2:] == ["false"] else "7"
        )
    elif words[:1] in (["wifi"], ["data"]) and len(words) > 1:
        process.phone.system.network = words[1] == "enable"
    elif words[:2] == ["power", "reboot"]:
        process.phone.reboot()
    else:
        await process.err("Available commands:\n    help\n    power\n    data\n    wifi\n")
        return 1
    return 0


def _processes(process: Process) -> list[tuple[str, int, str]]:
    phone = process.phone
    found = [("root", 1, "init"), ("system", 1480, "system_server"), ("u0_a112", 2100, "com.android.systemui"),
             ("shell", _SHELL_PID, "sh")]  # fmt: skip
    found += [
        (f"u0_a{200 + n}", p.pid, p.name) for n, p in enumerate(phone.system.packages.values()) if p.pid
    ]
    if phone.automation.alive:
        found.append(("shell", 9008, "app_process"))
    return found


@command("ps")
async def ps(process: Process, words: list[str]) -> int:
    lines = [f"{'USER':<14}{'PID':>6}{'PPID':>7}{'VSZ':>9}{'RSS':>8} {'WCHAN':<19}{'ADDR':>10} S NAME"]
    for user, pid, name in _processes(process):
        if "-A" in words or "-ef" in words or user == "shell":
            lines.append(
                f"{user:<14}{pid:>6}{1:>7}{13000000:>9}{98000:>8} {'do_epoll_wait':<19}{0:>10} S {name}"
            )
    await process.out("\n".join(lines) + "\n")
    return 0


@command("pidof", "pgrep")
async def pidof(process: Process, words: list[str]) -> int:
    wanted = [w for w in words if not w.startswith("-")]
    found = [str(pid) for _, pid, name in _processes(process) if name in wanted]
    if "-f" in words and any("com.wetest.uia2.Main" in w for w in wanted) and process.phone.automation.alive:
        found.append("9008")
    if found:
        await process.out(("\n" if process.command_line.startswith("pgrep") else " ").join(found) + "\n")
    return 0 if found else 1


@command("kill", "pkill", "killall")
async def kill(process: Process, words: list[str]) -> int:
    phone = process.phone
    targets = [w for w in words if not (w.startswith("-") and w != "-f")]
    killed = 0
    for _, pid, name in _processes(process):
        line = "app_process / com.wetest.uia2.Main -p 9008" if name == "app_process" else name
        by_name = not process.command_line.startswith("kill ") and any(
            t in line for t in targets if t != "-f"
        )
        if str(pid) in targets or by_name:
            killed += 1
            if name == "app_process":
                phone.automation.die()
            elif name in phone.system.packages:
                await process.err(f"kill: bad pid '{pid}': Operation not permitted\n")
                return 1
    if not killed and process.command_line.startswith("kill "):
        await process.err(f"kill: bad pid '{targets[0] if targets else ''}': No such process\n")
    return 0 if killed else 1


@command("logcat")
async def logcat(process: Process, words: list[str]) -> int:
    if "-c" in words or "--clear" in words:
        return 0
    await process.out("--------- beginning of main\n")
    for event in list(process.phone.record.events)[-50:]:
        when = time.strftime("%m-%d %H:%M:%S", time.gmtime(event["at"]))
        await process.out(
            f"{when}.{int(event['at'] % 1 * 1000):03d}  1480  1510 I Simulator: {event['what']}\n"
        )
    if "-d" not in words and "-t" not in words:
        await process.phone.hang()
    return 0


@command("reboot")
async def reboot(process: Process, words: list[str]) -> int:
    process.phone.reboot()
    await process.phone.hang()
    return 0


@command("screencap")
async def screencap(process: Process, words: list[str]) -> int:
    picture = await process.phone.picture("PNG")
    names = [w for w in words if w.startswith("/")]
    if names:
        try:
            process.phone.files.for_writing(names[0], process.cwd).write_bytes(picture)
        except OSError as error:
            await process.err(f"Error opening file: {names[0]} ({error.strerror})\n")
            return 1
    else:
        await process.out(picture)
    return 0


@command("ifconfig", "ip")
async def ifconfig(process: Process, words: list[str]) -> int:
    last = sum(process.phone.name.encode()) % 200 + 20
    if process.command_line.startswith("ip"):
        await process.out(
            f"3: wlan0: <UP>\n    inet 192.168.77.{last}/24 brd 192.168.77.255 scope global wlan0\n"
        )
    else:
        await process.out(
            f"wlan0     Link encap:UNSPEC\n          inet addr:192.168.77.{last}  Bcast:192.168.77.255\n"
        )
    return 0


@command("ping")
async def ping(process: Process, words: list[str]) -> int:
    if not process.phone.system.network:
        await process.err("connect: Network is unreachable\n")
        return 2
    await process.out("1 packets transmitted, 1 received, 0% packet loss, time 0ms\n")
    return 0

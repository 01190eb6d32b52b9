"""Commands of Android's own state: getprop, settings, ime, wm, svc, ps, pidof, pkill, reboot, screencap, ifconfig."""

from __future__ import annotations

from simulator.android.display import Display
from simulator.shell.process import Process, command

_SHELL_PID = 2417


@command("getprop")
async def getprop(process: Process, words: list[str]) -> int:
    props = process.phone.system.props()
    if words:
        await process.out(props.get(words[0], words[1] if len(words) > 1 else "") + "\n")
    else:
        await process.out("".join(f"[{name}]: [{props[name]}]\n" for name in sorted(props)))
    return 0


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
        return await process.fail("Invalid arguments\n", 255)
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
            refused = "selected" if verb == "set" else f"{verb}d"
            message = f"Unknown input method {name} cannot be {refused} for user #0\n"
            return await process.fail(message, 1 if verb == "set" else 255)
        if verb == "set":
            if name not in system.enabled_imes:
                return await process.fail(f"Input method {name} is not enabled for user #0\n")
            system.settings["secure"]["default_input_method"] = name
            await process.out(f"Input method {name} selected for user #0\n")
        else:
            others = [i for i in system.enabled_imes if i != name]
            system.set_enabled_imes([*others, name] if verb == "enable" else others)
            await process.out(f"Input method {name}: now {verb}d for user #0\n")
    else:
        return await process.fail("Error: no arguments\n")
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
        return await process.fail("Window manager (window) commands:\n", 255)
    return 0


@command("svc")
async def svc(process: Process, words: list[str]) -> int:
    if words[:2] == ["power", "stayon"]:
        process.phone.system.settings["global"]["stay_on_while_plugged_in"] = (
            "0" if words[2:] == ["false"] else "7"
        )
    elif words[:1] in (["wifi"], ["data"]) and len(words) > 1:
        process.phone.system.network = words[1] == "enable"
    else:
        return await process.fail("Available commands:\n    help\n    power\n    data\n    wifi\n")
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


@command("pidof")
async def pidof(process: Process, words: list[str]) -> int:
    found = [str(pid) for _, pid, name in _processes(process) if name in words]
    if found:
        await process.out(" ".join(found) + "\n")
    return 0 if found else 1


@command("pkill")
async def pkill(process: Process, words: list[str]) -> int:
    """`pkill -f PATTERN`: the shell may end its own processes only."""
    wanted = [w for w in words if not w.startswith("-")]
    line = "app_process / com.wetest.uia2.Main -p 9008"
    if not process.phone.automation.alive or not any(w in line for w in wanted):
        return 1
    process.phone.automation.die()
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
            return await process.fail(f"Error opening file: {names[0]} ({error.strerror})\n")
    else:
        await process.out(picture)
    return 0


@command("ifconfig", "ip")
async def ifconfig(process: Process, words: list[str]) -> int:
    last = sum(process.phone.name.encode()) % 200 + 20
    if process.name == "ip":
        await process.out(
            f"3: wlan0: <UP>\n    inet 192.168.77.{last}/24 brd 192.168.77.255 scope global wlan0\n"
        )
    else:
        await process.out(
            f"wlan0     Link encap:UNSPEC\n          inet addr:192.168.77.{last}  Bcast:192.168.77.255\n"
        )
    return 0

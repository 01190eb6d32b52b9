"""`pm` and `cmd package`: what is installed, permissions, installing the one package that can run here."""

from __future__ import annotations

from pathlib import Path

from simulator.android.system import Package, permissions_of
from simulator.shell.commands.locale import locale
from simulator.shell.process import Process, command


@command("pm")
async def pm(process: Process, words: list[str]) -> int:
    system = process.phone.system
    verb = words[0] if words else ""
    rest = [w for i, w in enumerate(words[1:]) if w != "--user" and words[i] != "--user"]
    names = [w for w in rest if not w.startswith("-")]
    found = system.packages.get(names[0]) if names else None
    if verb == "list":
        return await _list(process, rest)
    if verb == "path":
        if found is None:
            return 1
        await process.out(f"package:/data/app/~~a1==/{found.name}-b2==/base.apk\n")
        return 0
    if verb == "grant":
        return await _grant(process, names)
    if verb == "clear":
        if found is None:
            await process.out("Failed\n")
            return 1
        await _clear(process, found)
        return 0
    if verb == "install":
        return await _install(process, rest)
    if verb == "uninstall":
        done = bool(names) and system.uninstall(names[0])
        process.phone.save()
        await process.out("Success\n" if done else "Failure [DELETE_FAILED_INTERNAL_ERROR]\n")
        return 0 if done else 1
    if verb == "resolve-activity" and names:
        target = system.packages.get(names[-1])
        await process.out(
            f"{target.name}/{target.activity}\n" if target and target.activity else "No activity found\n"
        )
        return 0
    await process.err(f"Unknown command: {verb}\n" if verb else "Package manager (package) commands:\n")
    return 255


async def _list(process: Process, words: list[str]) -> int:
    what = words[0] if words else ""
    if what == "users":
        rows = "".join(
            f"\tUserInfo{{{n}:{who}:c13}} running\n" for n, who in process.phone.system.users.items()
        )
        await process.out(f"Users:\n{rows}")
        return 0
    if what != "packages":
        return await process.fail(f"Error: unknown list type '{what}'\n", 255)
    flags = [w for w in words[1:] if w.startswith("-")]
    wanted = [w for w in words[1:] if not w.startswith("-") and w != "None"]
    for package in process.phone.system.packages.values():
        if ("-3" in flags and package.system) or ("-s" in flags and not package.system):
            continue
        if wanted and wanted[0] not in package.name:
            continue
        path = f"/data/app/~~a1==/{package.name}-b2==/base.apk=" if "-f" in flags else ""
        code = f" versionCode:{package.version_code}" if "--show-versioncode" in flags else ""
        await process.out(f"package:{path}{package.name}{code}\n")
    return 0


async def _grant(process: Process, names: list[str]) -> int:
    if len(names) < 2:
        return await process.fail("Error: no permission specified\n", 255)
    system, (name, permission) = process.phone.system, names[:2]
    if name not in system.packages:
        return await process.fail(
            f"Exception occurred while executing 'grant':\njava.lang.IllegalArgumentException: Unknown package: {name}\n",
            255,
        )
    if permission not in permissions_of(process.phone.sdk):
        return await process.fail(
            f"Exception occurred while executing 'grant':\njava.lang.SecurityException: Permission {permission} requested by"
            f" {name} is not a changeable permission type\n",
            255,
        )
    if system.input_forbidden:  # the same setting of the maker stands before this
        return await process.fail(
            "Exception occurred while executing 'grant':\njava.lang.SecurityException: grantRuntimePermission: Neither user"
            " 2000 nor current process has android.permission.GRANT_RUNTIME_PERMISSIONS.\n",
            255,
        )
    system.grant(name, permission)
    process.phone.save()
    return 0


async def _clear(process: Process, package: Package) -> None:
    package.granted.clear()
    process.phone.stop_app(package.name)
    app = process.phone.display.apps.get(package.name)
    if app is not None:
        app.load_state({})
    process.phone.save()
    await process.out("Success\n")


async def _install(process: Process, words: list[str]) -> int:
    phone = process.phone
    if "-S" in words:
        # `adb install`: the package comes on stdin.
        size = int(words[words.index("-S") + 1])
        target = phone.files.host_path("/data/local/tmp/streamed.apk")
        data = bytearray()
        while len(data) < size and (chunk := await process.stdin.read()):
            data += chunk
        target.write_bytes(data)
    else:
        names = [w for w in words if w.startswith("/")]
        try:
            target = phone.files.host_path(names[0], process.cwd) if names else Path()
        except OSError as error:
            await process.out(f"Error: Unable to open file: {error.strerror}\n")
            return 1
    problem = phone.system.install_apk(target)
    if problem:
        await process.out(f"Failure [{problem}]\n")
        return 1
    phone.save()
    await process.out("Success\n")
    return 0


@command("cmd")
async def cmd(process: Process, words: list[str]) -> int:
    service = words[0] if words else ""
    if service == "package":
        return await pm(process, words[1:])
    if service == "statusbar":
        display = process.phone.display
        if words[1:] == ["collapse"]:
            display.show_shade(False)
        elif words[1:] in (["expand-notifications"], ["expand-settings"]):
            display.show_shade(True)
        return 0
    if service == "locale":
        return await locale(process, words[1:])
    return await process.fail(f"cmd: Can't find service: {service}\n", 20)

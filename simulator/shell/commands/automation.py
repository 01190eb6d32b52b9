"""`app_process`: how the automation server is launched, from the jar that a client pushed before."""

from __future__ import annotations

import asyncio
import zipfile

from simulator.shell.process import Process, command

_MAIN = "com.wetest.uia2.Main"


@command("app_process", "app_process64", "app_process32")
async def app_process(process: Process, words: list[str]) -> int:
    phone = process.phone
    name = next((w for w in words if "." in w and not w.startswith("-")), "")
    port = words[words.index("-p") + 1] if "-p" in words[:-1] else "9008"
    jar = process.env.get("CLASSPATH", "").partition(":")[0]
    if name != _MAIN or not _holds_classes(process, jar):
        return await process.fail(f"Error: unable to find class '{name}'\nAborted \n", 134)
    if not port.isdecimal() or not 1 <= int(port) <= 65535:
        await process.out(f"Invalid port: {port}. Must be an integer between 1 and 65535.\n")
        return 1
    await process.out("[server] INFO: [UiAutomator2Server] Starting Server\n")
    taken = phone.fault("automation-taken") is not None
    if taken or phone.automation.alive:
        return await process.fail(
            "java.lang.IllegalStateException: UiAutomationService android.accessibilityservice."
            "IAccessibilityServiceClient$Stub$Proxy@5deffd5already registered!\n"
        )
    await asyncio.sleep(phone.scaled(0.8))
    await process.err(
        'SLF4J: Failed to load class "org.slf4j.impl.StaticLoggerBinder".\n'
        "SLF4J: Defaulting to no-operation (NOP) logger implementation\n"
    )
    try:
        await phone.automation.process(int(port))
    except RuntimeError:
        return 1
    await process.out("Killed \n")
    return 137


def _holds_classes(process: Process, jar: str) -> bool:
    try:
        with zipfile.ZipFile(process.phone.files.host_path(jar)) as archive:
            return "classes.dex" in archive.namelist()
    except (OSError, zipfile.BadZipFile):
        return False

"""`cmd locale`: the languages of single apps, in the words of Android 13 and later."""

from __future__ import annotations

import re

from simulator.android.locales import PER_APP_SDK
from simulator.shell.process import Process

_TAG = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


async def locale(process: Process, words: list[str]) -> int:
    """AOSP's LocaleManagerShellCommand: without `--locales` the app follows the phone again."""
    phone = process.phone
    if phone.sdk < PER_APP_SDK:
        return await process.fail("cmd: Can't find service: locale\n", 20)
    verb, package = (words[0] if words else ""), (words[1] if len(words) > 1 else "")
    options = dict(zip(words[2::2], words[3::2], strict=False))
    if verb not in ("get-app-locales", "set-app-locales") or not package:
        return await process.fail(f"Unknown command: {verb}\n", 255)
    if package not in phone.system.packages:
        return await process.fail(f"Unknown package {package} for userId 0\n", 255)
    kept = phone.system.app_locales.tags
    if verb == "get-app-locales":
        await process.out(f"Locales for {package} for user 0 are [{','.join(kept.get(package, []))}]\n")
        return 0
    if phone.faults.take("locale-refused") is not None:
        return 0  # makers whose own settings undo it say nothing
    tags = [tag for tag in options.get("--locales", "").split(",") if _TAG.fullmatch(tag)]
    if tags:
        kept[package] = tags
    else:
        kept.pop(package, None)
    phone.save()
    return 0

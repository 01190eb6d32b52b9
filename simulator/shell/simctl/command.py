"""`simctl`: how tests and people look into a simulated phone and make it fail."""

from __future__ import annotations

import json

from simulator.record import lines
from simulator.shell.process import Process, command
from simulator.shell.simctl import faults, settings

_HELP = """\
simctl posts                     what was published, one JSON object per line
simctl taps [N]                  taps (the last N) with the node each hit, one JSON object per line
simctl events [N]                everything that happened, with epoch seconds, one JSON object per line
simctl screen [dump]             what is in front, as JSON (dump: the UI tree as XML)
simctl kept                      what each app keeps (drafts, unfinished posts, counts), as JSON by package
simctl media                     what the media store lists, one JSON object per line
simctl set                       list what can be set, with its value
simctl set KEY VALUE             set it
simctl update APP [VERSION]      update an app, as its store does: it is ended, its data stay; without a version list them
simctl language [APP] CODE       the phone's or one app's language, as chosen in the settings; "-" lets an app follow the phone
simctl fault NAME [ARG] [--always]   arm a fault; without --always it strikes once
simctl fault list | clear [NAME] | help
simctl reset                     drop faults, taps and events, stop the apps, wake and unlock (posts stay)
"""


@command("simctl")
async def simctl(process: Process, words: list[str]) -> int:
    phone = process.phone
    verb, rest = (words[0] if words else "help").lower(), words[1:]
    if verb == "posts":
        await process.out(lines(phone.record.posts))
    elif verb in ("taps", "events"):
        found = list(phone.record.taps if verb == "taps" else phone.record.events)
        count = int(rest[0]) if rest and rest[0].isdecimal() else len(found)
        await process.out(lines(found[-count:] if count else []))
    elif verb == "screen":
        await process.out(settings.screen(phone, as_xml=rest[:1] == ["dump"]))
    elif verb == "kept":
        kept = {app.package: app.dump_state() for app in phone.display.apps.values()}
        await process.out(json.dumps(kept) + "\n")
    elif verb == "media":
        await process.out(lines(vars(row) for row in phone.media()))
    elif verb == "set":
        if not rest:
            await process.out(json.dumps(settings.values(phone), indent=1) + "\n")
            return 0
        problem = settings.change(phone, rest[0], " ".join(rest[1:]))
        if problem:
            return await process.fail(f"simctl: {problem}\n")
    elif verb in ("update", "language"):
        answer, problem = (settings.update if verb == "update" else settings.language)(phone, rest)
        if problem:
            return await process.fail(f"simctl: {problem}\n")
        await process.out(answer)
    elif verb == "fault":
        answer, status = faults.fault(phone, rest)
        await (process.out(answer) if status == 0 else process.err(answer))
        return status
    elif verb == "reset":
        settings.reset(phone)
    elif verb in ("help", "-h", "--help"):
        await process.out(_HELP)
    else:
        return await process.fail(f"simctl: unknown command {verb}\n{_HELP}")
    return 0

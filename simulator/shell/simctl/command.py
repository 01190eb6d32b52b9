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
simctl media                     what the media store lists, one JSON object per line
simctl set                       list what can be set, with its value
simctl set KEY VALUE             set it
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
        count = int(rest[0]) if rest and rest[0].isdigit() else len(found)
        await process.out(lines(found[-count:] if count else []))
    elif verb == "screen":
        await process.out(settings.screen(phone, as_xml=rest[:1] == ["dump"]))
    elif verb == "media":
        await process.out(lines(vars(row) for row in phone.media()))
    elif verb == "set":
        if not rest:
            await process.out(json.dumps(settings.values(phone), indent=1) + "\n")
            return 0
        problem = settings.change(phone, rest[0], " ".join(rest[1:]))
        if problem:
            return await process.fail(f"simctl: {problem}\n")
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

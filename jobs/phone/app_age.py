"""How long an app's program has run on a phone: an app that crashed and was started anew looks as one that has finished."""

from __future__ import annotations

from jobs.phone.protocol import PhoneSession

#: Where the name of a program ends in /proc/PID/stat, the field of its start is so far behind; in ticks of a 100th second.
_START, _TICKS_S = 19, 100.0


def running_s(phone: PhoneSession, package: str) -> float | None:
    """For how long the app has run, in seconds; None where the phone does not tell. Raises what a phone's shell raises."""
    # A second copy of the app, of a work profile, has the same name.
    stats = f"for p in $(pidof {package}); do cat /proc/$p/stat; done"
    return oldest_s(phone.shell("sh", "-c", f"{stats}; cat /proc/uptime").output)


def oldest_s(printed: str) -> float | None:
    """The age of the oldest of these programs, from their lines of /proc/PID/stat and the one of /proc/uptime behind them."""
    *stats, uptime = [line for line in printed.splitlines() if line.strip()] or [""]
    starts = []
    for line in stats:
        fields = line.rpartition(")")[2].split()
        if len(fields) > _START and fields[_START].isdecimal():
            starts.append(int(fields[_START]) / _TICKS_S)
    try:
        now_s = float(uptime.split()[0])
    except (IndexError, ValueError):
        return None
    return max(0.0, now_s - min(starts)) if starts else None

"""Several commands for a phone in one shell line: one round trip, and each keeps its own output and exit status."""

from __future__ import annotations

import re
import secrets

from jobs.phone.adb.client import AdbPhone, Printed, quote
from jobs.phone.errors import CommandFailed


def run_together(phone: AdbPhone, *commands: tuple[str, ...], timeout_s: float) -> list[Printed]:
    """Run commands one after the other, also where one fails; every word is quoted, `timeout_s` is for all together.

    Returns:
        What each printed (its error output behind it, as it came) and its exit status, in their order.

    Raises:
        CommandFailed: the phone's shell did not get to the last command's end.
        PhoneError: what else `AdbPhone.run` raises.
    """
    # Not to be guessed, so that nothing that a command prints is taken for the end of it.
    marker = f"DONE-{secrets.token_hex(8)}:"
    line = "; ".join(f"{quote(words)} 2>&1; echo {marker}$?" for words in commands)
    printed = phone.run(line, timeout_s=timeout_s)
    *parts, rest = re.split(rb"%b(\d+)\r?\n" % marker.encode(), printed.stdout)
    outputs, codes = parts[::2], parts[1::2]
    if len(codes) != len(commands):
        raise CommandFailed(
            f"the phone's shell ended after {len(codes)} of {len(commands)} commands: "
            f"{(rest + printed.stderr).decode('utf-8', 'replace').strip()[:300]}",
            serial=phone.serial,
            output=printed.text,
            exit_code=printed.exit_code,
        )
    return [Printed(output, b"", int(code)) for output, code in zip(outputs, codes, strict=True)]

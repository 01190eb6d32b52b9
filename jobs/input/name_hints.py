"""Says why a name of an account or a phone is most likely unknown: an address, several joined, something invisible in it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from jobs.input.spoilt_values import decoded_twice, find_placeholder, stands_for_nothing
from jobs.input.values import split_joined

_USERNAME = re.compile(r"[^\s/\\@,;]{1,100}")
_PROFILE = re.compile(r"(?:https?://)?(?:[\w-]+\.)+[a-z]{2,}/", re.IGNORECASE)


def username_problem(name: str) -> str:
    """Why this cannot be the name of an account, as the rest of a sentence; "" when it can."""
    hidden = next((char for char in name if not char.isprintable()), "")
    if hidden and not hidden.isspace():  # copied along from a web page; no app would ever show this name
        return f"holds the invisible character U+{ord(hidden):04X}; type the name instead of copying it"
    if "\uff20" in name:
        return "holds \uff20, a wide sign that only looks like @: write the name alone"
    if unfilled := unfilled_problem(name):
        return unfilled
    if _USERNAME.fullmatch(name):
        return ""
    if _PROFILE.match(name):
        return f"is an address; write the name alone{_name_in(name)}"
    return "must be a name of 1 to 100 characters without blanks, commas, slashes and further @"


def unfilled_problem(name: str) -> str:
    """Why this is no name but what a program leaves where it has none, as the rest of a sentence; "" when it may be one."""
    if stands_for_nothing(name) or find_placeholder(name):
        return f'is "{name[:40]}", which a program writes where it has no value'
    return ""


def explain_name(name: str) -> str:
    """The rest of a sentence that begins with "there is no ...", "" when nothing is known. `name` has no blanks around it."""
    hidden = next((char for char in name if not char.isprintable()), "")
    if hidden:
        return f"it holds the invisible character U+{ord(hidden):04X}: type the name instead of copying it"
    if isinstance(decoded_twice(name), list):
        return "it is a list that was encoded twice: send its entries"
    if find_placeholder(name):
        return "the client has not filled it in"
    if stands_for_nothing(name):
        return "the client has sent a variable that holds nothing"
    if _PROFILE.match(name):
        return f"it is an address: write the name alone{_name_in(name)}"
    if split_joined(name):
        return "give each name an entry of its own in the list"
    return ""


def _name_in(address: str) -> str:
    path = urlsplit(address if "://" in address else f"https://{address}").path
    first = path.strip("/").partition("/")[0].lstrip("@")
    return f', "{first}"' if re.fullmatch(r"[\w.]{1,60}", first) else ""

"""Names what a browser says of itself in plain words, so that people recognise their own devices in a list."""

from __future__ import annotations

#: What stands in a User-Agent, and what it means; the first that is there counts, as browsers name each other.
_PROGRAMS = {
    "edg": "Edge",
    "opr/": "Opera",
    "samsungbrowser": "Samsung Internet",
    "firefox": "Firefox",
    "fxios": "Firefox",
    "chrome": "Chrome",
    "crios": "Chrome",
    "safari": "Safari",
    "curl": "curl",
    "python": "a Python program",
}
_SYSTEMS = {
    "android": "Android",
    "iphone": "iPhone",
    "ipad": "iPad",
    "windows": "Windows",
    "mac os": "Mac",
    "cros": "ChromeOS",
    "linux": "Linux",
}
UNKNOWN = "an unknown program"


def device_of(user_agent: str) -> str:
    """Program and system, e.g. "Firefox on Android"."""
    said = user_agent[:500].lower()
    program = next((name for word, name in _PROGRAMS.items() if word in said), UNKNOWN)
    system = next((name for word, name in _SYSTEMS.items() if word in said), "")
    return f"{program} on {system}" if system else program

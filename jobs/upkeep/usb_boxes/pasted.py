"""The two lines that a person carries between a hub and a USB box: written here, and read as what a stranger may have made."""

from __future__ import annotations

import base64
import binascii
import hashlib
import ipaddress
import re

import msgspec

from jobs.hub.settings import LOCAL_SERVER

#: Name of a box: part of a unit's name, of a path and of the config, so none of its characters means anything there.
NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_KEY_TYPE = b"ssh-ed25519"
#: Length and type, length and 32 bytes: an Ed25519 key has no other form.
_KEY_HEAD = len(_KEY_TYPE).to_bytes(4, "big") + _KEY_TYPE + (32).to_bytes(4, "big")
_HUB, _BOX = "tikmatrixd-hub", "tikmatrixd-box"
_VERSION = "1"
#: Longer than any line that is written here.
MAX_CHARS = 600
_SUM_CHARS = 8


class PasteInvalid(ValueError):
    """The text is not the line that was asked for; the message says what it is instead."""


class HubLine(msgspec.Struct, frozen=True):
    """What the box must know of its hub: the name that the hub gives it, and the two public keys."""

    name: str
    link_key: str  #: base64; may forward to the adb server
    backup_key: str  #: base64; may read the adb key

    def __str__(self) -> str:
        return _signed(_HUB, self.name, self.link_key, self.backup_key)


class BoxLine(msgspec.Struct, frozen=True):
    """What the hub must know of a box: where its ssh server is, and its host key."""

    host: str
    port: int
    host_key: str  #: base64

    def __str__(self) -> str:
        return _signed(_BOX, self.host, str(self.port), self.host_key)


def read_hub_line(text: str) -> HubLine:
    """The line that a hub printed. Raises PasteInvalid."""
    name, link_key, backup_key = _words(text, _HUB, 3, "hub")
    check_name(name)
    line = HubLine(name, check_key(link_key), check_key(backup_key))
    if link_key == backup_key:
        raise PasteInvalid("both keys in this line are the same")
    return line


def read_box_line(text: str) -> BoxLine:
    """The line that a USB box printed. Raises PasteInvalid."""
    host, port, host_key = _words(text, _BOX, 3, "box")
    return BoxLine(check_host(host), check_port(port), check_key(host_key))


def check_name(name: str) -> str:
    """The name of a box. Raises PasteInvalid."""
    if name == LOCAL_SERVER:
        raise PasteInvalid(f"{name!r} is the adb server of the hub itself: choose another name")
    if not NAME.fullmatch(name):
        raise PasteInvalid(
            f"{name[:40]!r} cannot be a box's name: small letters a to z, digits and - between them, 32 at most"
        )
    return name


def check_host(host: str) -> str:
    """An address or a name, as it is given to ssh. Raises PasteInvalid."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        labels = host.split(".")
        # Names that consist of numbers would be read as addresses by one program and as names by another.
        good = len(host) <= 253 and all(map(_LABEL.fullmatch, labels)) and not labels[-1].isdigit()
        if not good:
            raise PasteInvalid(
                f"{host[:60]!r} is neither an address nor the name of a machine in small letters"
            ) from None
        return host
    if address.is_unspecified or address.is_multicast or getattr(address, "scope_id", None):
        raise PasteInvalid(f"{host[:60]!r} is not the address of one machine")
    return str(address)


def check_port(port: str) -> int:
    """A TCP port in decimal digits. Raises PasteInvalid."""
    if not re.fullmatch(r"[1-9][0-9]{0,4}", port) or int(port) > 65535:
        raise PasteInvalid(f"{port[:20]!r} is not a port")
    return int(port)


def check_key(key: str) -> str:
    """A public Ed25519 key in base64. Raises PasteInvalid."""
    try:
        data = base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        data = b""
    whole = len(data) == len(_KEY_HEAD) + 32 and data.startswith(_KEY_HEAD)
    if not whole or base64.b64encode(data).decode() != key:
        raise PasteInvalid(f"{key[:20]!r}… is not an Ed25519 key")
    return key


def key_of_file(text: str) -> str:
    """The base64 part of a public key file, `ssh-ed25519 AAAA… comment`. Raises PasteInvalid."""
    words = text.split()
    if len(words) < 2 or words[0].encode() != _KEY_TYPE:
        raise PasteInvalid("it is not the file of a public Ed25519 key")
    return check_key(words[1])


def _signed(kind: str, *words: str) -> str:
    text = " ".join((kind, _VERSION, *words))
    return f"{text} {_sum_of(text)}"


def _sum_of(text: str) -> str:
    """Tells a line that lost a part on its way; it proves nothing about who wrote it."""
    return hashlib.sha256(text.encode()).hexdigest()[:_SUM_CHARS]


def _words(text: str, kind: str, count: int, whose: str) -> list[str]:
    """The words of a whole line of this kind and version."""
    text = text.strip(" \t\r\n")
    if len(text) > MAX_CHARS or not text.isascii() or not text.isprintable():
        raise PasteInvalid(
            f"this is not the line of a {whose}: it is too long, or holds what no such line holds"
        )
    words = text.split(" ")
    if words[0] != kind:
        other = {_HUB: "hub", _BOX: "box"}.get(words[0])
        hint = f"it is that of a {other}" if other else f"that begins with {kind}"
        raise PasteInvalid(f"this is not the line of a {whose}: {hint}")
    if len(words) > 1 and words[1] != _VERSION:
        raise PasteInvalid(f"the {whose} has another version of tikmatrixd: bring both to the same one")
    if len(words) != count + 3 or _sum_of(" ".join(words[:-1])) != words[-1]:
        raise PasteInvalid("the line is incomplete or was altered: copy it again, whole and as one line")
    return words[2:-1]

"""A USB box lets its hub in: two keys, each good for one thing, checked against what sshd really takes from its config."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from jobs.upkeep.usb_boxes.pasted import BoxLine, HubLine, key_of_file
from jobs.upkeep.usb_boxes.programs import BoxesFailed, run
from storage.engine.files import Files

#: Where sshd looks for the hub's keys (systemd/tikmatrixd-usb-box.sshd.conf says the same).
KEYS_DIR = Path("/etc/tikmatrixd/usb-box")
LINK_KEYS, BACKUP_KEYS = "link.keys", "backup.keys"
LINK_USER, KEY_USER = "tikmatrixd-link", "tikmatrixd-key"
HOST_KEY = Path("/etc/ssh/ssh_host_ed25519_key.pub")
_SSHD = "/usr/sbin/sshd"
_SSHD_S = 20.0
#: What must be in force for each user, as `sshd -T` says it.
_NEEDED = {
    LINK_USER: {
        "authorizedkeysfile": str(KEYS_DIR / LINK_KEYS),
        "authorizedkeyscommand": "none",
        "trustedusercakeys": "none",
        "authenticationmethods": "publickey",
        "allowtcpforwarding": "local",
        "allowstreamlocalforwarding": "no",
        "allowagentforwarding": "no",
        "permitopen": "127.0.0.1:5037",
        "permitlisten": "none",
        "gatewayports": "no",
        "maxsessions": "0",
        "permittty": "no",
        "permittunnel": "no",
        "permituserrc": "no",
        "x11forwarding": "no",
        "forcecommand": "/usr/sbin/nologin",
    },
    KEY_USER: {
        "authorizedkeysfile": str(KEYS_DIR / BACKUP_KEYS),
        "authorizedkeyscommand": "none",
        "trustedusercakeys": "none",
        "authenticationmethods": "publickey",
        "chrootdirectory": "/var/lib/tikmatrixd-key",
        "forcecommand": "internal-sftp -R",
        "disableforwarding": "yes",
        "maxsessions": "1",
        "permittty": "no",
        "permittunnel": "no",
        "permituserrc": "no",
    },
}
_CONFIG = "/etc/ssh/sshd_config.d/tikmatrixd-usb-box.conf"


def authorized_keys(line: HubLine) -> dict[str, str]:
    """The files that let this hub in. Sshd's config is the whole limit; what stands here holds should that get lost.

    By it alone a key could still make a socket file where its user may write.
    """
    # No word forbids to listen here; but nothing that is not root's may listen on port 1.
    forward = 'restrict,port-forwarding,permitopen="127.0.0.1:5037",permitlisten="127.0.0.1:1",command="/usr/sbin/nologin"'
    read = 'restrict,command="internal-sftp -R"'
    return {
        LINK_KEYS: f"{forward} ssh-ed25519 {line.link_key} tikmatrixd-hub:{line.name}\n",
        BACKUP_KEYS: f"{read} ssh-ed25519 {line.backup_key} tikmatrixd-hub:{line.name}\n",
    }


def let_in(line: HubLine, folder: Path = KEYS_DIR) -> bool:
    """Let this hub in, and no other; whether another was let in before. Raises BoxesFailed."""
    files = Files()
    changed = False
    try:
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        for name, text in authorized_keys(line).items():
            path = folder / name
            changed |= path.exists() and path.read_text("ascii", "replace") != text
            with files.replacing(path, "keys of the hub", 0o644) as fd:
                files.write(fd, text.encode(), 0, "keys of the hub")
    except OSError as error:
        raise BoxesFailed(f"{error.filename or folder}: {error.strerror}") from error
    return changed


def has_hub(folder: Path = KEYS_DIR) -> bool:
    """Whether some hub is let in."""
    return all((folder / name).exists() for name in (LINK_KEYS, BACKUP_KEYS))


def box_line(host: str, port: int | None = None, host_key: Path = HOST_KEY) -> BoxLine:
    """The line for the hub; `port` is that of sshd where None. Raises BoxesFailed."""
    try:
        key = key_of_file(host_key.read_text("ascii"))
    except OSError as error:
        raise BoxesFailed(f"{host_key}: {error.strerror}; make it with: ssh-keygen -A") from error
    except ValueError as error:
        raise BoxesFailed(f"{host_key}: {error}") from error
    return BoxLine(host, port or ssh_port(), key)


def ssh_port() -> int:
    """The first port on which the box's sshd listens. Raises BoxesFailed."""
    return int(_effective(LINK_USER, _SSHD).get("port", ["22"])[0])


def problems(*sshd: str) -> Iterator[str]:
    """In what sshd's config differs from what keeps the hub's keys to their one purpose.

    `sshd` are the program and its options, where it is not the box's own. Raises BoxesFailed.
    """
    for user, needed in _NEEDED.items():
        said = _effective(user, *(sshd or (_SSHD,)))
        for key, value in needed.items():
            found = " ".join(said.get(key, ["not set"]))
            if found != value:
                yield (
                    f"for {user} sshd has {key} {found}, not {value}: is {_CONFIG} read? /etc/ssh/sshd_config "
                    "must begin with: Include /etc/ssh/sshd_config.d/*.conf"
                )
        for key in ("allowusers", "allowgroups"):
            if key in said and user not in said[key]:
                yield f"{key} in sshd's config leaves {user} out: add it there"


def _effective(user: str, *sshd: str) -> dict[str, list[str]]:
    """sshd's config for a user, keys in small letters; of lines that come several times all values."""
    command = [*sshd, "-T", "-C", f"user={user},host=hub,addr=127.0.0.1"]
    done = run(command, _SSHD_S, "an ssh server is needed: apt-get install openssh-server")
    if done.returncode:
        raise BoxesFailed(f"sshd's config has a mistake: {done.stderr.strip()}")
    found: dict[str, list[str]] = {}
    for line in done.stdout.splitlines():
        key, _, value = line.partition(" ")
        found.setdefault(key.lower(), []).extend(value.split())
    return found

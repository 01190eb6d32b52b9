"""TikTok's resource-ids by version: screens are written with those of 43.1.4, other versions rename them."""

from __future__ import annotations

import hashlib
from functools import lru_cache

#: Names that stay the same in every build.
STABLE = frozenset(
    {
        "", "title", "desc", "cover", "tvProgress", "upload_hot_area", "view_rootview", "widget_container",
        "long_press_layout", "player_view", "gradual_bottom", "video_header_layout", "video_add_extra_buttons_container",
        "message", "button1",
    }
)  # fmt: skip

#: 43.1.4 -> what other builds were seen to use.
KNOWN: dict[str, dict[str, str]] = {
    "43.1.4": {},
    "47.0.3": {
        "ymg": "upload_hot_area", "jh7": "l34", "uyb": "xyk", "ntn": "q03", "y0i": "tq4", "d81": "e1d",
        "qre": "tit", "w_m": "zkd", "b98": "bs0", "qrf": "tiu", "qr8": "tim", "g19": "h8e", "awo": "bd7",
        "awn": "bd6", "d_j": "s12", "d0z": "dty", "w4m": "ze3", "jp4": "la0", "th": "a26", "r3m": "two",
        "tof": "wm4", "voh": "yvj", "j2c": "kjy", "vp5": "yws", "f6m": "g95", "uv6": "xvl", "lao": "n4b",
        "tbp": "w8w", "shr": "vt9", "bw7": "cid", "fgc": "gjb", "fex": "ght", "cok": "deg", "qrb": "tiq", "cvr": "kzv",
        "pvw": "ffg", "ecv": "e12", "ect": "e13", "hsv": "afd",
    },
    "46.6.3": {"ub1": "uio", "ub2": "c0r", "ub3": "c0s", "ub4": "fk4", "ub5": "m5m", "dnm": "su7", "hdl": "sr3"},
    "35.1.4": {"mkn": "lxd", "mks": "lxi", "ymg": "c_u", "jh7": "gvi", "uyb": "tvr", "g19": "fpj", "qrb": "pwo",
               "qr6": "pvz", "fex": "f6a", "awo": "auj", "awn": "aui"},
}  # fmt: skip

_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789_"


@lru_cache(maxsize=4096)
def renamed(name: str, version: str, seed: int) -> str:
    """The id of `name` (as in 43.1.4) in a version: as recorded, else made up, always the same for the same seed."""
    if name in STABLE or ":" in name or version == "43.1.4":
        return name
    known = KNOWN.get(version, {})
    if name in known:
        return known[name]
    digest = hashlib.sha256(f"{version} {seed} {name}".encode()).digest()
    return _LETTERS[digest[0] % 26] + _LETTERS[digest[1] % 37] + _LETTERS[digest[2] % 37]

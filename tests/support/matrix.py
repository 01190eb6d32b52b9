"""Combinations of everything a post can ask for, and what the phone's record must say after each of them."""

from __future__ import annotations

import hashlib
import itertools
import json
import random
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from simulator.apps.base import MediaRow
from simulator.apps.tiktok.draft import TRACKS, auto_sound

MEDIA = Path(__file__).resolve().parents[1] / "media"

#: Of the phones. The apps are set to English where it is another: what is posted is judged as if all spoke it.
LANGUAGES = ("en", "de", "id")
TIKTOK = (
    ("43.1.4", "com.zhiliaoapp.musically"),
    ("46.6.3", "com.zhiliaoapp.musically"),
    ("47.0.3", "com.zhiliaoapp.musically"),
    ("46.6.3", "com.ss.android.ugc.trill"),
)
INSTAGRAM = ("410.0.0.53.71", "446.0.0.49.77", "380.0.0.28.104", "428.0.0.47.67")
#: One phone for every language with every version of the apps.
PHONES = len(LANGUAGES) * len(TIKTOK)
HUB = (
    "--language", ",".join(LANGUAGES),
    "--tiktok-version", ",".join(version for version, _ in TIKTOK),
    "--tiktok-package", ",".join(package for _, package in TIKTOK),
    "--instagram-version", ",".join(INSTAGRAM),
)  # fmt: skip

CAPTIONS = {
    "plain": 'Fresh "bench", it\'s \\ done 🪵\n\nthird line ünïcode #woodwork #diy ok',
    "titled": "A bench## ready in a day\nwith @someone",
    "tags": "five #one #two #three #four #five",
    "empty": "",
}
VIDEO_KINDS = ("video", "reel", "story_video")
IMAGES = {"photos1": 1, "photos3": 3, "feed1": 1, "carousel": 3, "story_image": 1}
RECORDED_KIND = {
    "video": "video", "photos1": "photos", "photos3": "photos", "reel": "reel", "feed1": "feed", "carousel": "feed",
    "story_image": "story", "story_video": "story",
}  # fmt: skip
VOLUMES = (0, 25, 50, 75, 100, 33)


@dataclass(frozen=True)
class Case:
    """One combination. `way` has the sound's form with it, `sound` is `add_sound`."""

    app: str
    kind: str
    way: str
    sound: str
    ai_label: bool
    product: bool
    caption: str
    language: str
    version: int  #: index into TIKTOK or INSTAGRAM

    @property
    def phone(self) -> int:
        """The number of the phone that has this language and version."""
        return next(
            n
            for n in range(PHONES)
            if LANGUAGES[n % len(LANGUAGES)] == self.language and n % len(TIKTOK) == self.version
        )

    @property
    def is_story(self) -> bool:
        return self.kind.startswith("story")

    @property
    def number(self) -> int:
        """A number that is always the same for this combination."""
        return zlib.crc32(repr(self).encode())

    def __str__(self) -> str:
        words = [self.app, self.kind, self.way, f"sound {self.sound}", self.caption, self.language]
        words.append(" ".join(TIKTOK[self.version]) if self.app == "tiktok" else INSTAGRAM[self.version])
        return ", ".join(
            [*words, *(w for w, on in (("label", self.ai_label), ("product", self.product)) if on)]
        )

    def pairs(self) -> frozenset[tuple[Any, ...]]:
        """Every two of its values; a covering selection meets all of them."""
        values = [(f.name, getattr(self, f.name)) for f in fields(self)]
        return frozenset(itertools.combinations(values, 2))


def tiktok_cases() -> Iterator[Case]:
    """Every combination that TikTok can publish."""
    ways = ("share", "addButton", "useSound name", "useSound link")
    sounds = ("-1", "0", "1", "custom name", "custom link")
    for kind, way, sound in itertools.product(("video", "photos1", "photos3"), ways, sounds):
        if way.startswith("useSound") and sound != "-1":
            continue  # add_sound is ignored there
        for label, product, caption, language, version in itertools.product(
            (False, True), (False, True), CAPTIONS, LANGUAGES, range(len(TIKTOK))
        ):
            yield Case("tiktok", kind, way, sound, label, product, caption, language, version)


def instagram_cases() -> Iterator[Case]:
    """Every combination that Instagram can publish. A story has neither caption nor label nor sound."""
    for kind, way, label, caption, language, version in itertools.product(
        ("reel", "feed1", "carousel", "story_image", "story_video"),
        ("share", "addButton", "useSound name", "useSound link"),
        (False, True),
        CAPTIONS,
        LANGUAGES,
        range(len(INSTAGRAM)),
    ):
        if way.startswith("useSound") and kind != "reel":
            continue
        if kind.startswith("story") and (label or caption != "empty"):
            continue
        yield Case("instagram", kind, way, "-1", label, False, caption, language, version)


def covering(cases: Iterable[Case], seed: int = 1, *, most: int | None = None) -> list[Case]:
    """A selection in which every two values that can stand together do so at least once; its first `most`, which hold most of them."""
    left = {case: case.pairs() for case in cases}
    uncovered = frozenset().union(*left.values())
    order = random.Random(seed)
    chosen = []
    while uncovered and (most is None or len(chosen) < most):
        tried = order.sample(sorted(left, key=repr), min(400, len(left)))
        best = max(tried, key=lambda case: len(left[case] & uncovered))
        if left[best] & uncovered:
            chosen.append(best)
            uncovered -= left[best]
    return chosen


def full(cases: Iterable[Case]) -> list[Case]:
    """The full product, but for captions: each combination of all else gets one of them, in turn."""
    groups: dict[Case, list[Case]] = {}
    for case in cases:
        groups.setdefault(replace(case, caption=""), []).append(case)
    return [group[rest.number % len(group)] for rest, group in groups.items()]


def unique_video(path: Path, stamp: str, *, silent: bool | None = None) -> None:
    """A video of its own: the same pictures, with a free box at the end that no player reads.

    `silent` says whether TikTok leaves it without a sound or lays one under it by itself; None: as it comes.
    """
    for turn in itertools.count():
        note = f"{stamp} {turn}".encode()
        data = (MEDIA / "clip.mp4").read_bytes() + (8 + len(note)).to_bytes(4, "big") + b"free" + note
        row = MediaRow(0, "", "", "video", 0, hashlib.sha256(data).hexdigest(), 0, 0, 0, 0.0)
        if silent is None or silent == (not auto_sound([row])):
            path.write_bytes(data)
            return


def unique_image(path: Path, stamp: str) -> None:
    """A JPEG of its own: the same picture, with a comment."""
    note, picture = stamp.encode(), (MEDIA / "photo.jpg").read_bytes()
    path.write_bytes(picture[:2] + b"\xff\xfe" + (2 + len(note)).to_bytes(2, "big") + note + picture[2:])


@dataclass(frozen=True)
class Asked:
    """A case with its files: what goes to the daemon, and what the phone must record."""

    case: Case
    files: tuple[Path, ...]
    account: str

    @property
    def sha256(self) -> list[str]:
        return [hashlib.sha256(path.read_bytes()).hexdigest() for path in self.files]

    @property
    def volumes(self) -> tuple[int, int]:
        number = self.case.number
        return VOLUMES[number % len(VOLUMES)], VOLUMES[number // len(VOLUMES) % len(VOLUMES)]

    @property
    def sound_asked(self) -> str:
        """The name or link of the case's sound."""
        number = self.case.number % 100000
        if not self.case.way.endswith("link") and not self.case.sound.endswith("link"):
            return f"Evening Walk {number}"
        if self.case.app == "tiktok":
            return f"https://www.tiktok.com/music/Evening-Walk-{number}-7{number:05d}"
        return f"https://www.instagram.com/reels/audio/{number}/"

    @property
    def sound_named(self) -> str:
        """What the app calls that sound."""
        number = self.case.number % 100000
        link = self.case.way.endswith("link") or self.case.sound.endswith("link")
        return f"Audio {number}" if link and self.case.app == "instagram" else f"Evening Walk {number}"

    def body(self) -> dict[str, Any]:
        """The request."""
        case = self.case
        original, added = self.volumes
        config: dict[str, Any] = {
            "content_type": 0 if case.kind in VIDEO_KINDS else 1,
            "captions": CAPTIONS[case.caption].replace("\\", "\\\\"),
            "caption_format": "spintax",
            "material_list": [str(path) for path in self.files],
            "post_way": case.way.partition(" ")[0],
            "upload_wait_time": 0,
            "ai_label": case.ai_label,
            "add_product_link": int(case.product),
        }
        if case.way.startswith("useSound"):
            config["sound_name"] = self.sound_asked
        if case.app == "tiktok":
            config["add_sound"] = case.sound.partition(" ")[0]
            if case.sound in ("0", "1", "-1") and case.number % 2:
                config["add_sound"] = int(case.sound)  # the contract takes both forms
            if case.sound.startswith("custom"):
                config["custom_sound_keyword"] = self.sound_asked
            if case.sound == "1" or case.sound.startswith("custom"):
                config |= {"origin_sound_volume": original, "add_sound_volume": added}
        if case.is_story:
            config["placement"] = "story"
        return {
            "usernames": [self.account], "platform": case.app, "script_name": "post", "script_config": config,
        }  # fmt: skip

    def must_be(self) -> dict[str, Any]:
        """What the record must say. A sound given as a set: one of these."""
        case = self.case
        caption, title = CAPTIONS[case.caption], ""
        if case.caption == "titled":
            title, _, caption = (part.strip() for part in caption.partition("##"))
            if not case.kind.startswith("photos"):
                title, caption = "", f"{title}\n{caption}"
        adds = case.app == "tiktok" and (case.sound == "1" or case.sound.startswith("custom"))
        original, added = self.volumes
        return {
            "app": case.app,
            "account": self.account,
            "kind": RECORDED_KIND[case.kind],
            "caption": caption,
            "title": title,
            "media": self.sha256,
            "sound": self._sound(),
            "original_volume": original if adds and case.kind == "video" else None,
            "added_volume": added if adds else None,
            "ai_label": case.ai_label,
            "product_link": case.product,
        }

    def _sound(self) -> str | set[str]:
        case = self.case
        if case.way.startswith("useSound") or case.sound.startswith("custom"):
            return self.sound_named
        if case.app == "instagram" or case.sound == "0":
            return ""
        kind = "video" if case.kind in VIDEO_KINDS else "image"
        rows = [MediaRow(0, "", "", kind, 0, sha256, 0, 0, 0, 0.0) for sha256 in self.sha256]
        by_itself = auto_sound(rows)
        return {by_itself} if case.sound == "-1" else {by_itself} if by_itself else set(TRACKS)

    def differences(self, post: dict[str, Any]) -> list[str]:
        """Field by field, what the record says otherwise."""
        seen = {**post, "media": [entry["sha256"] for entry in post["media"]]}
        wrong = []
        for name, wanted in self.must_be().items():
            fits = seen[name] in wanted if isinstance(wanted, set) else seen[name] == wanted
            if not fits:
                wrong.append(f"{name}: asked {wanted!r}, recorded {seen[name]!r}")
        return wrong


def with_files(case: Case, folder: Path, account: str, *, stamp: str = "") -> Asked:
    """The case with files that no other case has."""
    name = f"{case.number:08x}{stamp}"
    folder.mkdir(exist_ok=True)
    if case.kind in VIDEO_KINDS:
        files = [folder / f"{name}.mp4"]
        unique_video(files[0], name)
    else:
        files = [folder / f"{name}-{number}.jpg" for number in range(IMAGES[case.kind])]
        for number, path in enumerate(files):
            unique_image(path, f"{name}-{number}")
    return Asked(case, tuple(files), account)


def judge(asked: Sequence[tuple[int, Asked]], ends: dict[int, dict[str, Any]], posts: list[dict[str, Any]],
          log: Callable[[int], str] = lambda _id: "") -> list[str]:  # fmt: skip
    """One line for everything that is not as asked: ends, posts that are missing, doubled, different or nobody's.

    A story is not proven where an older one of the account stands: it may end unknown, the record decides.
    """
    problems = []
    told: set[str] = set()  # accounts with a story
    by_media: dict[str, list[dict[str, Any]]] = {}
    for post in posts:
        by_media.setdefault(json.dumps(sorted(m["sha256"] for m in post["media"])), []).append(post)
    for task_id, one in asked:
        found = by_media.pop(json.dumps(sorted(one.sha256)), [])
        end = ends[task_id]
        wrong = []
        story = one.case.is_story
        unproven = story and one.account in told and (end["error"] or {}).get("code") == "unproven"
        told |= {one.account} if story else set()
        if end["outcome"] != "published" and not unproven:
            wrong.append(f"ended {end['outcome']}: {end['remark']} {end['error']}")
        if len(found) != 1:
            wrong.append(f"{len(found)} posts")
        for post in found:
            wrong.extend(one.differences(post))
        if wrong:
            problems.append(f"[task {task_id}] {one.case}: {'; '.join(wrong)}\n{log(task_id)}")
    problems.extend(f"a post that nobody asked for: {found}" for found in by_media.values())
    return problems

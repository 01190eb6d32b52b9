"""What was asked for and cannot be set keeps the post from going out, says why, and leaves the phone ready for the next."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.support import matrix
from tests.support.daemon import until

SOUND = "Evening Walk 7"
TT_LINK = "https://www.tiktok.com/music/Evening-Walk-7001"
IG_LINK = "https://www.instagram.com/reels/audio/7001/"


@dataclass(frozen=True)
class Refusal:
    """One post that must not go out."""

    what: str
    error: str
    app: str = "tiktok"
    kind: str = "video"
    config: dict[str, Any] = field(default_factory=dict)
    faults: tuple[str, ...] = ()

    @property
    def needs_person(self) -> bool:
        """The screen stays until a person answers it: the next post cannot go out either."""
        return self.error in ("account_blocked", "account_restricted", "verification_needed", "not_logged_in")

    def __str__(self) -> str:
        return f"{self.app} {self.kind}: {self.what}"


def use_sound(sound):
    return {"post_way": "useSound", "sound_name": sound, "sound_wait_time": 1}


def custom(sound):
    return {"add_sound": "custom", "custom_sound_keyword": sound, "sound_wait_time": 1}


LABEL, PRODUCT, MUSIC = {"ai_label": True}, {"add_product_link": 1}, {"add_sound": 1, "sound_wait_time": 1}
TIKTOK = (
    Refusal("no AI label among the options", "option_not_set", config=LABEL, faults=("ai-label-unavailable",)),
    Refusal("the AI label does not switch on", "option_not_set", config=LABEL, faults=("ai-label-stuck",)),
    Refusal("no AI label for photos", "option_not_set", kind="photos1", config=LABEL, faults=("ai-label-unavailable",)),
    Refusal("no products among the links", "option_not_set", config=PRODUCT, faults=("product-unavailable",)),
    Refusal("an empty showcase", "option_not_set", config=PRODUCT, faults=("showcase-empty",)),
    Refusal("the product is not taken", "option_not_set", config=PRODUCT, faults=("product-stuck",)),
    Refusal("no recommended sounds", "option_not_set", kind="silent", config=MUSIC, faults=("sound-unavailable",)),
    Refusal("the recommended sound is not taken", "option_not_set", kind="silent", config=MUSIC, faults=("sound-stuck",)),
    Refusal("no volumes", "option_not_set", config=MUSIC, faults=("volume-unavailable",)),
    Refusal("the volumes do not move", "option_not_set", config={**MUSIC, "add_sound_volume": 25}, faults=("volume-stuck",)),
    Refusal("the sound cannot be removed", "option_not_set", kind="photos1", config={"add_sound": 0}, faults=("sound-stuck",)),
    Refusal("no sound of that name", "sound_not_found", config=custom("nosuch song")),
    Refusal("no named sound at all", "sound_not_found", config=custom(SOUND), faults=("sound-unavailable",)),
    Refusal("the named sound is not taken", "option_not_set", config=custom(SOUND), faults=("sound-stuck",)),
    Refusal("the sound of the link is gone", "sound_not_found", config=custom(TT_LINK), faults=("sound-unavailable",)),
    Refusal("the sound of the link is not taken", "option_not_set", config=custom(TT_LINK), faults=("sound-stuck",)),
    Refusal("the search finds no sound", "sound_not_found", config=use_sound("nosuch song")),
    Refusal("the found sound is gone", "sound_not_found", config=use_sound(SOUND), faults=("sound-unavailable",)),
    Refusal("the linked sound is gone", "sound_not_found", config=use_sound(TT_LINK), faults=("sound-unavailable",)),
    Refusal("the camera comes without the sound", "option_not_set", config=use_sound(TT_LINK), faults=("sound-stuck",)),
    Refusal("a link to a video", "sound_not_found", config=use_sound("https://www.tiktok.com/@a/video/1")),
    Refusal("a link to elsewhere", "sound_not_found", config=use_sound("https://example.com/music/a-1")),
    Refusal("a sixth hashtag", "caption_limit", config={"captions": "a #b #c #d #e #f #g end"}),
    Refusal("a sixth hashtag under photos", "caption_limit", kind="photos3", config={"captions": "t ## #b #c #d #e #f #g"}),
    Refusal("a description too long", "caption_limit", config={"captions": "word " * 800 + "end 1"}),
    Refusal("letters doubled on the way", "caption_altered", config={"captions": "hello"}, faults=("text-twice --always",)),
    Refusal("the account is blocked", "account_blocked", faults=("account-blocked",)),
    Refusal("the upload fails", "upload_failed", faults=("upload-fail",)),
    Refusal("a captcha", "verification_needed", faults=("captcha",)),
    Refusal("nobody logged in", "not_logged_in", faults=("login",)),
    Refusal("a banned account", "account_blocked", faults=("banned",)),
)  # fmt: skip
INSTAGRAM = (
    Refusal("no AI label", "option_not_set", "instagram", "reel", LABEL, ("ai-label-unavailable",)),
    Refusal("the AI label does not switch on", "option_not_set", "instagram", "reel", LABEL, ("ai-label-stuck",)),
    Refusal("no AI label for images", "option_not_set", "instagram", "carousel", LABEL, ("ai-label-unavailable",)),
    Refusal("the search finds no audio", "sound_not_found", "instagram", "reel", use_sound("nosuch song")),
    Refusal("the found audio is gone", "sound_not_found", "instagram", "reel", use_sound(SOUND), ("sound-unavailable",)),
    Refusal("the linked audio is gone", "sound_not_found", "instagram", "reel", use_sound(IG_LINK), ("sound-unavailable",)),
    Refusal("the camera comes without the audio", "option_not_set", "instagram", "reel", use_sound(IG_LINK), ("sound-stuck",)),
    Refusal("a link to a profile", "sound_not_found", "instagram", "reel", use_sound("https://www.instagram.com/a/")),
    Refusal("a caption too long", "caption_limit", "instagram", "reel", {"captions": "word " * 440 + "end 1"}),
    Refusal("the upload fails", "upload_failed", "instagram", "reel", {}, ("upload-fail",)),
    Refusal("the account is disabled", "account_blocked", "instagram", "reel", {}, ("account-blocked",)),
    Refusal("logged out", "not_logged_in", "instagram", "reel", {}, ("logged-out",)),
    Refusal("too many actions", "account_restricted", "instagram", "reel", {}, ("try-again-later",)),
)  # fmt: skip


class Bench:
    """One phone for each refusal."""

    def __init__(self, hub, count):
        self.hub = hub(count)
        # An operator who believes that the apps take more than they do: then it is noticed on the phone.
        for app in ("tiktok", "instagram"):
            self.hub.configure(f"media.{app}", "max_caption_chars = 100000\nwarn_hashtags = 100")
        self.daemon = self.hub.start()

    def ask(self, number, app, kind, config, stamp):
        folder = self.hub.folder / "media" / "refusals"
        folder.mkdir(exist_ok=True)
        files = [folder / f"{number}-{stamp}-{n}" for n in range(matrix.IMAGES.get(kind, 1))]
        files = [path.with_suffix(".jpg" if kind in matrix.IMAGES else ".mp4") for path in files]
        for place, path in enumerate(files):
            if kind in matrix.IMAGES:
                matrix.unique_image(path, f"{number} {stamp} {place}")
            else:
                matrix.unique_video(path, f"{number} {stamp}", silent=True if kind == "silent" else None)
        body = {
            "usernames": [self.hub.account(app, number)],
            "platform": app,
            "script_config": {
                "material_list": [str(path) for path in files],
                "content_type": int(kind in matrix.IMAGES),
                "placement": "story" if kind.startswith("story") else "reel",
                "post_way": "addButton",
                "upload_wait_time": 0,
                **config,
            },
        }
        return self.daemon.post(**body)

    def ends(self, ids, timeout_s):
        left = set(ids)

        def all_over():
            left.difference_update([i for i in left if self.daemon.task(i)["status"] >= 2])
            return not left

        with contextlib.suppress(AssertionError):  # who has not ended by then is judged as it stands
            until(all_over, timeout_s, most_s=0.5)
        return [self.daemon.task(i) for i in ids]


@pytest.mark.timeout(200)
# Without a daemon each is tried in tests/unit/jobs/post: here a quarter of them by default.
@pytest.mark.parametrize(
    "refusals",
    [
        pytest.param(TIKTOK[::4] + INSTAGRAM[::4], id="a quarter"),
        pytest.param(TIKTOK, id="tiktok", marks=pytest.mark.long),
        pytest.param(INSTAGRAM, id="instagram", marks=pytest.mark.long),
    ],
)
def test_what_cannot_be_set_is_not_posted_and_the_next_post_goes_out(hub, refusals):
    bench = Bench(hub, len(refusals))
    phones = bench.hub.phones
    for serial, refusal in zip(phones.serials, refusals, strict=True):
        for fault in refusal.faults:
            phones.simctl(serial, "fault", *fault.split())
    ids = [bench.ask(n, r.app, r.kind, r.config, "refused") for n, r in enumerate(refusals)]
    wrong = []
    for refusal, end in zip(refusals, bench.ends(ids, 120), strict=True):
        if (
            end["outcome"] not in ("none", "not_published")
            or (end["error"] or {}).get("code") != refusal.error
        ):
            wrong.append(
                f"{refusal}: {end['outcome']}, {end['error']} {end['remark']}\n{bench.daemon.log_tail(end['id'])}"
            )
    wrong += [
        f"{refusals[n]}: it was posted"
        for n, serial in enumerate(phones.serials)
        if phones.lines(serial, "posts")
    ]
    for serial in phones.serials:
        phones.simctl(serial, "fault", "clear")
    going_on = [(n, refusal) for n, refusal in enumerate(refusals) if not refusal.needs_person]
    after = [bench.ask(n, r.app, r.kind, {"captions": "the next one"}, "next") for n, r in going_on]
    for (number, refusal), end in zip(going_on, bench.ends(after, 60), strict=True):
        serial = phones.serials[number]
        captions = [post["caption"] for post in phones.lines(serial, "posts")]
        caption = "" if refusal.kind.startswith("story") else "the next one"
        if end["outcome"] != "published" or captions != [caption]:
            wrong.append(
                f"the next after {refusal}: {end['outcome']}, {end['error']}, posts {captions}\n{bench.daemon.log_tail(end['id'])}"
            )
    assert not wrong, f"{len(wrong)}:\n" + "\n".join(wrong)


def test_an_audience_that_is_not_everyone_is_left_as_it_is_and_told(hub):
    bench = Bench(hub, 1)
    serial = bench.hub.phones.serials[0]
    bench.hub.phones.simctl(serial, "fault", "not-everyone")
    task = bench.ask(0, "tiktok", "video", {"captions": "for some"}, "audience")
    assert bench.daemon.ended(task)["outcome"] == "published"
    assert [post["caption"] for post in bench.hub.posts()] == ["for some"]
    notes = [str(entry.get("note", "")) for entry in bench.daemon.step_log(task)]
    assert any("does not publish for everyone" in note for note in notes), notes

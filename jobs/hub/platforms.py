"""The apps that posts go to: what settings, intake and content must know of each. `jobs/post/apps.py` says how it is driven."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, NamedTuple, get_args

Platform = Literal["tiktok", "instagram"]
PLATFORMS: tuple[str, ...] = get_args(Platform)

#: What a video can be coded in, in the words of the look into files; the config names codecs by them.
VIDEO_CODECS: tuple[str, ...] = (
    "AVC", "HEVC", "VP9", "AV1", "VP8", "VVC", "MPEG-4 Visual", "MPEG Video", "H.263", "VC-1", "VC-3", "JPEG", "JPEG 2000",
    "PNG", "GIF", "RGB", "QuickTime Animation", "Sorenson", "ProRes", "ProRes RAW", "CineForm", "Canopus",
)  # fmt: skip


class PostKind(StrEnum):
    """What is published."""

    VIDEO = "video"  #: TikTok video
    PHOTOS = "photos"  #: TikTok photo post
    REEL = "reel"  #: Instagram video
    FEED = "feed"  #: Instagram image or carousel
    STORY = "story"  #: Instagram story, video or image


class AppFacts(NamedTuple):
    """What one app takes, and how its posts differ from those of the others."""

    title: str  #: its name for people
    package_prefixes: tuple[str, ...]  #: with which the packages of all its builds begin
    link_hosts: tuple[str, ...]  #: where links to its sounds lead
    video_becomes: PostKind
    images_become: PostKind
    max_images: int  #: in one post
    ways: tuple[str, ...]  #: values of `post_way` that it knows; any other becomes the first
    ignored_keys: tuple[str, ...]  #: keys of `script_config` without effect
    titled: tuple[str, ...] = ()  #: kinds of media whose posts have a field for a title
    sound_under_images: bool = True  #: whether a sound's page leads to posts of images, too
    drops_hashtags: bool = False  #: whether it swallows the `#` of each hashtag past the limit
    #: whether its account switcher names accounts by handle, not by display name
    rows_show_handles: bool = True

    def has(self, key: str) -> bool:
        """Whether a key of `script_config` has an effect in this app."""
        return key not in self.ignored_keys


FACTS: dict[str, AppFacts] = {
    "tiktok": AppFacts(
        title="TikTok",
        package_prefixes=("com.zhiliaoapp.", "com.ss.android.ugc."),
        link_hosts=("tiktok.com", "tiktokv.com"),
        video_becomes=PostKind.VIDEO,
        images_become=PostKind.PHOTOS,
        max_images=35,
        ways=("share", "addButton", "useSound"),
        ignored_keys=("placement",),
        titled=("image",),
        drops_hashtags=True,
        rows_show_handles=False,
    ),
    "instagram": AppFacts(
        title="Instagram",
        package_prefixes=("com.instagram.",),
        link_hosts=("instagram.com", "instagr.am", "ig.me"),
        video_becomes=PostKind.REEL,
        images_become=PostKind.FEED,
        max_images=20,
        ways=("addButton", "useSound"),
        ignored_keys=(
            "add_sound", "custom_sound_keyword", "origin_sound_volume", "add_sound_volume", "add_product_link",
        ),
        sound_under_images=False,
    ),
}  # fmt: skip


def facts(platform: str) -> AppFacts:
    """The facts of an app. Raises KeyError for one that is not known."""
    return FACTS[platform]


def platform_of(package: str) -> str | None:
    """Which platform an app's package belongs to; also other builds of the same app."""
    return next((p for p, app in FACTS.items() if package.startswith(app.package_prefixes)), None)

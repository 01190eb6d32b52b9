"""`script_config` of the post script: every key with its type, default and range, and what some of them mean together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from jobs.hub.platforms import FACTS, facts

PREFIX = "script_config."


class PostConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of one post. `{}` means all defaults."""

    content_type: Annotated[Literal[0, 1], Meta(description="0 video, 1 images")] = 0
    image_count: Annotated[
        int,
        Meta(
            ge=1,
            le=max(app.max_images for app in FACTS.values()),
            description="How many images to take from the library or folder; at most "
            + ", ".join(f"{app.max_images} on {app.title}" for app in FACTS.values())
            + ". With `material_list`, if given, at most so many of the list.",
        ),
    ] = 1
    captions: Annotated[
        str, Meta(description="The caption, or several; `##` splits title and description on TikTok")
    ] = ""
    caption_format: Annotated[
        Literal["spintax", "multiline"],
        Meta(
            description="`spintax`: one template, each `{a|b}` becomes one of its alternatives. "
            "`multiline`: every line is one caption, taken in order; `###` is a line break inside one."
        ),
    ] = "spintax"
    post_way: Annotated[
        Literal["share", "addButton", "useSound"],
        Meta(description="System share sheet, the app's + button, or from a sound's page"),
    ] = "share"
    placement: Annotated[Literal["reel", "story"], Meta(description="Instagram: where to publish")] = "reel"
    material_source: Annotated[
        Literal["materialLibrary", "localFolder"], Meta(description="Ignored if `material_list` is not empty")
    ] = "materialLibrary"
    material_path: Annotated[
        str, Meta(max_length=4096, description="Folder on the box, needed for `localFolder`")
    ] = ""
    material_list: Annotated[
        tuple[Annotated[str, Meta(max_length=4096)], ...],
        Meta(
            max_length=500,
            description="Files on the box: absolute, or relative to the first of `media.roots`",
        ),
    ] = ()
    material_ids: Annotated[
        tuple[Annotated[int, Meta(ge=1)], ...],
        Meta(
            max_length=500,
            description="Exactly these items of the library, whether they were used before or not",
            examples=[[4, 9]],
        ),
    ] = ()
    materials_tags: Annotated[
        str,
        Meta(
            max_length=4096,
            description="Comma-separated tags; a library item with any of them fits. Empty: all. A list works too.",
        ),
    ] = ""
    upload_wait_time: Annotated[
        int, Meta(ge=0, le=1800, description="Seconds to wait after the upload, so that the app can finish")
    ] = 30
    sound_wait_time: Annotated[
        int, Meta(ge=0, le=300, description="Seconds to wait until a sound is loaded")
    ] = 10
    add_sound: Annotated[
        Literal["-1", "0", "1", "custom"],
        Meta(
            description="TikTok: -1 leave as it is, 0 no music, 1 what TikTok recommends, custom: the named one"
        ),
    ] = "-1"
    sound_name: Annotated[
        str, Meta(max_length=1000, description="Name or https link of the sound, needed for `useSound`")
    ] = ""
    custom_sound_keyword: Annotated[
        str, Meta(max_length=1000, description="Name or https link, needed for `add_sound` = `custom`")
    ] = ""
    origin_sound_volume: Annotated[
        int, Meta(ge=0, le=100, description="TikTok: volume of the clip's own sound, when music is added")
    ] = 50
    add_sound_volume: Annotated[int, Meta(ge=0, le=100, description="TikTok: volume of the added music")] = 50
    add_product_link: Annotated[
        Literal[0, 1], Meta(description="TikTok: 1 adds the first product of the account's showcase")
    ] = 0
    ai_label: Annotated[bool, Meta(description="Label the post as AI-generated")] = False

    @property
    def kind(self) -> str:
        """Kind of the media: "video" or "image"."""
        return "image" if self.content_type else "video"

    @property
    def tags(self) -> tuple[str, ...]:
        """The wanted tags of library items, without blanks and repeats."""
        return tuple(dict.fromkeys(tag for part in self.materials_tags.split(",") if (tag := part.strip())))

    @property
    def names_files(self) -> bool:
        """Whether the request names its files one by one: then nothing is chosen, and nothing taken from others."""
        return bool(self.material_list or self.material_ids)

    @property
    def from_folder(self) -> bool:
        """Whether the media come from `material_path`."""
        return not self.names_files and self.material_source == "localFolder"


class ParsedConfig(msgspec.Struct, frozen=True):
    """A config and which of its keys the caller wrote."""

    config: PostConfig
    given: frozenset[str]

    def stored(self) -> dict[str, Any]:
        """What is kept with the task: as given, after defaults, in the types of JSON."""
        values = msgspec.structs.asdict(self.config)
        return {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()}


def load_config(stored: Mapping[str, Any]) -> PostConfig:
    """The config of a stored task."""
    return msgspec.convert(stored, PostConfig)


def is_story(config: PostConfig, platform: str) -> bool:
    """Whether this becomes a story; TikTok ignores the wish."""
    return facts(platform).has("placement") and config.placement == "story"


def way(config: PostConfig, platform: str) -> str:
    """The way of posting that is really gone: one that the app does not know becomes its first, as does any for a story."""
    ways = facts(platform).ways
    return ways[0] if config.post_way not in ways or is_story(config, platform) else config.post_way


def wants_sound(config: PostConfig, platform: str) -> str:
    """Which key names the sound to use: "sound_name", "custom_sound_keyword" or "" for none."""
    if way(config, platform) == "useSound":
        return "sound_name"
    if facts(platform).has("add_sound") and config.add_sound == "custom":
        return "custom_sound_keyword"
    return ""

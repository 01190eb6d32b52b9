"""`script_config` of the post script: every key with its type, default and range, and the rules between keys."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from jobs.lenient import Findings, Unknown, read_object, shown
from jobs.post.captions import CaptionInvalid, parse_spintax

Platform = Literal["tiktok", "instagram"]
PREFIX = "script_config."
#: The most images that the apps take in one post.
MAX_IMAGES = {"tiktok": 35, "instagram": 20}
_OLD_WAYS = {"add_button": "addButton", "use_sound": "useSound"}
#: Keys that only TikTok's screens have, with the value that asks for nothing.
_TIKTOK_ONLY = {
    "add_sound": "-1",
    "custom_sound_keyword": "",
    "origin_sound_volume": 50,
    "add_sound_volume": 50,
    "add_product_link": 0,
}


class PostConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What the post script is told. `{}` means all defaults."""

    content_type: Annotated[Literal[0, 1], Meta(description="0 video, 1 images")] = 0
    image_count: Annotated[
        int,
        Meta(
            ge=1,
            le=35,
            description="How many images to take from the library or folder; at most 35 on TikTok, 20 on Instagram. "
            "With `material_list`, if given, at most so many of the list.",
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
    def from_folder(self) -> bool:
        """Whether the media come from `material_path`."""
        return not self.material_list and self.material_source == "localFolder"


class ParsedConfig(msgspec.Struct, frozen=True):
    """A config and which of its keys the caller wrote."""

    config: PostConfig
    given: frozenset[str]

    def stored(self) -> dict[str, Any]:
        """What is kept with the task: as given, after defaults."""
        return dict(msgspec.to_builtins(self.config))


#: What the vendor's desktop keeps beside our keys in its settings for a post, and may send along.
_DESKTOP_KEYS = frozenset(
    {
        "settings", "startOption", "scheduledTime", "videos_folder", "captions_folder", "schedule_type", "interval_minutes",
        "specific_times", "repeat_times", "shuffle_videos", "video_delay_min", "video_delay_max", "post_caption",
        "insert_emoji", "comment_on_own_post", "comment_on_own_post_delay_min", "comment_on_own_post_delay_max",
        "own_post_comment", "own_post_comment_emoji", "generate_by_chatgpt", "chatgpt_settings", "rotate_proxy",
    }
)  # fmt: skip
#: What callers write who guess.
_OTHER_WORDS = {
    **dict.fromkeys(("text", "description", "post_text", "body", "message"), "captions"),
    **dict.fromkeys(
        ("file", "files", "media", "media_list", "video", "videos", "image", "images", "video_path", "file_path",
         "file_list", "materials", "material"),
        "material_list",
    ),
    **dict.fromkeys(("folder", "path", "local_folder"), "material_path"),
    **dict.fromkeys(("tags", "tag"), "materials_tags"),
    **dict.fromkeys(("ai_generated", "is_ai", "aigc", "is_aigc"), "ai_label"),
}  # fmt: skip


def load_config(stored: Mapping[str, Any]) -> PostConfig:
    """The config of a stored task."""
    return msgspec.convert(stored, PostConfig)


def parse_config(
    raw: Mapping[str, Any],
    platforms: Collection[str],
    findings: Findings,
    *,
    elsewhere: Mapping[str, str] | None = None,
) -> ParsedConfig:
    """Read what a caller sent.

    Args:
        raw: The decoded `script_config`.
        platforms: The platforms that the tasks of this request will run on.
        findings: Takes every problem and warning.
        elsewhere: Keys that belong into the request itself, and where that is.
    """
    unknown = Unknown(harmless=_DESKTOP_KEYS, elsewhere=elsewhere or {}, other_words=_OTHER_WORDS)
    values = read_object(PostConfig, raw, findings, prefix=PREFIX, hooks=_HOOKS, unknown=unknown)
    wrong = {p.field for p in findings.problems}
    if "material_list" in values:
        values["material_list"] = tuple(values["material_list"])
    config = PostConfig(**values)
    parsed = ParsedConfig(config, frozenset(values))
    _check_captions(config, findings)
    _check_together(config, platforms, findings, wrong)
    _check_images(parsed, platforms, findings)
    _warn_without_effect(parsed, findings)
    for platform in sorted(platforms):
        if platform == "instagram":
            _warn_on_instagram(parsed, findings)
        elif "placement" in parsed.given and config.placement == "story":
            findings.warn(f'{PREFIX}placement: "story" is ignored on TikTok')
    return parsed


def _read_add_sound(value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool) and value in (-1, 0, 1):
        return str(int(value))
    return value


def _read_post_way(value: Any) -> Any:
    return _OLD_WAYS.get(value, value) if isinstance(value, str) else value


def _read_tags(value: Any) -> Any:
    if isinstance(value, list | tuple) and all(isinstance(tag, str) for tag in value):
        return ",".join(value)
    return value


_HOOKS = {"add_sound": _read_add_sound, "post_way": _read_post_way, "materials_tags": _read_tags}


def is_story(config: PostConfig, platform: str) -> bool:
    """Whether this becomes a story; TikTok ignores the wish."""
    return platform == "instagram" and config.placement == "story"


def way(config: PostConfig, platform: str) -> str:
    """The way of posting that is really gone: Instagram's share becomes addButton, a story knows only that."""
    if platform == "instagram" and (config.post_way == "share" or config.placement == "story"):
        return "addButton"
    return config.post_way


def wants_sound(config: PostConfig, platform: str) -> str:
    """Which key names the sound to use: "sound_name", "custom_sound_keyword" or "" for none."""
    if way(config, platform) == "useSound":
        return "sound_name"
    if platform == "tiktok" and config.add_sound == "custom":
        return "custom_sound_keyword"
    return ""


def _check_captions(config: PostConfig, findings: Findings) -> None:
    if config.caption_format == "spintax":
        try:
            for warning in parse_spintax(config.captions).warnings:
                findings.warn(f"{PREFIX}captions: {warning}")
        except CaptionInvalid as error:
            findings.problem(PREFIX + "captions", str(error))


def _check_together(
    config: PostConfig, platforms: Collection[str], findings: Findings, wrong: Collection[str]
) -> None:
    def complain(key: str, problem: str) -> None:
        if PREFIX + key not in wrong:
            findings.problem(PREFIX + key, problem)

    if (
        config.material_source == "localFolder"
        and not config.material_list
        and not config.material_path.strip()
    ):
        complain("material_path", 'is needed for material_source "localFolder"')
    # In folder mode a sound file may name the sound; that is known only when the folder is read.
    if not config.from_folder:
        uses_sound = any(way(config, platform) == "useSound" for platform in platforms)
        if uses_sound and not config.sound_name.strip():
            complain("sound_name", 'is needed for post_way "useSound"')
        if (
            config.add_sound == "custom"
            and config.post_way != "useSound"
            and not config.custom_sound_keyword.strip()
        ):
            complain("custom_sound_keyword", 'is needed for add_sound "custom"')
    for key in ("sound_name", "custom_sound_keyword"):
        text = getattr(config, key).strip()
        if "://" in text and not text.startswith("https://"):
            complain(key, f"a link must start with https://, not {shown(text)}")
        elif any(c in text for c in "\r\n"):
            complain(key, "must be one line")


def _check_images(parsed: ParsedConfig, platforms: Collection[str], findings: Findings) -> None:
    config = parsed.config
    count = len(config.material_list) or config.image_count
    if "image_count" in parsed.given:
        count = min(count, config.image_count)
    if config.content_type == 0:
        return
    for platform in sorted(platforms):
        key = PREFIX + ("material_list" if len(config.material_list) else "image_count")
        if count > MAX_IMAGES[platform]:
            findings.problem(key, f"{platform} takes at most {MAX_IMAGES[platform]} images in one post")
        elif count > 1 and is_story(config, platform):
            findings.problem(key, "a story takes one image")


def _warn_without_effect(parsed: ParsedConfig, findings: Findings) -> None:
    config, given = parsed.config, parsed.given
    if config.post_way == "useSound" and config.add_sound != "-1":
        findings.warn(f'{PREFIX}add_sound: ignored, because post_way is "useSound"')
    elif config.post_way != "useSound" and config.add_sound not in ("1", "custom"):
        for key in ("origin_sound_volume", "add_sound_volume"):
            if key in given and getattr(config, key) != 50:
                findings.warn(f"{PREFIX}{key}: has no effect, because no music is added")
    if config.material_list:
        for key in ("material_path", "materials_tags"):
            if getattr(config, key):
                findings.warn(f"{PREFIX}{key}: ignored, because material_list names the files")
    elif config.from_folder and config.tags:
        findings.warn(f'{PREFIX}materials_tags: ignored, because material_source is "localFolder"')
    elif not config.from_folder and config.material_path:
        findings.warn(f'{PREFIX}material_path: ignored, because material_source is "materialLibrary"')


def _warn_on_instagram(parsed: ParsedConfig, findings: Findings) -> None:
    config, given = parsed.config, parsed.given
    for key, nothing in _TIKTOK_ONLY.items():
        if key in given and getattr(config, key) != nothing:
            findings.warn(f"{PREFIX}{key}: ignored on Instagram")
    if "post_way" in given and way(config, "instagram") != config.post_way:
        why = "for a story" if config.placement == "story" else "on Instagram"
        findings.warn(f'{PREFIX}post_way: "{config.post_way}" becomes "addButton" {why}')
    if config.placement == "story":
        if config.sound_name:
            findings.warn(f"{PREFIX}sound_name: ignored for a story")
        if config.captions.strip():
            findings.warn(f"{PREFIX}captions: ignored, a story has no caption")
        if config.ai_label:
            findings.warn(f"{PREFIX}ai_label: a story has no AI label, so nothing will be posted")
    elif config.content_type == 1 and way(config, "instagram") == "useSound":
        findings.warn(
            f"{PREFIX}post_way: on Instagram no audio can be put under images, so nothing will be posted"
        )

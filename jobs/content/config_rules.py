"""Reads the `script_config` of a request, and refuses or warns about what cannot be done with it (R46, R59, R63)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

from jobs.content.beyond import BEYOND
from jobs.content.captions import CaptionInvalid, read_template, refuse_nothing
from jobs.content.script_config import (
    PREFIX,
    ParsedConfig,
    PostConfig,
    is_story,
    wants_sound,
    way,
)
from jobs.hub.platforms import FACTS, facts
from jobs.input.fields import Findings, read_object
from jobs.input.near_names import Unknown
from jobs.input.spoilt_values import decoded_twice, find_placeholder, stands_for_nothing
from jobs.input.values import Unreadable, read_typed, shorten, shown

#: Defaults ask for nothing.
_NOTHING = PostConfig()
_OLD_WAYS = {"add_button": "addButton", "use_sound": "useSound"}
#: What the vendor's desktop keeps beside our keys in its settings for a post, and may send along.
_DESKTOP_KEYS = frozenset(
    {
        "settings", "startOption", "scheduledTime", "videos_folder", "captions_folder", "schedule_type", "interval_minutes",
        "specific_times", "repeat_times", "shuffle_videos", "video_delay_min", "video_delay_max", "post_caption",
        "insert_emoji", "comment_on_own_post", "comment_on_own_post_delay_min", "comment_on_own_post_delay_max",
        "own_post_comment", "own_post_comment_emoji", "generate_by_chatgpt", "chatgpt_settings", "rotate_proxy",
    }
)  # fmt: skip
#: How a link begins that lost its https://.
_ADDRESS = re.compile(r"(?:www|vm|vt)\.|(?:tiktok|instagram)\.com/", re.IGNORECASE)
#: Keys that say where files come from that are not named.
SOURCE_KEYS = frozenset({"material_source", "material_path", "materials_tags"})
#: What callers write who guess.
OTHER_WORDS = {
    **dict.fromkeys(("text", "description", "post_text", "body", "message"), "captions"),
    **dict.fromkeys(
        ("file", "files", "media", "media_list", "video", "videos", "image", "images", "video_path", "file_path",
         "file_list", "materials", "material", "url", "video_url", "media_url", "media_urls"),
        "material_list",
    ),
    **dict.fromkeys(("folder", "path", "local_folder"), "material_path"),
    **dict.fromkeys(("tags", "tag"), "materials_tags"),
    **dict.fromkeys(
        ("time", "date", "datetime", "when", "schedule", "scheduled_at", "schedule_at", "schedule_time", "scheduled_time",
         "publish_at", "publish_time", "post_at", "post_time"),
        "start_time",
    ),
    **dict.fromkeys(("ai", "ai_generated", "is_ai", "aigc", "is_aigc", "made_with_ai"), "ai_label"),
}  # fmt: skip


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
    unknown = Unknown(
        harmless=_DESKTOP_KEYS, elsewhere=elsewhere or {}, other_words=OTHER_WORDS, beyond=BEYOND
    )
    values = read_object(PostConfig, raw, findings, prefix=PREFIX, hooks=_HOOKS, unknown=unknown)
    wrong = {p.field for p in findings.problems}
    for key in ("material_list", "material_ids"):
        if key in values:
            values[key] = tuple(values[key])
    config = PostConfig(**values)
    parsed = ParsedConfig(config, frozenset(values))
    _check_captions(config, findings)
    _check_sources(parsed, findings, wrong)
    if not (config.names_files or config.from_folder or config.materials_tags.strip()):
        for key in ("material_list", "material_ids", "materials_tags"):
            if key in raw and raw[key] is None:  # what a program writes that has no value
                findings.warn(f"{PREFIX}{key}: is null, which means any file of the library")
    _check_together(config, platforms, findings, wrong)
    _check_images(parsed, platforms, findings)
    _warn_without_effect(parsed, findings)
    for platform in sorted(platforms):
        _check_on(platform, parsed, findings)
    return parsed


def _read_add_sound(value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool) and value in (-1, 0, 1):
        return str(int(value))
    return value


def _read_post_way(value: Any) -> Any:
    return _OLD_WAYS.get(value, value) if isinstance(value, str) else value


def _read_tags(value: Any) -> Any:
    if isinstance(value, str) and isinstance(listed := decoded_twice(value), list):
        value = listed
    if isinstance(value, list | tuple) and all(isinstance(tag, str) for tag in value):
        value = ",".join(value)
    if isinstance(value, str) and value.strip() and not value.strip(", \t\n"):
        raise Unreadable("names no tag between its commas; without any tag the whole library is meant")
    return value


def _read_captions(value: Any) -> Any:
    if isinstance(value, list | tuple):
        raise Unreadable(
            'must be one text; for several captions write each on a line of it, with caption_format "multiline"'
        )
    return read_typed(value)


_HOOKS = {
    "add_sound": _read_add_sound,
    "post_way": _read_post_way,
    "materials_tags": _read_tags,
    "captions": _read_captions,
    "sound_name": read_typed,
    "custom_sound_keyword": read_typed,
}


def foreign_link(sound: str, platform: str) -> str:
    """Why this link cannot be a sound of this app, "" when it may be one."""
    if not sound.startswith("https://"):
        return ""
    host = (urlsplit(sound).hostname or "").casefold()
    for other, app in FACTS.items():
        if other != platform and any(host == name or host.endswith(f".{name}") for name in app.link_hosts):
            return f"is a link to {app.title}, which {facts(platform).title} has no sound for"
    return ""


def _check_captions(config: PostConfig, findings: Findings) -> None:
    try:
        if config.caption_format == "spintax":
            for warning in read_template(config.captions).warnings:
                findings.warn(f"{PREFIX}captions: {warning}")
        else:
            refuse_nothing(config.captions)
    except CaptionInvalid as error:
        findings.problem(PREFIX + "captions", str(error))


def _check_sources(parsed: ParsedConfig, findings: Findings, wrong: Collection[str]) -> None:
    """Where files come from is never left to the default when something else was meant: it takes any file of the library."""
    config, given = parsed.config, parsed.given
    if config.names_files:
        return
    if config.material_path.strip() and "material_source" not in given:
        findings.problem(
            f"{PREFIX}material_path",
            'names a folder, but without material_source "localFolder" the files come from the library; send both',
        )
    empty = [key for key in ("material_list", "material_ids") if key in given]
    if given.isdisjoint(SOURCE_KEYS) and not any(PREFIX + key in wrong for key in SOURCE_KEYS):
        for key in empty:
            findings.problem(
                PREFIX + key,
                "names no file; name some, or say with material_source, material_path or materials_tags where they come from",
            )


def _check_together(
    config: PostConfig, platforms: Collection[str], findings: Findings, wrong: Collection[str]
) -> None:
    def complain(key: str, problem: str) -> None:
        if PREFIX + key not in wrong:
            findings.problem(PREFIX + key, problem)

    if (
        config.material_source == "localFolder"
        and not config.names_files
        and not config.material_path.strip()
    ):
        complain("material_path", 'is needed for material_source "localFolder"')
    if config.material_list and config.material_ids:
        complain("material_ids", "names files, and so does material_list; send one of the two")
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
        if ("://" in text and not text.startswith("https://")) or _ADDRESS.match(text):
            complain(key, f"a link must start with https://, not {shown(text)}")
        elif any(c in text for c in "\r\n"):
            complain(key, "must be one line")
        elif place := find_placeholder(text):
            complain(key, f'holds "{place}", which looks like a place that was not filled in')
        elif stands_for_nothing(text):
            complain(key, f'is "{shorten(text)}", which a program writes where it has no value')
        for platform in sorted(platforms):
            if wants_sound(config, platform) == key and foreign_link(text, platform):
                complain(key, foreign_link(text, platform))


def _check_images(parsed: ParsedConfig, platforms: Collection[str], findings: Findings) -> None:
    config = parsed.config
    named_by = "material_list" if config.material_list else "material_ids"
    listed = len(getattr(config, named_by))
    if config.content_type == 0:
        return
    if "image_count" in parsed.given and listed and config.image_count > listed:
        findings.problem(
            PREFIX + "image_count", f"is {config.image_count}, but {named_by} names {_files(listed)}"
        )
        return
    count = listed or config.image_count
    if "image_count" in parsed.given:
        count = min(count, config.image_count)
    for platform in sorted(platforms):
        key = PREFIX + (named_by if listed else "image_count")
        most = facts(platform).max_images
        if count > most:
            findings.problem(key, f"{platform} takes at most {most} images in one post")
        elif count > 1 and is_story(config, platform):
            findings.problem(key, "a story takes one image")


def _files(count: int) -> str:
    return f"{count} file{'s' if count > 1 else ''}"


def _warn_without_effect(parsed: ParsedConfig, findings: Findings) -> None:
    config, given = parsed.config, parsed.given
    if config.content_type == 0 and config.image_count != 1:
        findings.warn(f"{PREFIX}image_count: has no effect, because content_type is 0 (video)")
    if config.post_way == "useSound" and config.add_sound != "-1":
        findings.warn(f'{PREFIX}add_sound: ignored, because post_way is "useSound"')
    elif config.post_way != "useSound" and config.add_sound not in ("1", "custom"):
        for key in ("origin_sound_volume", "add_sound_volume"):
            if key in given and getattr(config, key) != 50:
                findings.warn(f"{PREFIX}{key}: has no effect, because no music is added")
    # Which key names the sound hangs on another one: a name alone would be dropped without a word (R59).
    if config.sound_name.strip() and config.post_way != "useSound":
        findings.warn(f'{PREFIX}sound_name: not used, because post_way is "{config.post_way}"')
    if config.custom_sound_keyword.strip() and config.add_sound != "custom":
        findings.warn(f'{PREFIX}custom_sound_keyword: not used, because add_sound is "{config.add_sound}"')
    if config.names_files:
        named_by = "material_list" if config.material_list else "material_ids"
        for key in ("material_path", "materials_tags"):
            if getattr(config, key):
                findings.warn(f"{PREFIX}{key}: ignored, because {named_by} names the files")
    elif config.from_folder and config.tags:
        findings.warn(f'{PREFIX}materials_tags: ignored, because material_source is "localFolder"')
    elif not config.from_folder and config.material_path:
        findings.warn(f'{PREFIX}material_path: ignored, because material_source is "materialLibrary"')


def _check_on(platform: str, parsed: ParsedConfig, findings: Findings) -> None:
    """What this app ignores, changes or refuses."""
    config, given, app = parsed.config, parsed.given, facts(platform)
    for key in app.ignored_keys:
        if key in given and getattr(config, key) != getattr(_NOTHING, key):
            findings.warn(f"{PREFIX}{key}: ignored on {app.title}")
    story, real_way = is_story(config, platform), way(config, platform)
    if "post_way" in given and real_way != config.post_way:
        why = "for a story" if story else f"on {app.title}"
        findings.warn(f'{PREFIX}post_way: "{config.post_way}" becomes "{real_way}" {why}')
    if story:
        if config.sound_name:
            findings.warn(f"{PREFIX}sound_name: ignored for a story")
        if config.captions.strip():
            findings.warn(f"{PREFIX}captions: ignored, a story has no caption")
        if config.ai_label:
            findings.problem(PREFIX + "ai_label", f"a story on {app.title} has no AI label")
    elif config.content_type == 1 and real_way == "useSound" and not app.sound_under_images:
        findings.problem(PREFIX + "post_way", f"on {app.title} no audio can be put under images")

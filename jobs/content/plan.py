"""What one task asks of the app, worked out once before the phone is touched."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from jobs.content.captions import split_title
from jobs.content.script_config import PostConfig, is_story, load_config, wants_sound, way
from jobs.hub.platforms import PostKind, facts
from storage.records import MediaFile, Task


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """One post, as the flows need it."""

    platform: str
    package: str
    username: str  #: without "@"; "" means the account that is logged in
    kind: PostKind
    way: str  #: "share", "addButton" or "useSound"
    title: str
    description: str
    materials: tuple[MediaFile, ...]
    sound: str  #: name or link; "" for none
    config: PostConfig

    @property
    def is_video(self) -> bool:
        return self.materials[0].kind == "video"

    @property
    def sound_is_link(self) -> bool:
        return self.sound.startswith("https://")

    @property
    def adds_sound(self) -> bool:
        """Whether music is added in the editor, so that volumes have a meaning."""
        asks = facts(self.platform).has("add_sound") and self.config.add_sound in ("1", "custom")
        return asks and self.way != "useSound"


def same_user(one: str, two: str) -> bool:
    """Whether two spellings name the same account: "@" and case do not count."""
    return one.strip().lstrip("@").casefold() == two.strip().lstrip("@").casefold()


def kind_of(config: PostConfig, platform: str, materials: Sequence[MediaFile]) -> PostKind:
    """What these files become on this platform."""
    app = facts(platform)
    if is_story(config, platform):
        return PostKind.STORY
    return app.video_becomes if materials[0].kind == "video" else app.images_become


def make_plan(task: Task) -> Plan:
    """The plan of a stored task."""
    config = load_config(task.script_config)
    kind = kind_of(config, task.platform, task.materials)
    chosen_way = way(config, task.platform)
    if chosen_way == "share" and len(task.materials) > 1:
        chosen_way = "addButton"  # adb's `am` cannot hand over a list of files
    caption = split_title(task.caption, task.platform, task.materials[0].kind)
    return Plan(
        platform=task.platform,
        package=task.package,
        username=task.username.strip().lstrip("@"),
        kind=kind,
        way=chosen_way,
        title=caption.title,
        description=caption.description,
        materials=task.materials,
        sound=task.sound if wants_sound(config, task.platform) else "",
        config=config,
    )

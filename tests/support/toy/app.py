"""How the daemon drives Loop: its facts, its flow, and what proves that it published."""

from __future__ import annotations

from pathlib import Path

from jobs.hub.platforms import AppFacts, PostKind
from jobs.post.flow.app import App
from jobs.post.flow.flow import Flow, Handler, ReadyToPublish
from jobs.post.flow.look_for_post import PostSearch
from jobs.post.flow.proof import Watch, published, unknown
from jobs.post.flow.switching import Switcher
from jobs.post.screens.readback import field_text, same_text
from jobs.post.screens.recognise import Sight
from jobs.task.attempt import Verdict
from storage.error_codes import ErrorCode

PLATFORM = "loop"
SCREENS = Path(__file__).with_name("loop.toml")
FACTS = AppFacts(
    title="Loop",
    package_prefixes=("com.example.loop",),
    link_hosts=(),
    video_becomes=PostKind.VIDEO,
    images_become=PostKind.PHOTOS,
    max_images=1,
    ways=("addButton",),
    ignored_keys=("placement", "add_sound"),
)
_TABS = frozenset({"home", "own_profile"})


class LoopFlow(Flow):
    """One file, chosen from a list, with a caption."""

    composer = frozenset({"form"})

    def handlers(self) -> dict[str, Handler]:
        return {
            "home": self.on_home,
            "own_profile": self.on_profile,
            "picker": lambda s: self.press(s, "cells"),
            "form": self.on_form,
        }

    def on_home(self, sight: Sight) -> Sight:
        if self.earlier_indicators is None:
            sight = self.note_indicators(sight)
        return self.press(sight, "profile_tab")

    def on_profile(self, sight: Sight) -> Sight:
        return self.press(Switcher(self, visible_account).ensure(sight), "new_button")

    def on_form(self, sight: Sight) -> Sight:
        sight = self.type_text(sight, "caption_field", self.plan.description, "form")
        raise ReadyToPublish(sight, self.need(sight, "publish_button"))


def visible_account(sight: Sight) -> str:
    found = sight.find("profile_name")
    return found.says.lstrip("@") if found else ""


def watch(flow: LoopFlow) -> Watch:
    return Watch(
        flow,
        at_home=lambda s: s.name in _TABS,
        on_form=lambda s: s.name == "form",
        quiet_is_proof=False,
        look_deeper=lambda _, __: None,
    )


def look_for_post(flow: LoopFlow) -> Verdict:
    return PostSearch(
        flow,
        tabs=_TABS,
        forms=("form",),
        quiet_s=5.0,
        quiet_after_progress_s=1.0,
        is_proof=lambda s: published("Loop says that it is up") if s.name == "posted" else None,
        at_tabs=lambda _, __: unknown(ErrorCode.UPLOAD_TIMEOUT, "Loop is at its tabs and says nothing"),
        is_our_form=lambda s: same_text(flow.plan.description, field_text(s, "caption_field")),
    ).run()


LOOP = App(LoopFlow, watch, look_for_post, visible_account)

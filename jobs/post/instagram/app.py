"""Instagram as one value."""

from __future__ import annotations

from jobs.post.flow.app import App, FormOption, WayBack
from jobs.post.instagram.flow import InstagramFlow
from jobs.post.instagram.proof import look_for_post, shows_new_post, watch
from jobs.post.instagram.reading import name_of

INSTAGRAM = App(
    InstagramFlow,
    watch,
    look_for_post,
    name_of,
    WayBack(
        form=("share_screen", "story_editor", "story_share_sheet"),
        leaves={
            "caption_editor": "caption_done",
            "share_screen": "",
            "reel_editor": "",
            "filters": "",
            "story_editor": "",
            "story_share_sheet": "",
            "discard_question": "discard_button",
            "picker_reel": "",
            "picker_post": "",
            "picker_story": "",
            "camera": "",
            "create_sheet": "",
        },
        options=(FormOption("AI label", "ai_label_switch"),),
        shows_new_post=shows_new_post,
    ),
)

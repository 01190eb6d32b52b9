"""TikTok as one value."""

from __future__ import annotations

from jobs.post.flow.app import App, FormOption, WayBack
from jobs.post.flow.indicators import new_indicators
from jobs.post.tiktok.flow import TikTokFlow, handle_of
from jobs.post.tiktok.proof import look_for_post, shows_ours, watch

TIKTOK = App(
    TikTokFlow,
    watch,
    look_for_post,
    handle_of,
    WayBack(
        form=("post_screen",),
        # No button of the form is touched, not even its arrow. BACK leads to the tabs at once and keeps the texts for
        # the next post, in whose editor they can be thrown away.
        discards_at="editor",
        leaves={
            "post_screen": "",
            "editor": "",
            "leave_sheet": "discard_button",
            "more_options": "",
            "link_menu": "",
            "product_list": "",
            "preview": "",
            "picker": "",
            "camera": "",
            "share_sheet": "",
        },
        options=(
            FormOption("AI label", "more_options_row", ("more_options",)),
            FormOption("product link", "add_link_row", ("link_menu", "product_list")),
        ),
        shows_new_post=lambda flow, sight: (
            "the new post itself"
            if shows_ours(flow, sight)
            else new_indicators(flow.driver, flow.earlier_indicators, sight)
        ),
    ),
)

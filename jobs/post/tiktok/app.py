"""TikTok as one value."""

from __future__ import annotations

from jobs.post.flow.app import App
from jobs.post.tiktok.flow import TikTokFlow, handle_of
from jobs.post.tiktok.proof import look_for_post, watch

TIKTOK = App(TikTokFlow, watch, look_for_post, handle_of)

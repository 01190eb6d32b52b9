"""Instagram as one value."""

from __future__ import annotations

from jobs.post.flow.app import App
from jobs.post.instagram.flow import InstagramFlow
from jobs.post.instagram.proof import look_for_post, watch
from jobs.post.instagram.reading import name_of

INSTAGRAM = App(InstagramFlow, watch, look_for_post, name_of)

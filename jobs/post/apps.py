"""The table of the apps that posts go to."""

from __future__ import annotations

from typing import Any

from jobs.post.flow.app import App
from jobs.post.instagram.app import INSTAGRAM
from jobs.post.tiktok.app import TIKTOK

APPS: dict[str, App[Any]] = {"tiktok": TIKTOK, "instagram": INSTAGRAM}

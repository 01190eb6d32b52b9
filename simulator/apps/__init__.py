"""The apps of a simulated phone."""

from __future__ import annotations

from simulator.apps.base import App, AppSpec, PhoneSide
from simulator.apps.instagram.app import InstagramApp
from simulator.apps.tiktok.app import TikTokApp

__all__ = ["make_app"]


def make_app(phone: PhoneSide, spec: AppSpec) -> App:
    """One app of a phone."""
    if spec.platform == "tiktok":
        return TikTokApp(phone, spec)
    if spec.platform == "instagram":
        return InstagramApp(phone, spec)
    raise ValueError(f"no such platform: {spec.platform}")

"""The apps of a simulated phone."""

from __future__ import annotations

from simulator.apps.base import App, AppSpec, PhoneSide
from simulator.apps.instagram.app import InstagramApp
from simulator.apps.instagram.compose.notices import NOTICES, WITH_SHARE
from simulator.apps.kit.sheets import sheet_names
from simulator.apps.tiktok.app import TikTokApp

__all__ = ["FAULTS", "POPUPS", "make_app"]

#: Names for `fault popup NAME` per platform: those that cover any screen, then those that come with the form, Post or Share.
POPUPS = {
    "tiktok": (*TikTokApp.popup_names, *sheet_names("tiktok"), "publish-publicly"),
    "instagram": (*InstagramApp.popup_names, *sheet_names("instagram"), *NOTICES, *WITH_SHARE),
}

#: The faults that the apps take: name -> what it does.
FAULTS = {
    "popup": "NAME: that interruption covers the app's screen, or comes with the form, Post or Share",
    "unknown-screen": "an unknown screen covers the next one; BACK leaves it",
    "app-crash": "SCREEN: the app dies when it enters that screen",
    "login": "the app shows its log-in",
    "captcha": "the app wants to know whether a person is there",
    "banned": "TikTok: the account was banned",
    "account-blocked": "TikTok: an alert instead of publishing; Instagram: the account was disabled",
    "logged-out": "Instagram: logged out; TikTok: its profile, with the tabs, asks to log in",
    "upload-id": "Instagram: wants to see an identity card",
    "suspended": "Instagram: the account is suspended",
    "try-again-later": "Instagram: limits how often",
    "upload-fail": "the next upload fails half way; nothing is published",
    "upload-stall": "the next upload stands still half way; nothing is published",
    "crash-on-post": "TikTok: the app dies at Post and is shown at its tabs again; nothing is published",
    "security-check": "TikTok: its security check comes instead of the upload; nothing is published",
    "wrong-account": "another account is active, or (there is only one) a stranger's",
    "sound-unavailable": "no sound can be chosen; a sound's page has no button",
    "volume-unavailable": "TikTok: no way to the volumes",
    "product-unavailable": "TikTok: no products among the kinds of links",
    "showcase-empty": "TikTok: no product in the showcase",
    "ai-label-unavailable": "no AI label among the options",
    "sound-stuck": "for one post, choosing or removing a sound has no effect",
    "volume-stuck": "TikTok: for one post, the volumes do not move",
    "product-stuck": "TikTok: for one post, adding a product has no effect",
    "ai-label-stuck": "for one post, the AI label does not switch on",
    "not-everyone": "TikTok: only the account itself may see the post",
    "left-on": "NAME: the form has that switched on from the last time (Instagram: facebook, threads, trial, close-friends; TikTok: sms, facebook)",
    "late-gallery": "N: a picker shows the gallery without its newest N media until one was chosen (default 1)",
    "late-newest": "Instagram: its picker for posts opens with the newest medium but one chosen, and shows the newest a moment later",
    "opens-camera": "Instagram: creation begins with the camera instead of the picker",
    "opens-story-editor": "Instagram: a reel's creation begins in the story editor",
}


def make_app(phone: PhoneSide, spec: AppSpec) -> App:
    """One app of a phone.

    Raises:
        ValueError: there is no such platform.
    """
    if spec.platform == "tiktok":
        return TikTokApp(phone, spec)
    if spec.platform == "instagram":
        return InstagramApp(phone, spec)
    raise ValueError(f"no such platform: {spec.platform}")

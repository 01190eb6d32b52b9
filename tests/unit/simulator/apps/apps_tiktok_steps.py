"""Steps through TikTok that several tests take."""

from __future__ import annotations

from apps_fake_phone import FakePhone, phone_with

SHARE = "com.zhiliaoapp.musically/com.ss.android.ugc.aweme.share.SystemShareActivity"
STREAM = "android.intent.extra.STREAM"


def started(**options: object) -> FakePhone:
    phone = phone_with("tiktok", **options)  # type: ignore[arg-type]
    phone.add("video")
    phone.app.launch()
    phone.run()
    return phone


def share(phone: FakePhone, number: int, *, flags: int = 0x8001, component: str = SHARE) -> str:
    problem = phone.app.intent(
        "android.intent.action.SEND",
        component=component,
        data="",
        mime="video/mp4",
        extras={STREAM: f"content://media/external/video/media/{number}"},
        flags=flags,
    )
    phone.run()
    return problem


def at_camera(**options: object) -> FakePhone:
    phone = started(**options)
    phone.tap("Create")
    return phone


def at_picker(*images: str, **options: object) -> FakePhone:
    phone = at_camera(**options)
    for name in images:
        phone.add("image", name)
    phone.tap(rid="ymg")
    return phone


def at_editor(**options: object) -> FakePhone:
    phone = at_picker(**options)
    phone.tap(rid="jh7")
    phone.tap("Next")
    return phone


def at_post(**options: object) -> FakePhone:
    phone = at_editor(**options)
    phone.tap("Next")
    return phone


def write_caption(phone: FakePhone, text: str) -> None:
    phone.write(phone.find(rid="g19"), text)
    phone.tap_at(540, 200)

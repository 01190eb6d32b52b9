"""Steps through Instagram that several tests take."""

from __future__ import annotations

from apps_fake_phone import FakePhone, phone_with


def started(*media: str, **options: object) -> FakePhone:
    phone = phone_with("instagram", **options)  # type: ignore[arg-type]
    for kind in media or ("video",):
        phone.add(kind)
    phone.app.launch()
    phone.run()
    return phone


def creating(what: str = "reel", *media: str, **options: object) -> FakePhone:
    phone = started(*media, **options)
    phone.tap("Profile")
    phone.tap("Create New")
    phone.tap(f"Create new {what}")
    return phone


def at_share(*media: str, **options: object) -> FakePhone:
    phone = creating("reel", *media, **options)
    phone.tap("Unselected .*")
    phone.tap("Next")
    return phone


def shared(*media: str, **options: object) -> FakePhone:
    phone = at_share(*media, **options)
    phone.tap("Share", rid="share_button")
    return phone


def statuses(phone: FakePhone, looks: int = 9) -> list[str]:
    """What the upload's row or snackbar says, look by look."""
    seen = []
    for _ in range(looks):
        texts = [
            v.text for v in phone.nodes() if v.rid in ("status_text", "row_pending_media_status_textview")
        ]
        subs = [v.text for v in phone.nodes() if v.rid == "row_pending_media_sub_status_textview"]
        seen.append((texts or subs or [""])[0])
        phone.run(5)
    return seen

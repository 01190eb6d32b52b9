"""Random fingers: whatever is tapped, typed or interrupted, the apps go on and draw a sane screen."""

from __future__ import annotations

import random
from typing import Any

import pytest
from apps_fake_phone import FakePhone, phone_with, walk

from simulator.apps import FAULTS, POPUPS

VERSIONS = {
    "tiktok": ["43.1.4", "46.6.3", "47.0.3", "35.1.4", "45.0.1"],
    "instagram": ["410.0.0.1", "380.1", "450.0"],
}
WORDS = ["a", "a #b", "x @y", "rain\n", "#1 #2 #3 #4 #5 #6 ", ""]


def step(phone: FakePhone, platform: str, rng: random.Random) -> None:
    nodes = phone.nodes()
    fields: list[Any] = [v.on_text for v in nodes if v.on_text]
    lists: list[Any] = [v.on_scroll for v in nodes if v.on_scroll]
    targets = [v for v in nodes if v.on_tap or v.on_tap_at]
    chance = rng.random()
    if not nodes or chance < 0.01:
        phone.app.stop()
        phone.app.launch()
        phone.run()
    elif chance < 0.05:
        phone.back()
    elif chance < 0.12 and fields:
        rng.choice(fields)(rng.choice(WORDS))
    elif chance < 0.2 and lists:
        rng.choice(lists)(rng.choice([1, -1]))
    elif chance < 0.22:
        phone.faults.append((rng.choice(list(FAULTS)), rng.choice(["", *POPUPS[platform], phone.app.screen])))
    elif chance < 0.23:
        phone.app.intent("android.intent.action.SEND", component="", data="", mime="video/mp4", flags=rng.choice([1, 0x8001]),
                         extras={"android.intent.extra.STREAM": f"content://media/{rng.randint(1, 20)}"})  # fmt: skip
        phone.run(5)
    elif targets:
        left, top, right, bottom = rng.choice(targets).bounds
        phone.tap_at((left + right) // 2, (top + bottom) // 2)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("platform", ["tiktok", "instagram"])
def test_random_fingers_never_break_an_app(platform: str, seed: int) -> None:
    rng = random.Random(seed)
    phone = phone_with(
        platform,
        version=rng.choice(VERSIONS[platform]),
        language=rng.choice(["en", "de", "fr"]),
        seed=seed,
        popups=0.1,
        accounts=(("a", "A"), ("b", "B")),
    )
    for _ in range(20):
        phone.add(rng.choice(["video", "image"]), odd=rng.random() < 0.5)
    phone.app.launch()
    phone.run()
    for _ in range(120):
        step(phone, platform, rng)
        for view in walk(phone.app.windows()):
            left, top, right, bottom = view.bounds
            assert 0 <= left <= right <= phone.width
            assert 0 <= top <= bottom <= phone.height
    assert all(post.media for post in phone.posts)

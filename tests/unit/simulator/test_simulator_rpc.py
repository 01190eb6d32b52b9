"""The automation server's methods, called as its HTTP side calls them."""

from __future__ import annotations

import asyncio
import base64
import io
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from uiautomator2._selector import Selector

from simulator.automation.gestures import RpcError
from simulator.automation.rpc import Rpc
from simulator.phone import Phone
from tests.unit.simulator.phonebench import PACKAGE, make_phone, notes

SEND = Selector(resourceId=f"{PACKAGE}:id/send")
NOTE = Selector(className="android.widget.EditText")


def with_rpc(folder: Path, steps: Callable[[Rpc, Phone], Awaitable[None]]) -> None:
    async def run() -> None:
        phone = make_phone(folder)
        phone.launch(PACKAGE)
        await steps(Rpc(phone), phone)
        phone.close()

    asyncio.run(run())


def test_selectors_find_by_every_field(tmp_path: Path) -> None:
    async def steps(rpc: Rpc, phone: Phone) -> None:
        async def count(**fields: Any) -> int:
            found = await rpc.call("count", [Selector(**fields)])
            assert isinstance(found, int)
            return found

        assert await count(text="Send") == 1
        assert await count(textContains="en") == 1
        assert await count(textStartsWith="Se") == 1
        assert await count(textMatches="S.*d") == 1
        assert await count(textMatches="[") == 0
        assert await count(className="android.widget.EditText") == 1
        assert await count(resourceIdMatches=".*/send") == 1
        assert await count(packageName=PACKAGE, clickable=True) == 2
        assert await count(scrollable=True) == 1
        assert await count(text="Send", instance=1) == 0
        assert await count(focused=True) == 0

    with_rpc(tmp_path, steps)


def test_children_and_siblings_are_found(tmp_path: Path) -> None:
    async def steps(rpc: Rpc, phone: Phone) -> None:
        inside = Selector(resourceId=f"{PACKAGE}:id/send").child(className="android.widget.TextView")
        assert (await rpc.call("objInfo", [inside]))["text"] == "Send"
        beside = Selector(resourceId=f"{PACKAGE}:id/rows").sibling(text="Send")
        assert await rpc.call("exist", [beside]) is True

    with_rpc(tmp_path, steps)


def test_set_text_clicks_the_field_and_replaces_its_content(tmp_path: Path) -> None:
    async def steps(rpc: Rpc, phone: Phone) -> None:
        assert await rpc.call("setText", [NOTE, "one"]) is True
        assert await rpc.call("setText", [NOTE, "two \U0001fab5\n"]) is True
        assert notes(phone).content == "two \U0001fab5\n"
        assert await rpc.call("getText", [NOTE]) == "two \U0001fab5\n"
        assert phone.display.keyboard_shown
        assert len(phone.record.taps) == 2
        await rpc.call("clearTextField", [NOTE])
        assert (notes(phone).content, await rpc.call("getText", [NOTE])) == ("", "Write")

    with_rpc(tmp_path, steps)


def test_the_clipboard_is_pasted_at_the_end(tmp_path: Path) -> None:
    async def steps(rpc: Rpc, phone: Phone) -> None:
        await rpc.call("setClipboard", [None, "paste"])
        assert await rpc.call("getClipboard", {}) == "paste"
        await rpc.call("pasteClipboard", {})
        assert notes(phone).content == ""
        await rpc.call("click", [500, 300])
        await rpc.call("pasteClipboard", {})
        await rpc.call("pasteClipboard", {})
        assert notes(phone).content == "pastepaste"
        await rpc.call("clearInputText", {})
        assert notes(phone).content == ""

    with_rpc(tmp_path, steps)


def test_a_missing_object_and_a_missing_method_are_told_apart(tmp_path: Path) -> None:
    async def steps(rpc: Rpc, phone: Phone) -> None:
        with pytest.raises(RpcError) as missing:
            await rpc.call("objInfo", [Selector(text="nothing")])
        assert missing.value.code == -32001
        assert missing.value.message == "androidx.test.uiautomator.UiObjectNotFoundException"
        with pytest.raises(RpcError) as unknown:
            await rpc.call("explode", [])
        assert unknown.value.code == -32601
        with pytest.raises(RpcError) as wrong:
            await rpc.call("click", [1, 2, 3, 4])
        assert wrong.value.code == -32602
        with pytest.raises(RpcError) as nonsense:
            await rpc.call("click", ["a", None])
        assert nonsense.value.code in (-32001, -32602)

    with_rpc(tmp_path, steps)


def test_waiting_ends_with_the_change_or_with_the_time(tmp_path: Path) -> None:
    async def steps(rpc: Rpc, phone: Phone) -> None:
        loop = asyncio.get_running_loop()
        assert await rpc.call("waitForExists", [Selector(text="row 1"), 30]) is False
        phone.later(0.05, lambda: phone.display.swipe(500, 1400, 500, 600))
        began = loop.time()
        assert await rpc.call("waitForExists", [Selector(text="row 1"), 20_000]) is True
        assert loop.time() - began < 5
        assert await rpc.call("waitUntilGone", [Selector(text="row 0"), 10]) is True
        assert await rpc.call("waitForWindowUpdate", [None, 10]) is False

    with_rpc(tmp_path, steps)


def test_a_screenshot_is_a_jpeg_of_the_screen(tmp_path: Path) -> None:
    async def steps(rpc: Rpc, phone: Phone) -> None:
        picture = Image.open(io.BytesIO(base64.b64decode(await rpc.call("takeScreenshot", [1, 80]))))
        assert (picture.format, picture.size) == ("JPEG", (1080, 2400))
        small = Image.open(io.BytesIO(base64.b64decode(await rpc.call("takeScreenshot", [0.5, 80]))))
        assert small.size == (540, 1200)

    with_rpc(tmp_path, steps)


def test_fingers_move_and_keys_are_pressed(tmp_path: Path) -> None:
    async def steps(rpc: Rpc, phone: Phone) -> None:
        await rpc.call("swipe", [500, 1400, 500, 600, 20])
        assert notes(phone).scrolled == 1
        assert await rpc.call("scrollForward", [Selector(scrollable=True), True, 20]) is True
        assert notes(phone).scrolled == 2
        for action in (0, 1):
            await rpc.call("injectInputEvent", [action, 200, 2200, 0])
        assert len(phone.record.posts) == 1
        assert await rpc.call("pressKey", ["nonsense"]) is False
        assert await rpc.call("pressKey", ["home"]) is True
        assert (await rpc.call("deviceInfo", {}))[
            "currentPackageName"
        ] == "com.google.android.apps.nexuslauncher"
        await rpc.call("sleep", {})
        assert await rpc.call("isScreenOn", {}) is False

    with_rpc(tmp_path, steps)


def test_U2_10_odd_trees_on_demand(tmp_path: Path) -> None:
    async def steps(rpc: Rpc, phone: Phone) -> None:
        for fault in ("one-node-tree", "control-chars"):
            phone.faults.arm(fault)
        odd = await rpc.call("dumpWindowHierarchy", [False, 50])
        assert odd.count("<node") == 2
        assert "&#8;" in odd
        phone.faults.arm("dump-fails", "empty")
        assert await rpc.call("dumpWindowHierarchy", [False, 50]) == ""
        phone.faults.arm("dump-fails")
        with pytest.raises(RpcError, match="UiAutomation not connected"):
            await rpc.call("dumpWindowHierarchy", [False, 50])
        assert "EditText" in await rpc.call("dumpWindowHierarchy", [False, 50, True])

    with_rpc(tmp_path, steps)


def test_commit_lost_publishes_and_swallows_the_reply(tmp_path: Path) -> None:
    async def steps(rpc: Rpc, phone: Phone) -> None:
        phone.faults.arm("commit-lost")
        await rpc.call("click", [500, 300])
        assert not phone.reply_lost()
        phone.press(4)
        await rpc.call("click", [200, 2200])
        assert len(phone.record.posts) == 1
        assert phone.reply_lost()
        assert not phone.reply_lost()

    with_rpc(tmp_path, steps)


def test_typed_text_can_arrive_twice(tmp_path: Path) -> None:
    async def steps(rpc: Rpc, phone: Phone) -> None:
        phone.faults.arm("text-twice")
        await rpc.call("setText", [NOTE, "ab"])
        assert notes(phone).content == "abab"

    with_rpc(tmp_path, steps)

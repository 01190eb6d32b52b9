"""Windows, fingers, keys, text, dialogs and the tree that automation sees."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

from lxml import etree

from simulator.android import tree
from simulator.apps.base import View
from simulator.phone import Phone
from tests.unit.simulator.phonebench import PACKAGE, make_phone, notes, sh


def on_phone(folder: Path, steps: Callable[[Phone], Awaitable[None]], **changes: object) -> None:
    async def run() -> None:
        phone = make_phone(folder, **changes)
        await steps(phone)
        phone.close()

    asyncio.run(run())


def xml(phone: Phone) -> etree._Element:
    return etree.fromstring(tree.dump_xml(phone.display.in_dump_order()).encode())


def test_an_icon_of_the_launcher_opens_its_app(tmp_path: Path) -> None:
    async def steps(phone: Phone) -> None:
        (icon,) = xml(phone).xpath(f"//node[@text='{PACKAGE}']")
        assert icon.get("package") == "com.google.android.apps.nexuslauncher"
        phone.tap(100, 1400, "test")
        assert phone.display.focused == (PACKAGE, ".MainActivity")
        assert phone.record.taps[-1]["hit"]["text"] == PACKAGE
        phone.press(3)
        assert phone.display.screen_name == "launcher"
        assert notes(phone).screen == "edit"

    on_phone(tmp_path, steps)


def test_a_tap_on_a_label_reaches_its_clickable_parent(tmp_path: Path) -> None:
    async def steps(phone: Phone) -> None:
        phone.launch(PACKAGE)
        phone.tap(200, 2200, "test")
        assert [post["app"] for post in phone.record.posts] == ["notes"]
        assert phone.record.taps[-1]["hit"]["resource_id"] == f"{PACKAGE}:id/send"

    on_phone(tmp_path, steps)


def test_the_keyboard_covers_what_lies_under_it(tmp_path: Path) -> None:
    async def steps(phone: Phone) -> None:
        phone.launch(PACKAGE)
        phone.tap(500, 300, "test")
        assert phone.display.keyboard_shown
        phone.tap(200, 2200, "test")
        assert phone.record.posts == []
        key = next(n for r in phone.display.roots() for n in r.walk() if n.view.desc == "h")
        phone.tap(*key.center, "test")
        assert notes(phone).content == "h"
        phone.press(67)
        assert notes(phone).content == ""
        phone.press(4)
        assert not phone.display.keyboard_shown
        assert not notes(phone).focused
        phone.press(4)
        assert phone.display.screen_name == "launcher"

    on_phone(tmp_path, steps)


def test_input_text_knows_only_ascii(tmp_path: Path) -> None:
    async def steps(phone: Phone) -> None:
        phone.launch(PACKAGE)
        await sh(phone, "input tap 500 300; input text 'two%swords'")
        assert notes(phone).content == "two words"
        refused = await sh(phone, "input text 'caf\u00e9'")
        assert "NullPointerException" in refused.err
        assert notes(phone).content == "two words"

    on_phone(tmp_path, steps)


def test_scrolling_moves_what_lies_under_the_finger(tmp_path: Path) -> None:
    async def steps(phone: Phone) -> None:
        phone.launch(PACKAGE)
        await sh(phone, "input swipe 500 1400 500 600 100")
        assert notes(phone).scrolled == 1
        await sh(phone, "input swipe 500 600 500 1400")
        await sh(phone, "input swipe 500 100 500 20")
        assert notes(phone).scrolled == 0

    on_phone(tmp_path, steps)


def test_a_permission_dialog_covers_the_app_until_it_is_answered(tmp_path: Path) -> None:
    async def steps(phone: Phone) -> None:
        answers: list[bool] = []
        phone.launch(PACKAGE)
        phone.ask_permission(PACKAGE, "android.permission.CAMERA", answers.append)
        ids = {node.get("resource-id").rpartition("/")[2] for node in xml(phone).iter("node")}
        assert {
            "permission_message",
            "permission_allow_foreground_only_button",
            "permission_deny_button",
        } <= ids
        assert phone.display.focused[0] == "com.google.android.permissioncontroller"
        phone.tap(200, 2200, "test")
        assert phone.record.posts == []
        phone.tap(540, 1264, "test")
        assert answers == [True]
        assert phone.granted(PACKAGE, "android.permission.CAMERA")
        phone.ask_permission(PACKAGE, "android.permission.RECORD_AUDIO", answers.append)
        phone.press(4)
        assert answers == [True, False]

    on_phone(tmp_path, steps)


def test_android_14_offers_limited_access_to_photos(tmp_path: Path) -> None:
    async def steps(phone: Phone) -> None:
        answers: list[bool] = []
        phone.launch(PACKAGE)
        phone.ask_permission(PACKAGE, "android.permission.READ_MEDIA_VIDEO", answers.append)
        names = [n.get("text") for n in xml(phone).iter("node") if n.get("class") == "android.widget.Button"]
        assert names == ["Eingeschr\u00e4nkten Zugriff erlauben", "Alle zulassen", "Nicht zulassen"]
        phone.tap(540, 1264, "test")
        assert answers == [False]

    on_phone(tmp_path, steps, language="de")


def test_U2_17_a_dark_screen_takes_no_taps_and_a_lock_hides_the_app(tmp_path: Path) -> None:
    async def steps(phone: Phone) -> None:
        phone.launch(PACKAGE)
        await sh(phone, "simctl set pin on; input keyevent POWER")
        assert xml(phone).xpath("count(//node)") == 0
        phone.tap(200, 2200, "test")
        await sh(phone, "input keyevent WAKEUP")
        assert "mDreamingLockscreen=true" in (await sh(phone, "dumpsys window")).out
        phone.tap(200, 2200, "test")
        assert phone.record.posts == []
        await sh(phone, "wm dismiss-keyguard")
        assert phone.system.locked
        await sh(phone, "simctl set unlock-pin 1234")
        assert phone.display.screen_name == "notes/edit"

    on_phone(tmp_path, steps)


def test_a_lock_without_pin_opens_with_a_swipe(tmp_path: Path) -> None:
    async def steps(phone: Phone) -> None:
        await sh(phone, "simctl set locked on; input swipe 540 2000 540 500")
        assert not phone.system.locked

    on_phone(tmp_path, steps)


def test_a_dump_escapes_what_xml_cannot_hold_as_the_phone_does() -> None:
    assert tree.escape('a<b>&"c"\n\t\x07\U0001f600') == "a&lt;b&gt;&amp;&quot;c&quot;&#10;&#9;.&#128512;"
    view = View(bounds=(0, 0, 10, 10), text="\u0000\uffff]]>\U0001f600")
    node = tree.UiNode(view, "p", view.bounds, 0)
    assert etree.fromstring(tree.dump_xml([node]).encode())[0].get("text") == "..]]>\U0001f600"


def test_views_outside_the_screen_are_not_dumped_and_bounds_are_cut_to_it() -> None:
    outside = View(bounds=(0, 3000, 100, 3100), text="below")
    half = View(bounds=(-50, 10, 50, 60), text="half")
    root = View(bounds=(0, 0, 1080, 2400), children=[outside, half])
    (node,) = tree.build([tree.Window(root, "p")], 1080, 2400)
    assert [(n.text, n.bounds) for n in node.walk()] == [("", (0, 0, 1080, 2400)), ("half", (0, 10, 50, 60))]


def test_compressed_dumps_and_depth_limits_leave_nodes_out() -> None:
    leaf = View(bounds=(0, 0, 5, 5), text="leaf")
    root = View(bounds=(0, 0, 9, 9), children=[View(bounds=(0, 0, 9, 9), children=[leaf])])
    node = tree.build([tree.Window(root, "p")], 9, 9)
    assert tree.dump_xml(node).count("<node") == 3
    assert tree.dump_xml(node, compressed=True).count("<node") == 1
    assert tree.dump_xml(node, max_depth=2).count("<node") == 2
    assert tree.dump_xml([]).endswith('<hierarchy rotation="0" />')


def test_old_androids_dump_fewer_attributes() -> None:
    node = tree.build([tree.Window(View(bounds=(0, 0, 9, 9)), "p")], 9, 9)
    assert "display-id" in tree.dump_xml(node, sdk=34)
    assert "display-id" not in tree.dump_xml(node, sdk=29)
    assert "hint=" not in tree.dump_xml(node, sdk=25)


def test_the_order_of_windows_can_be_turned_round(tmp_path: Path) -> None:
    async def steps(phone: Phone) -> None:
        first = [node.get("package") for node in xml(phone)]
        await sh(phone, "simctl set window-order top-first")
        assert [node.get("package") for node in xml(phone)] == first[::-1]

    on_phone(tmp_path, steps)


def test_the_adb_keyboard_types_only_while_it_is_the_input_method(tmp_path: Path) -> None:
    async def steps(phone: Phone) -> None:
        phone.launch(PACKAGE)
        phone.tap(500, 300, "test")
        typed = "am broadcast -a ADB_KEYBOARD_INPUT_TEXT --es text aGVsbG8="
        assert "result=0" in (await sh(phone, typed)).out
        assert "Unknown input method" in (await sh(phone, "ime set com.github.uiautomator/.AdbKeyboard")).err
        phone.system.installed_imes.append("com.github.uiautomator/.AdbKeyboard")
        name = "com.github.uiautomator/.AdbKeyboard"
        await sh(phone, f"ime enable {name}; ime set {name}")
        assert 'result=-1, data="success"' in (await sh(phone, typed)).out
        assert notes(phone).content == "hello"
        await sh(phone, "simctl fault text-twice")
        await sh(phone, "am broadcast -a ADB_KEYBOARD_CLEAR_TEXT; " + typed)
        assert notes(phone).content == "hellohello"
        await sh(phone, "ime reset")
        assert "LatinIME" in (await sh(phone, "settings get secure default_input_method")).out

    on_phone(tmp_path, steps)


def test_settings_grants_posts_and_apps_outlive_a_restart(tmp_path: Path) -> None:
    async def first(phone: Phone) -> None:
        await sh(phone, f"settings put secure x y; pm grant {PACKAGE} android.permission.CAMERA")
        phone.launch(PACKAGE)
        await sh(phone, "input swipe 500 1400 500 600 100")
        phone.tap(200, 2200, "test")

    async def second(phone: Phone) -> None:
        assert (await sh(phone, "settings get secure x")).out == "y\n"
        assert phone.granted(PACKAGE, "android.permission.CAMERA")
        assert notes(phone).scrolled == 1
        (post,) = (await sh(phone, "simctl posts")).out.splitlines()
        assert json.loads(post)["account"] == "me"

    on_phone(tmp_path, first)
    on_phone(tmp_path, second)


def test_a_post_line_cut_by_a_power_cut_is_not_a_post(tmp_path: Path) -> None:
    async def steps(phone: Phone) -> None:
        assert len(phone.record.posts) == 1
        phone.launch(PACKAGE)
        phone.tap(200, 2200, "test")

    async def later(phone: Phone) -> None:
        assert len(phone.record.posts) == 2

    tmp_path.joinpath("posts.jsonl").write_text('{"app": "notes"}\n{"app": "no')
    on_phone(tmp_path, steps)
    on_phone(tmp_path, later)

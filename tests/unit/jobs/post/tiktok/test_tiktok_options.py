"""AI label and product link on TikTok's drawn post screen: which way leads to them, how long each step may take, what is said."""

from __future__ import annotations

from typing import Any

import pytest

from jobs.post.tiktok.options import set_options
from tests.support.drawn import DrawnStage, Follows, Part, Screen, screen

#: The name of the product stands over its price, beside the button.
NAME = Part("name", (100, 900, 600, 940), text="Blue mug", touch=False)
PRICE = Part("price", (100, 945, 600, 985), text="9.99", touch=False)
ADD = Part("product_add add1", (800, 940, 1000, 1020))

SCREENS = {
    "form": screen("post_screen", "more_options_row", "add_link_row", "visible_to_everyone visibility_row"),
    "form without rows": screen("post_screen", "post_button"),
    "for friends": screen("post_screen", Part("visibility_row", text="Friends can view")),
    "options": screen("more_options", "ai_label_text", "ai_label_switch", "sheet_close"),
    "options, label below": screen("more_options", "sheet_close"),
    "options on": screen("more_options", "ai_label_text", "ai_label_on ai_label_switch", "sheet_close"),
    "notice": screen("ai_label_notice", "turn_on_button"),
    "form with label": screen("post_screen", "ai_label_text", "ai_label_switch"),
    "menu": screen("link_menu", "product_entry"),
    "menu without products": screen("link_menu"),
    "list": screen("product_list", NAME, PRICE, ADD),
    "empty list": screen("product_list", "sheet_close"),
    "confirm": screen("product_confirm", "product_confirm_button"),
    "form with link": screen("post_screen", Part("row", text="BLUE MUG", touch=False)),
    "form with link in words": screen("post_screen", Part("row", desc="Blue mug", touch=False)),
    "form with a link": screen("post_screen", "link_added_row"),
    "editor": screen("editor", "editor_next"),
}


def stage(at: Follows, *, screens: dict[str, Screen] | None = None, **config: Any) -> DrawnStage:
    return DrawnStage("tiktok", SCREENS | (screens or {}), at, **config)


def label(at: Follows, **more: Any) -> DrawnStage:
    made = stage(at, ai_label=True, **more)
    made.phone.on("tap more_options_row", "options")
    made.phone.on("tap ai_label_switch", "options on")
    made.phone.on("tap sheet_close", "form")
    return made


def link(at: Follows, **more: Any) -> DrawnStage:
    made = stage(at, add_product_link=1, **more)
    made.phone.on("tap add_link_row", "menu")
    made.phone.on("tap product_entry", "list")
    made.phone.on("tap add1", "confirm")
    made.phone.on("tap product_confirm_button", "form with link")
    return made


def not_set(stage: DrawnStage, step: str, says: str) -> bool:
    """Whether the option fails for good, in its step, with these words."""
    code, where, told = stage.fails(set_options)
    assert (code, where, told) == ("option_not_set", step, says)
    return True


# -- what was not asked for -----------------------------------------------------------------------------------------


def test_nothing_that_was_not_asked_for_is_touched() -> None:
    made = stage("form")
    assert made.ends_on(set_options) == "post_screen"
    assert made.touched == []
    assert made.attempt.log == []


def test_an_account_that_does_not_publish_for_everyone_is_noted() -> None:
    made = stage("for friends")
    made.ends_on(set_options)
    assert made.attempt.log == ["the account does not publish for everyone: Friends can view"]
    made = stage("form without rows")
    made.ends_on(set_options)
    assert made.attempt.log == []


# -- the AI label ---------------------------------------------------------------------------------------------------


def test_the_label_is_switched_on_under_more_options_and_the_sheet_closed() -> None:
    made = label("form")
    assert made.ends_on(set_options) == "post_screen"
    assert made.touched == ["tap more_options_row", "tap ai_label_switch", "tap sheet_close"]
    assert made.attempt.log[0] == "step ai label"
    assert made.took_s() == 0.0


def test_a_label_that_is_on_already_is_not_switched_off() -> None:
    made = label("form")
    made.phone.on("tap more_options_row", "options on")
    assert made.ends_on(set_options) == "post_screen"
    assert made.touched == ["tap more_options_row", "tap sheet_close"]


def test_a_label_that_stands_on_the_sheet_in_front_needs_no_way() -> None:
    made = label("options")
    assert made.ends_on(set_options) == "post_screen"
    assert made.touched == ["tap ai_label_switch", "tap sheet_close"]


def test_rows_below_are_scrolled_to() -> None:
    made = label("form without rows")
    made.phone.on("swipe up", "form", "options")
    made.phone.on("tap more_options_row", "options, label below")
    assert made.ends_on(set_options) == "post_screen"
    assert made.touched == [
        "swipe up", "tap more_options_row", "swipe up", "tap ai_label_switch", "tap sheet_close",
    ]  # fmt: skip


def test_without_more_options_or_the_label_it_says_which_is_missing() -> None:
    made = label("form without rows")
    assert not_set(made, "ai label", 'the post screen has no "More options"')
    made = label("form")
    made.phone.on("tap more_options_row", "options, label below")
    assert not_set(made, "ai label", '"More options" has no AI label')
    assert made.touched == ["tap more_options_row", "swipe up"]


def test_a_failure_of_an_option_is_final() -> None:
    made = label("form without rows")
    with pytest.raises(Exception, match="More options") as failed:
        set_options(made.flow, made.look())
    assert failed.value.passing is False  # type: ignore[attr-defined]


@pytest.mark.parametrize("touch", ["more_options_row", "sheet_close"])
def test_a_touch_without_effect_is_made_twice_and_said(touch: str) -> None:
    made = label("form")
    made.phone.on(f"tap {touch}", "")
    each = 8.0 if touch == "more_options_row" else 5.0
    name = "post_screen" if touch == "more_options_row" else "more_options"
    assert not_set(made, name, f"ai label: {touch} has no effect on {name}")
    assert made.took_s() == 2 * each


def test_more_options_gets_eight_seconds_and_the_sheet_eight_more() -> None:
    made = label("form")
    made.phone.on("tap more_options_row", {8.0: "editor", 16.0: "options"})
    assert made.ends_on(set_options) == "post_screen"
    made = label("form")
    made.phone.on("tap more_options_row", {8.0: "editor"})
    assert not_set(made, "editor", "ai label: more_options does not come")
    assert made.took_s() == 16.0


@pytest.mark.parametrize(("after_s", "ok"), [(4.0, True), (7.0, True), (7.5, False)])
def test_the_switch_gets_seven_seconds(after_s: float, ok: bool) -> None:
    made = label("form")
    made.phone.on("tap ai_label_switch", {after_s: "options on"})
    if ok:
        assert made.ends_on(set_options) == "post_screen"
        assert made.took_s() == after_s
    else:
        assert not_set(made, "ai label", "the AI label does not switch on")
        assert made.took_s() == 7.0
    assert made.touched.count("tap ai_label_switch") == 1


def test_the_notice_before_the_first_label_is_turned_on() -> None:
    made = label("form")
    made.phone.on("tap ai_label_switch", {3.0: "notice"})
    made.phone.on("tap turn_on_button", {8.0: "options on"})
    assert made.ends_on(set_options) == "post_screen"
    assert made.touched == [
        "tap more_options_row", "tap ai_label_switch", "tap turn_on_button", "tap sheet_close",
    ]  # fmt: skip
    assert made.took_s() == 11.0


def test_a_notice_that_stays_is_said() -> None:
    made = label("form")
    made.phone.on("tap ai_label_switch", "notice")
    assert not_set(made, "ai_label_notice", "ai label: turn_on_button has no effect on ai_label_notice")
    assert made.took_s() == 16.0


@pytest.mark.parametrize("touch", ["ai_label_switch", "turn_on_button"])
def test_the_sheet_must_come_back_within_eight_seconds(touch: str) -> None:
    for after_s in (8.0, 8.5):
        made = label("form")
        made.phone.on("tap ai_label_switch", "notice")
        made.phone.on(f"tap {touch}", {0.0: "editor", after_s: "options on"})
        if after_s == 8.0:
            assert made.ends_on(set_options) == "post_screen"
        else:
            names = "more_options or ai_label_notice" if touch == "ai_label_switch" else "more_options"
            assert not_set(made, "editor", f"ai label: {names} does not come")
        assert made.took_s() == 8.0


# -- the product link -----------------------------------------------------------------------------------------------


def test_the_first_product_of_the_showcase_is_added_and_the_row_names_it() -> None:
    made = link("form")
    assert made.ends_on(set_options) == "post_screen"
    assert made.touched == [
        "tap add_link_row", "tap product_entry", "tap add1", "tap product_confirm_button",
    ]  # fmt: skip
    assert made.attempt.log[0] == "step product link"
    assert made.took_s() == 0.0


def test_a_showcase_that_comes_at_once_and_asks_nothing_is_as_good() -> None:
    made = link("form")
    made.phone.on("tap add_link_row", "list")
    made.phone.on("tap add1", "form with link in words")
    assert made.ends_on(set_options) == "post_screen"
    assert made.touched == ["tap add_link_row", "tap add1"]


def test_both_options_are_set_the_link_first() -> None:
    made = stage("form", add_product_link=1, ai_label=True)
    made.phone.on("tap add_link_row", "list")
    made.phone.on("tap add1", "form with both")
    made.phone.screens = {
        **SCREENS, "form with both": screen("post_screen", "link_added_row", "more_options_row"),
    }  # fmt: skip
    made.phone.on("tap more_options_row", "options")
    made.phone.on("tap ai_label_switch", "options on")
    made.phone.on("tap sheet_close", "form with both")
    assert made.ends_on(set_options) == "post_screen"
    assert made.touched[0] == "tap add_link_row"
    assert made.touched[-1] == "tap sheet_close"


def test_a_row_below_is_scrolled_to_and_without_it_that_is_said() -> None:
    made = link("form without rows")
    made.phone.on("swipe up", "form")
    assert made.ends_on(set_options) == "post_screen"
    made = link("form without rows")
    assert not_set(made, "product link", 'the post screen has no "Add link"')


def test_an_account_without_products_is_said() -> None:
    made = link("form")
    made.phone.on("tap add_link_row", "menu without products")
    assert not_set(made, "product link", "the account cannot add product links: the menu has no product")
    assert made.touched == ["tap add_link_row"]


@pytest.mark.parametrize("after_s", [5.0, 5.5])
def test_a_showcase_may_load_for_five_seconds(after_s: float) -> None:
    made = link("form")
    made.phone.on("tap product_entry", {0.0: "empty list", after_s: "list"})
    if after_s == 5.0:
        assert made.ends_on(set_options) == "post_screen"
    else:
        assert not_set(made, "product link", "the account's showcase is empty")
        assert "tap add1" not in made.touched
    assert made.took_s() == 5.0


def test_a_showcase_that_closes_while_it_loads_must_come_back_within_eight_seconds() -> None:
    made = link("form")
    made.phone.on("tap product_entry", {0.0: "empty list", 1.0: "editor", 9.0: "list"})
    assert made.ends_on(set_options) == "post_screen"
    made = link("form")
    made.phone.on("tap product_entry", {0.0: "empty list", 1.0: "editor", 9.5: "list"})
    assert not_set(made, "editor", "product link: product_list does not come")
    assert made.took_s() == 9.0


@pytest.mark.parametrize(
    ("touch", "name"),
    [
        ("add_link_row", "post_screen"), ("product_entry", "link_menu"),
        ("add1", "product_list"), ("product_confirm_button", "product_confirm"),
    ],
)  # fmt: skip
def test_each_touch_gets_eight_seconds_twice(touch: str, name: str) -> None:
    made = link("form")
    made.phone.on(f"tap {touch}", "")
    element = "product_add" if touch == "add1" else touch
    assert not_set(made, name, f"product link: {element} has no effect on {name}")
    assert made.took_s() == 16.0
    assert made.touched[-2:] == [f"tap {touch}"] * 2


@pytest.mark.parametrize(
    ("touch", "follows", "names"),
    [
        ("add_link_row", "menu", "link_menu or product_list"),
        ("product_entry", "list", "product_list"),
        ("product_confirm_button", "form with link", "post_screen"),
    ],
)
def test_each_sheet_must_come_within_eight_seconds_more(touch: str, follows: str, names: str) -> None:
    made = link("form")
    made.phone.on(f"tap {touch}", {8.0: "editor", 16.0: follows})
    assert made.ends_on(set_options) == "post_screen"
    made = link("form")
    made.phone.on(f"tap {touch}", {8.0: "editor", 16.5: follows})
    assert not_set(made, "editor", f"product link: {names} does not come")
    assert made.took_s() == 16.0


def test_the_form_may_show_the_link_three_seconds_later_or_it_is_not_set() -> None:
    for after_s in (1.0, 3.0):
        made = link("form")
        made.phone.on(
            "tap product_confirm_button", {0.0: "form", after_s: "form with link", 3.0: "form with link"}
        )
        assert made.ends_on(set_options) == "post_screen"
        assert made.took_s() == after_s
    made = link("form")
    made.phone.on("tap product_confirm_button", {0.0: "form", 3.5: "form with link"})
    assert not_set(made, "product link", "the post screen does not show the product link")
    assert made.took_s() == 3.0


def test_a_screen_that_names_the_product_but_is_not_the_form_proves_nothing() -> None:
    elsewhere = screen("editor", Part("row", text="Blue mug", touch=False), "editor_next")
    made = link("form", screens={"elsewhere": elsewhere})
    made.phone.on("tap product_confirm_button", {0.0: "form", 1.0: "elsewhere"})
    assert not_set(made, "product link", "the post screen does not show the product link")
    assert made.took_s() == 3.0


def test_a_row_that_says_that_a_link_was_added_is_enough_where_no_name_was_read() -> None:
    nameless = screen("product_list", ADD)
    made = link("form", screens={"list": nameless})
    made.phone.on("tap product_confirm_button", "form with a link")
    assert made.ends_on(set_options) == "post_screen"
    made = link("form", screens={"list": nameless})
    made.phone.on("tap product_confirm_button", "form")
    assert not_set(made, "product link", "the post screen does not show the product link")


@pytest.mark.parametrize(
    ("box", "beside"),
    [
        ((100, 820, 800, 860), True),  # as high as one and a half buttons above it, and up to it
        ((100, 819, 800, 859), False),  # higher
        ((100, 900, 801, 940), False),  # reaches under the button
        ((100, 1019, 700, 1060), True),  # in the button's last line
        ((100, 1020, 700, 1060), False),  # below it
    ],
)
def test_a_products_name_stands_beside_its_button(box: tuple[int, int, int, int], beside: bool) -> None:
    listed = screen("product_list", Part("name", box, text="Blue mug", touch=False), ADD)
    made = link("form", screens={"list": listed})
    if beside:
        assert made.ends_on(set_options) == "post_screen"
    else:
        assert not_set(made, "product link", "the post screen does not show the product link")


def test_of_several_texts_beside_the_button_the_topmost_and_leftmost_is_the_name() -> None:
    texts = [
        Part("a", (100, 945, 600, 985), text="9.99", touch=False),
        Part("b", (400, 900, 600, 940), text="new", touch=False),
        Part("c", (100, 900, 390, 940), text="Blue mug", touch=False),
        Part("d", (20, 950, 90, 990), text="1", touch=False),
    ]
    made = link("form", screens={"list": screen("product_list", *texts, ADD)})
    assert made.ends_on(set_options) == "post_screen"

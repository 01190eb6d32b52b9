"""TikTok's sheet of sounds, drawn: what is tapped for each wish, how long a sound may load, where the volumes are set."""

from __future__ import annotations

from typing import Any

import pytest

from jobs.post.screens.recognise import Sight
from jobs.post.tiktok.sound_page import chip_text
from jobs.post.tiktok.sound_sheet import bar_value, names, row_named, set_sound, title_of
from tests.support.drawn import IMAGE, DrawnStage, Follows, Part, Screen, screen

LINK = "https://www.tiktok.com/music/Some-song-1234567"
BAR = (100, 1000, 1100, 1100)  #: a thousand pixels: ten for each per cent
OTHER_BAR = (100, 1200, 1100, 1300)


def chip(says: str) -> Part:
    return Part("sound_chip", text=says)


def row(number: int, *texts: str, chosen: bool = False, mark: str = "") -> list[Part]:
    """A row of the list with its texts, one below the other, and its bookmark: "off", "on", "checked"."""
    top = 400 + number * 200
    parts = [Part(f"sound_rows row{number}", (0, top, 900, top + 200), selected=chosen)]
    for place, text in enumerate(texts):
        parts.append(
            Part(
                f"text{number}{place}",
                (100, top + 60 * place, 800, top + 60 * place + 50),
                text=text,
                touch=False,
            )
        )
    if mark:
        box = (920, top + 50, 1020, top + 150)
        parts.append(
            Part(f"favorite_buttons mark{number}", box, selected=mark == "on", checked=mark == "checked")
        )
    return parts


def volumes(original: str, added: str) -> Screen:
    return screen(
        "volume_sheet",
        "volume_done",
        Part("original_volume_bar", BAR, desc=original),
        Part("added_volume_bar", OTHER_BAR, desc=added),
    )


ROWS = [*row(0, "Morning light", "Ann"), *row(1, "Some song", "Bob"), *row(2, "Some song (remix)", "Cat")]
SHEET = ["sheet_done", "favorites_tab", "sheet_search", "volume_button"]
SCREENS = {
    "silent": screen("editor", "sound_chip_empty sound_chip", "editor_next"),
    "sounds": screen("editor", chip("Morning light"), "sound_remove", "editor_next"),
    "song": screen("editor", chip("Some song"), "editor_next"),
    "no chip": screen("editor", "editor_next"),
    "sheet": screen("sound_sheet", *SHEET, *ROWS),
    "sheet, chosen": screen("sound_sheet", *SHEET, *row(0, "Morning light", chosen=True)),
    "sheet after": screen("sound_sheet", *SHEET, *row(0, "Morning light", "is on")),
    "favourites": screen("sound_sheet", *SHEET, "favorites_tab_chosen", *ROWS),
    "no favourites": screen("sound_sheet", *SHEET, "favorites_tab_chosen"),
    "search": screen("sound_search", Part("sheet_search_field", field=True)),
    "found": screen("sound_search", Part("sheet_search_field", field=True), *row(0, "Some song", mark="off")),
    "found marked": screen("sound_search", Part("sheet_search_field", field=True), *row(0, "Some song", mark="on")),
    "volumes": volumes("50", "50"),
    "added low": volumes("30", "50"),
    "both low": volumes("30", "20"),
    "post": screen("post_screen", "post_button"),
}  # fmt: skip


def stage(at: Follows, screens: dict[str, Screen] | None = None, **config: Any) -> DrawnStage:
    made = DrawnStage("tiktok", SCREENS | (screens or {}), at, **config)
    made.phone.on("tap sound_chip", "sheet")
    made.phone.on("tap volume_button", "volumes")
    made.phone.on("tap original_volume_bar", "added low")
    made.phone.on("tap added_volume_bar", "both low")
    made.phone.on("tap volume_done", "sheet after")
    made.phone.on("tap sheet_done", "song")
    return made


def recommended(at: Follows, screens: dict[str, Screen] | None = None, **more: Any) -> DrawnStage:
    made = stage(at, screens, add_sound="1", **({"origin_sound_volume": 30, "add_sound_volume": 20} | more))
    made.phone.on("tap row0", "sheet after")
    made.phone.on("tap sheet_done", "sounds")
    return made


def searched(at: Follows, screens: dict[str, Screen] | None = None, **more: Any) -> DrawnStage:
    asked: dict[str, Any] = {"sound": "Some song", "origin_sound_volume": 30, "add_sound_volume": 20}
    made = stage(at, screens, add_sound="custom", **(asked | more))
    made.phone.on("tap sheet_search", "search")
    made.phone.on("key enter", "found")
    made.phone.on("tap mark0", "found marked")
    made.phone.on("tap row0", "sheet after")
    return made


def linked(at: Follows, screens: dict[str, Screen] | None = None, **more: Any) -> DrawnStage:
    made = searched(at, screens, sound=LINK, **more)
    made.phone.on("tap favorites_tab", "favourites")
    made.phone.on("tap row1", "sheet after")
    return made


def sets(favorite: str = "") -> Any:
    return lambda flow, sight: set_sound(flow, sight, favorite)


def not_set(made: DrawnStage, step: str, says: str, favorite: str = "") -> None:
    assert made.fails(sets(favorite)) == ("option_not_set", step, says)


TO_VOLUMES = [
    "tap volume_button",
    "tap original_volume_bar",
    "tap added_volume_bar",
    "tap volume_done",
    "tap sheet_done",
]

# -- what the chip says ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("shown", "says"), [("silent", ""), ("sounds", "Morning light"), ("no chip", "")])
def test_the_chip_names_the_sound_or_offers_to_add_one(shown: str, says: str) -> None:
    assert chip_text(stage(shown).look()) == says


@pytest.mark.parametrize(
    ("chip", "title", "named"),
    [
        ("Some song", "Some song", True),
        ("SOME SONG - Bob", "Some song", True),
        ("Some so…", "Some song", True),
        ("Some so...", "Some song", True),
        ("Some so", "Some song", False),
        ("Some other", "Some song", False),
        ("Other…", "Some song", False),
        ("", "Some song", False),
        ("…", "Some song", False),
        ("", "", False),
    ],
)
def test_a_chip_may_add_the_artist_or_cut_the_title(chip: str, title: str, named: bool) -> None:
    assert names(chip, title) is named


# -- no sound, or the one that is there -----------------------------------------------------------------------------


def test_without_a_wish_nothing_is_touched() -> None:
    made = stage("sounds")
    assert made.ends_on(sets()) == "editor"
    assert made.touched == []


@pytest.mark.parametrize("shown", ["silent", "no chip"])
def test_an_editor_that_lost_the_sound_of_the_page_is_not_gone_on_with(shown: str) -> None:
    made = stage(shown, post_way="useSound", sound="Some song", add_sound="0")
    not_set(made, "sound", "the editor lost the sound that was chosen")
    made = stage("song", post_way="useSound", sound="Some song", add_sound="0")
    assert made.ends_on(sets()) == "editor"
    assert made.touched == []


def test_a_sound_that_tiktok_put_in_the_place_of_the_chosen_one_is_not_posted() -> None:
    made = stage("song", post_way="useSound", sound="Some song", add_sound="0")
    not_set(made, "sound", '"Morning light" was chosen, the editor shows "Some song"', "Morning light")
    for title in ("Some song", "Some song - extended", "some"):
        made = stage("song", post_way="useSound", sound="Some song", add_sound="0")
        assert made.ends_on(sets(title)) == "editor"


def test_a_sound_that_tiktok_added_is_taken_off() -> None:
    made = stage("sounds", add_sound="0")
    made.phone.on("tap sound_remove", {5.0: "silent"})
    assert made.ends_on(sets()) == "editor"
    assert made.touched == ["tap sound_remove"]
    assert made.took_s() == 5.0
    assert made.attempt.log[0] == "step remove sound"


def test_a_video_without_a_sound_is_left_as_it_is() -> None:
    made = stage("silent", add_sound="0")
    assert made.ends_on(sets()) == "editor"
    assert made.touched == []


def test_a_sound_whose_name_is_not_found_is_taken_off_by_its_button() -> None:
    shown = screen("editor", "sound_remove", "editor_next")
    made = stage("shown", {"shown": shown}, add_sound="0")
    made.phone.on("tap sound_remove", {5.0: "silent"})
    assert made.ends_on(sets()) == "editor"
    assert made.touched == ["tap sound_remove"]
    assert made.took_s() == 5.0
    made = stage("shown", {"shown": shown}, add_sound="0")
    not_set(made, "editor", "remove sound: sound_remove has no effect on editor")
    made = stage("shown", {"shown": shown}, add_sound="0")
    made.phone.on("tap sound_remove", {0.0: "post", 1.0: "shown"})
    not_set(made, "sound", "the sound cannot be removed")


def test_where_the_chip_offers_to_add_a_sound_a_button_beside_it_is_another_one() -> None:
    shown = screen("editor", "sound_chip_empty sound_chip", "sound_remove", "editor_next")
    made = stage("shown", {"shown": shown}, add_sound="0")
    assert made.ends_on(sets()) == "editor"
    assert made.touched == []


def test_a_sound_that_cannot_be_taken_off_ends_the_attempt() -> None:
    made = stage("sounds", add_sound="0")
    not_set(made, "editor", "remove sound: sound_remove has no effect on editor")
    assert made.took_s() == 10.0
    made = stage("sounds", add_sound="0")
    made.phone.on("tap sound_remove", {0.0: "post", 1.0: "sounds"})
    not_set(made, "sound", "the sound cannot be removed")
    bare = screen("editor", chip("Morning light"), "editor_next")
    made = stage("bare", {"bare": bare}, add_sound="0")
    not_set(made, "editor", "remove sound: sound_remove is not on editor")


# -- what tiktok recommends -----------------------------------------------------------------------------------------


def test_the_first_row_is_taken_and_both_volumes_are_set() -> None:
    made = recommended("silent")
    assert made.ends_on(sets()) == "editor"
    assert made.touched == ["tap sound_chip", "tap row0", *TO_VOLUMES]
    assert made.phone.points[3:5] == [(100 + 300, 1050), (100 + 200, 1250)]
    assert made.attempt.facts["sound in use"] == {"sound": "Morning light"}
    assert made.attempt.log[0] == "step add recommended sound"
    assert "step volumes" in made.attempt.log
    assert "tap original_volume_bar at 30 %" in made.attempt.facts


def test_a_sound_that_is_on_already_is_kept_and_its_volumes_are_set() -> None:
    made = recommended("sounds")
    assert made.ends_on(sets()) == "editor"
    assert made.touched == ["tap sound_chip", *TO_VOLUMES]


def test_a_row_that_is_on_already_is_not_tapped_for_that_would_take_it_off() -> None:
    made = recommended("silent")
    made.phone.on("tap sound_chip", "sheet, chosen")
    assert made.ends_on(sets()) == "editor"
    assert made.touched == ["tap sound_chip", *TO_VOLUMES]


def test_a_sheet_without_rows_is_said() -> None:
    bare = screen("sound_sheet", *SHEET)
    made = recommended("silent", {"sheet": bare})
    not_set(made, "sound_sheet", "add recommended sound: sound_rows is not on sound_sheet")


def test_the_sheet_gets_fifteen_seconds_twice() -> None:
    made = recommended("silent")
    made.phone.on("tap sound_chip", {15.0: "post", 30.0: "sheet"})
    assert made.ends_on(sets()) == "editor"
    made = recommended("silent")
    made.phone.on("tap sound_chip", {15.0: "post", 30.5: "sheet"})
    not_set(made, "post_screen", "add recommended sound: sound_sheet does not come")
    made = recommended("silent")
    made.phone.on("tap sound_chip", "")
    not_set(made, "editor", "add recommended sound: sound_chip has no effect on editor")
    assert made.took_s() == 30.0


@pytest.mark.parametrize(("wait_s", "gets_s"), [(0, 2.0), (2, 2.0), (7, 7.0)])
def test_a_row_that_was_tapped_gets_as_long_as_sounds_may_load(wait_s: int, gets_s: float) -> None:
    made = recommended("silent", sound_wait_time=wait_s)
    made.phone.on("tap row0", "")
    assert made.ends_on(sets()) == "editor"
    assert made.took_s() == gets_s
    made = recommended("silent", sound_wait_time=wait_s)
    made.phone.on("tap row0", {1.0: "sheet after"})
    assert made.ends_on(sets()) == "editor"
    assert made.took_s() == 1.0


# -- a named one ----------------------------------------------------------------------------------------------------


def test_a_name_is_searched_marked_and_taken() -> None:
    made = searched("silent")
    assert made.ends_on(sets()) == "editor"
    assert made.touched == [
        "tap sound_chip", "tap sheet_search", "type Some song", "key enter", "tap mark0", "tap row0", *TO_VOLUMES,
    ]  # fmt: skip
    assert made.attempt.facts["sound in use"] == {"sound": "Some song"}
    assert made.attempt.log[0] == "step add named sound"


@pytest.mark.parametrize("mark", ["on", "checked"])
def test_a_favourite_is_not_taken_off(mark: str) -> None:
    field = Part("sheet_search_field", field=True)
    made = searched("silent", {"found": screen("sound_search", field, *row(0, "Some song", mark=mark))})
    assert made.ends_on(sets()) == "editor"
    assert "tap mark0" not in made.touched


def test_a_list_without_marks_is_noted_and_gone_on_with() -> None:
    field = Part("sheet_search_field", field=True)
    rows = [*row(0, "Some song"), *row(1, "Another", mark="off")]
    made = searched("silent", {"found": screen("sound_search", field, *rows)})
    assert made.ends_on(sets()) == "editor"
    assert "the list offers no favourite mark for the sound" in made.attempt.log
    assert not [touch for touch in made.touched if "mark" in touch]


def test_a_mark_gets_three_seconds_to_show_itself() -> None:
    made = searched("silent")
    made.phone.on("tap mark0", {3.0: "found marked"})
    assert made.ends_on(sets()) == "editor"
    assert made.took_s() == 3.0
    made = searched("silent")
    made.phone.on("tap mark0", "")
    assert made.ends_on(sets()) == "editor"
    assert made.took_s() == 3.0
    assert made.touched.count("tap mark0") == 1


@pytest.mark.parametrize(("wait_s", "gets_s"), [(0, 5.0), (5, 5.0), (9, 9.0)])
def test_results_get_as_long_as_sounds_may_load(wait_s: int, gets_s: float) -> None:
    made = searched("silent", sound_wait_time=wait_s)
    made.phone.on("key enter", {gets_s: "found"})
    assert made.ends_on(sets()) == "editor"
    made = searched("silent", sound_wait_time=wait_s)
    made.phone.on("key enter", {gets_s + 0.5: "found"})
    told = 'TikTok finds no sound "Some song"'
    assert made.fails(sets()) == ("sound_not_found", "sound", told)
    assert made.took_s() == gets_s


def test_results_are_waited_for_no_longer_than_they_take() -> None:
    made = searched("silent", sound_wait_time=9)
    other = screen("sound_search", Part("sheet_search_field", field=True), *row(0, "Another"))
    made.phone.screens = {**SCREENS, "other": other}
    made.phone.on("key enter", {1.0: "other", 2.0: "found"})
    assert made.ends_on(sets()) == "editor"
    assert made.took_s() == 2.0


def test_results_that_come_on_the_sheet_itself_do_as_well() -> None:
    made = searched("silent")
    made.phone.on("key enter", {1.0: "sheet"})
    made.phone.on("tap row1", "sheet after")
    assert made.ends_on(sets()) == "editor"
    assert "tap row1" in made.touched


@pytest.mark.parametrize(
    ("touch", "name"),
    [("sheet_search", "sound_sheet"), ("volume_button", "sound_sheet"), ("volume_done", "volume_sheet")],
)
def test_each_button_gets_fifteen_seconds_twice(touch: str, name: str) -> None:
    made = searched("silent")
    made.phone.on(f"tap {touch}", "")
    step = name
    inner = "" if touch == "sheet_search" else "volumes: "
    not_set(made, step, f"{'' if inner else 'add named sound: '}{inner}{touch} has no effect on {name}")
    assert made.took_s() == 30.0


@pytest.mark.parametrize(
    ("touch", "follows", "name"),
    [("sheet_search", "search", "sound_search"), ("volume_button", "volumes", "volume_sheet")],
)
def test_each_sheet_must_come_within_fifteen_seconds_more(touch: str, follows: str, name: str) -> None:
    made = searched("silent")
    made.phone.on(f"tap {touch}", {15.0: "post", 30.0: follows})
    assert made.ends_on(sets()) == "editor"
    made = searched("silent")
    made.phone.on(f"tap {touch}", {15.0: "post", 30.5: follows})
    outer = "add named sound: " if touch == "sheet_search" else "volumes: "
    not_set(made, "post_screen", f"{outer}{name} does not come")


# -- a favourite ----------------------------------------------------------------------------------------------------


def test_the_sound_of_a_link_is_taken_from_the_favourites() -> None:
    made = linked("silent")
    assert made.ends_on(sets("Some song")) == "editor"
    assert made.touched == ["tap sound_chip", "tap favorites_tab", "tap row1", *TO_VOLUMES]


@pytest.mark.parametrize(("wait_s", "gets_s"), [(0, 2.0), (2, 2.0), (6, 6.0)])
def test_favourites_get_as_long_as_sounds_may_load(wait_s: int, gets_s: float) -> None:
    made = linked("silent", sound_wait_time=wait_s)
    made.phone.on("tap favorites_tab", {0.0: "no favourites", gets_s: "favourites"})
    assert made.ends_on(sets("Some song")) == "editor"
    made = linked("silent", sound_wait_time=wait_s)
    made.phone.on("tap favorites_tab", {0.0: "no favourites", gets_s + 0.5: "favourites"})
    not_set(made, "sound", 'the favourites do not list "Some song"', "Some song")
    assert made.took_s() == gets_s


def test_favourites_are_waited_for_no_longer_than_they_take() -> None:
    some = screen("sound_sheet", *SHEET, "favorites_tab_chosen", *row(0, "Morning light"))
    made = linked("silent", {"some": some}, sound_wait_time=9)
    made.phone.on("tap favorites_tab", {0.0: "no favourites", 1.0: "some", 2.0: "favourites"})
    assert made.ends_on(sets("Some song")) == "editor"
    assert made.took_s() == 2.0


def test_favourites_that_give_way_to_something_else_must_come_back() -> None:
    made = linked("silent")
    made.phone.on("tap favorites_tab", {0.0: "no favourites", 1.0: "post", 9.0: "favourites"})
    assert made.ends_on(sets("Some song")) == "editor"
    made = linked("silent")
    made.phone.on("tap favorites_tab", {0.0: "post"})
    not_set(made, "post_screen", "add named sound: sound_sheet does not come", "Some song")


def test_a_tab_that_does_not_open_is_said() -> None:
    made = linked("silent")
    made.phone.on("tap favorites_tab", "")
    not_set(made, "sound_sheet", "add named sound: favorites_tab has no effect on sound_sheet", "Some song")
    assert made.took_s() == 16.0


# -- rows and titles ------------------------------------------------------------------------------------------------


def listed(*rows: list[Part]) -> Sight:
    parts = [part for one in rows for part in one]
    return stage("list", {"list": screen("sound_sheet", *parts)}).look()


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("some song", "row1"),
        ("Some Song (Remix)", "row0"),
        ("remix", "row0"),
        ("Bob", "row1"),
        ("Nothing", ""),
    ],
)
def test_the_row_of_just_that_title_goes_before_one_that_contains_it(wanted: str, found: str) -> None:
    sight = listed(row(0, "Some song (remix)", "Cat"), row(1, "Some song", "Bob"), row(2, "Some song", "Dan"))
    row_found = row_named(sight, wanted)
    assert (row_found.node.id_name.split()[-1] if row_found else "") == found


def test_a_text_beside_a_row_is_not_its_title() -> None:
    sight = listed(
        [Part("sound_rows row0", (0, 400, 900, 600)), Part("text", (0, 610, 800, 660), text="Some song")]
    )
    assert row_named(sight, "Some song") is None


def test_a_rows_title_is_its_topmost_leftmost_text() -> None:
    texts = [
        Part("b", (100, 460, 800, 500), text="Bob", touch=False),
        Part("c", (500, 400, 800, 440), text="0:30", touch=False),
        Part("a", (100, 400, 400, 440), text="Some song", touch=False),
        Part("d", (900, 390, 990, 420), text="outside", touch=False),
        Part("e", (20, 460, 60, 500), text="3", touch=False),
    ]
    sight = listed([Part("sound_rows row0", (0, 400, 900, 600)), *texts])
    found = sight.find("sound_rows")
    assert found is not None
    assert title_of(sight, found) == "Some song"
    nothing = listed([Part("sound_rows row0", (0, 400, 900, 600))])
    assert title_of(nothing, nothing.index.find_all("sound_rows")[0]) == ""


# -- volumes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bar", "beside", "value"),
    [
        ({"text": "40"}, "", 40),
        ({"desc": "41 %"}, "", 41),
        ({"desc": "41.6"}, "", 42),
        ({"text": "Volume", "desc": "7"}, "", 7),
        ({}, " 55% ", 55),
        ({"text": "Volume"}, "loud", None),
        ({}, "", None),
    ],
)
def test_a_slider_says_its_value_itself_or_a_number_beside_it_does(
    bar: dict[str, str], beside: str, value: int | None
) -> None:
    parts = [
        Part("added_volume_bar", BAR, **bar),
        Part("beside", (10, 1000, 90, 1100), text=beside, touch=False),
    ]
    made = stage("bars", {"bars": screen("volume_sheet", *parts)})
    assert bar_value(made.look(), "added_volume_bar") == value
    assert bar_value(made.look(), "original_volume_bar") is None


def test_images_have_no_sound_of_their_own() -> None:
    made = recommended("silent", media=[IMAGE])
    made.phone.on("tap added_volume_bar", "both low")
    assert made.ends_on(sets()) == "editor"
    assert made.touched == [
        "tap sound_chip", "tap row0", "tap volume_button", "tap added_volume_bar", "tap volume_done", "tap sheet_done",
    ]  # fmt: skip


@pytest.mark.parametrize(("percent", "x"), [(0, 100), (1, 110), (50, 600), (99, 1090), (100, 1099)])
def test_a_slider_is_touched_where_its_value_stands(percent: int, x: int) -> None:
    made = recommended("silent", {"set": volumes("", "")}, origin_sound_volume=percent)
    made.phone.on("tap original_volume_bar", "set")
    made.phone.on("tap added_volume_bar", "both low")
    assert made.ends_on(sets()) == "editor"
    assert made.phone.points[3] == (x, 1050)


@pytest.mark.parametrize(("shows", "tries"), [("29", 1), ("31", 1), ("28", 3), ("32", 3)])
def test_a_slider_may_stand_one_per_cent_beside_and_is_touched_three_times(shows: str, tries: int) -> None:
    made = recommended("silent", {"near": volumes(shows, "50"), "near, both": volumes(shows, "20")})
    made.phone.on("tap original_volume_bar", "near")
    made.phone.on("tap added_volume_bar", "near, both")
    if tries == 1:
        assert made.ends_on(sets()) == "editor"
    else:
        not_set(made, "volumes", f"original_volume_bar shows {shows} %, not 30 %")
        assert made.took_s() == 4.0  # the second and the third touch change nothing
    assert made.touched.count("tap original_volume_bar") == tries


def test_a_slider_that_went_elsewhere_is_touched_again_though_it_says_something_else_now() -> None:
    made = recommended("silent", {"far": volumes("80", "50")})
    made.phone.on("tap original_volume_bar", "far", "added low")
    assert made.ends_on(sets()) == "editor"
    assert made.touched.count("tap original_volume_bar") == 2


def test_a_slider_that_does_not_move_is_waited_for_two_seconds_each_time() -> None:
    made = recommended("silent")
    made.phone.on("tap original_volume_bar", "")
    not_set(made, "volumes", "original_volume_bar shows 50 %, not 30 %")
    assert made.took_s() == 6.0
    made = recommended("silent")
    made.phone.on("tap original_volume_bar", {2.0: "added low"})
    assert made.ends_on(sets()) == "editor"
    assert made.touched.count("tap original_volume_bar") == 1


def test_a_sheet_without_its_sliders_is_said() -> None:
    bare = screen("volume_sheet", "volume_done", Part("original_volume_bar", BAR, desc="30"))
    made = recommended("silent", {"volumes": bare})
    made.phone.on("tap original_volume_bar", "")
    not_set(made, "volumes", "added_volume_bar is not on the volume sheet")


def test_volumes_stand_on_the_sheet_to_which_back_leads_from_the_search() -> None:
    made = searched("silent")
    made.phone.on("tap row0", "searched")
    made.phone.screens = {**SCREENS, "searched": screen("sound_search", *row(0, "Some song", "on"))}
    made.phone.on("key back", {5.0: "sheet after"})
    assert made.ends_on(sets()) == "editor"
    assert made.touched[-6:] == ["key back", *TO_VOLUMES]
    assert "press back: from the search of sounds to their sheet" in made.attempt.log
    for sheet in ("sheet after", "sheet without volume"):
        made = searched("silent")
        made.phone.on("tap row0", "searched")
        made.phone.screens = {
            **SCREENS,
            "searched": screen("sound_search", *row(0, "Some song", "on")),
            "searched on": screen("sound_search", *row(0, "Some song", "on"), "sheet_search_field"),
            "sheet without volume": screen("sound_sheet", "sheet_done"),
        }
        made.phone.on("key back", {1.0: "searched on", 2.0: sheet})
        if sheet == "sheet after":
            assert made.ends_on(sets()) == "editor"
        else:
            not_set(made, "volumes", "the sheet of sounds has no volume")
        assert made.took_s() == 2.0
    made = searched("silent")
    made.phone.on("tap row0", "searched")
    made.phone.screens = {**SCREENS, "searched": screen("sound_search", *row(0, "Some song", "on"))}
    not_set(made, "sound_search", "volumes: sound_sheet or editor does not come")
    assert made.took_s() == 13.0


def test_volumes_may_stand_in_the_editor_or_nowhere() -> None:
    editor = screen("editor", chip("Morning light"), "volume_button")
    made = recommended("silent", {"editor": editor})
    made.phone.on("tap row0", "editor")
    made.phone.on("tap volume_done", "sounds")
    assert made.ends_on(sets()) == "editor"
    assert "key back" not in made.touched
    made = recommended("silent")
    made.phone.on("tap row0", "sounds")
    not_set(made, "volumes", "the sheet of sounds has no volume")
    assert made.touched[-1] == "key back"


def test_a_screen_that_is_none_of_sounds_must_go_before_the_volumes_are_looked_for() -> None:
    for comes in ("sheet after", "editor"):
        made = recommended("silent", {"editor": screen("editor", chip("Morning light"), "volume_button")})
        made.phone.on("tap row0", {0.0: "post", 8.0: comes})
        made.phone.on("tap volume_done", "sounds")
        assert made.ends_on(sets()) == "editor"
        assert "key back" not in made.touched


# -- back in the editor ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("wait_s", "gets_s"), [(0, 1.0), (1, 1.0), (4, 4.0)])
def test_the_editor_must_show_the_sound_in_time(wait_s: int, gets_s: float) -> None:
    made = searched("silent", sound_wait_time=wait_s)
    made.phone.on("tap sheet_done", {0.0: "sounds", gets_s: "song"})
    assert made.ends_on(sets()) == "editor"
    made = searched("silent", sound_wait_time=wait_s)
    made.phone.on("tap sheet_done", {0.0: "sounds", gets_s + 0.5: "song"})
    not_set(made, "sound", '"Some song" was chosen, the editor shows "Morning light"')
    assert made.took_s() == gets_s


def test_the_chip_is_waited_for_no_longer_than_it_takes() -> None:
    made = searched("silent", sound_wait_time=9)
    made.phone.on("tap sheet_done", {0.0: "sounds", 1.0: "silent", 2.0: "song"})
    assert made.ends_on(sets()) == "editor"
    assert made.took_s() == 2.0


def test_an_editor_that_is_left_while_its_chip_is_waited_for_must_come_back() -> None:
    made = searched("silent", sound_wait_time=1)
    made.phone.on("tap sheet_done", {0.0: "sounds", 0.5: "post", 9.0: "song"})
    assert made.ends_on(sets()) == "editor"
    assert made.took_s() == 9.0

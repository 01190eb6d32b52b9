"""What is chosen in a drawn picker of Instagram, how long each touch may take, and what is said when nothing comes."""

from __future__ import annotations

from typing import Any

import pytest

from jobs.phone.screen.tree import Bounds
from jobs.post.flow.grid import REST_S
from jobs.post.instagram.picking import pick_images, pick_video, thumbnail_duration
from tests.support.drawn import IMAGE, VIDEO, DrawnStage, Follows, Part, Screen, screen

CELL = 300


def cell(place: int, names: str, **more: Any) -> Part:
    """A thumbnail at a place of the grid, row by row."""
    return Part(f"thumbnails {names} cell{place}", box(place), **more)


def box(place: int) -> Bounds:
    left, top = place % 3 * CELL, 300 + place // 3 * CELL
    return (left, top, left + CELL, top + CELL)


def lasts(place: int, text: str) -> Part:
    """How long the video at a place is, in its lower corner."""
    _, _, right, bottom = box(place)
    return Part("duration_label", (right - 80, bottom - 50, right - 10, bottom - 10), text=text, touch=False)


def reel(*parts: Part | str) -> Screen:
    return screen("picker_reel", "picker_cancel", *parts)


def post(*parts: Part | str) -> Screen:
    return screen("picker_post", "picker_cancel", "picker_next", *parts)


OURS = (cell(0, "first_video"), lasts(0, "0:05"))
OLD = (cell(0, "first_video"), lasts(0, "0:30"))
SCREENS = {
    "ours": reel(*OURS),
    "old": reel(*OLD),
    "old and more": reel(*OLD, cell(1, "first_video"), lasts(1, "0:30")),
    "empty": reel(),
    "ours chosen": reel("picker_next", cell(0, "chosen_thumbnail"), lasts(0, "0:05")),
    "ours ready": reel("picker_next_ready picker_next", *OURS),
    "ours with next": reel("picker_next", *OURS),
    "editor": screen("reel_editor", "editor_next"),
    "share": screen("share_screen", "share_button"),
    "profile": screen("own_profile", "create_new"),
}


def video(at: Follows, **screens: Screen) -> DrawnStage:
    return DrawnStage("instagram", SCREENS | screens, at)


# -- the duration of a thumbnail ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("center", "within"),
    [
        ((300, 400), True), ((299, 400), False), ((599, 400), True), ((600, 400), False),
        ((400, 300), True), ((400, 299), False), ((400, 599), True), ((400, 600), False),
    ],
)  # fmt: skip
def test_a_duration_belongs_to_the_thumbnail_that_its_centre_lies_in(
    center: tuple[int, int], within: bool
) -> None:
    x, y = center
    label = Part("duration_label", (x - 20, y - 10, x + 20, y + 10), text="0:07")
    stage = video("grid", grid=reel(Part("thumbnails", (300, 300, 600, 600)), lasts(8, "1:00"), label))
    sight = stage.look()
    assert thumbnail_duration(sight, sight.tree.nodes[2]) == (7 if within else None)


# -- one video ------------------------------------------------------------------------------------------------------


def test_our_video_is_tapped_in_its_centre_and_gone_on_with() -> None:
    stage = video("ours")
    stage.phone.on("tap cell0", "ours chosen")
    stage.phone.on("tap picker_next", "editor")
    assert stage.ends_on(pick_video) == "reel_editor"
    assert stage.touched == ["tap cell0", "tap picker_next"]
    assert stage.phone.points[0] == (150, 450)
    assert stage.attempt.facts["tap newest video"] == {"x": 150, "y": 450, "by": "first thumbnail that fits"}
    assert stage.took_s() == pytest.approx(REST_S)


def test_a_video_that_is_chosen_already_is_not_tapped_for_that_would_take_it_off() -> None:
    stage = video("ours chosen")
    stage.phone.on("tap picker_next", "editor")
    assert stage.ends_on(pick_video) == "reel_editor"
    assert stage.touched == ["tap picker_next"]


def test_of_several_videos_the_first_in_reading_order_is_ours_chosen_ones_among_them() -> None:
    grid = reel(
        "picker_next",
        cell(4, "first_video"),
        cell(3, "first_video"),
        cell(2, "chosen_thumbnail"),
        cell(1, ""),
    )
    stage = video("grid", grid=grid)
    stage.phone.on("tap picker_next", "editor")
    assert stage.ends_on(pick_video) == "reel_editor"
    assert stage.touched == ["tap picker_next"]
    grid = reel("picker_next", cell(4, "chosen_thumbnail"), cell(3, "first_video"))
    stage = video("grid", grid=grid)
    stage.phone.on("tap cell3", "editor")
    assert stage.ends_on(pick_video) == "reel_editor"
    assert stage.touched == ["tap cell3"]


def test_a_video_whose_length_is_not_shown_is_taken_as_the_newest() -> None:
    stage = video("grid", grid=reel(cell(0, "first_video"), cell(1, "first_video"), lasts(1, "0:30")))
    stage.phone.on("tap cell0", "editor")
    assert stage.ends_on(pick_video) == "reel_editor"


def test_without_words_for_a_video_the_first_thumbnail_that_lasts_is_taken() -> None:
    grid = reel(cell(0, ""), cell(2, ""), lasts(2, "0:05"), cell(1, ""), lasts(1, "0:05"))
    stage = video("grid", grid=grid)
    stage.phone.on("tap cell1", "editor")
    assert stage.ends_on(pick_video) == "reel_editor"
    assert stage.touched == ["tap cell1"]


def test_without_words_and_without_lengths_nothing_is_taken() -> None:
    stage = video("grid", grid=reel(cell(0, ""), cell(1, "")))
    stage.phone.on("tap picker_cancel", "profile")
    assert stage.ends_on(pick_video) == "own_profile"
    assert stage.touched == ["tap picker_cancel"]


@pytest.mark.parametrize(("after_s", "effect"), [(10.0, "ours chosen"), (9.5, "ours ready"), (10.0, "share")])
def test_the_effect_of_choosing_is_waited_for_ten_seconds(after_s: float, effect: str) -> None:
    stage = video("ours")
    stage.phone.on("tap cell0", {after_s: effect})
    stage.phone.on("tap picker_next", "editor")
    assert stage.ends_on(pick_video) == ("share_screen" if effect == "share" else "reel_editor")
    assert stage.took_s() == pytest.approx(after_s + (REST_S if effect == "ours chosen" else 0))
    assert stage.touched[1:] == ([] if effect == "share" else ["tap picker_next"])


def test_what_is_drawn_anew_while_the_video_is_chosen_is_no_effect() -> None:
    stage = video("ours with next", changed=reel("picker_next", *OURS, "recents_title"))
    stage.phone.on("tap cell0", {2.0: "changed", 4.0: "ours chosen"})
    stage.phone.on("tap picker_next", "editor")
    assert stage.ends_on(pick_video) == "reel_editor"
    assert stage.took_s() == pytest.approx(4.0 + REST_S)


def test_a_picker_that_goes_on_by_itself_gets_thirty_five_seconds() -> None:
    stage = video("ours")
    stage.phone.on("tap cell0", {35.0: "editor"})
    assert stage.ends_on(pick_video) == "reel_editor"
    assert stage.touched == ["tap cell0"]
    stage = video("ours")
    stage.phone.on("tap cell0", {20.0: "editor"})
    assert stage.ends_on(pick_video) == "reel_editor"
    assert stage.took_s() == 20.0, "no longer than it needs"
    stage = video("ours")
    assert stage.fails(pick_video) == ("ui_changed", "picker_reel", "tapping the video has no effect")
    assert stage.took_s() == 35.0
    assert stage.touched == ["tap cell0"]


def test_going_on_gets_twenty_five_seconds_and_a_second_touch() -> None:
    stage = video("ours chosen")
    stage.phone.on("tap picker_next", {25.0: "editor"})
    assert stage.ends_on(pick_video) == "reel_editor"
    stage = video("ours chosen")
    assert stage.fails(pick_video) == (
        "ui_changed",
        "picker_reel",
        "picker_next has no effect on picker_reel",
    )
    assert stage.took_s() == pytest.approx(50.0 + REST_S)


def test_an_older_video_is_left_alone_and_the_picker_left_after_three_seconds() -> None:
    stage = video("old")
    stage.phone.on("tap picker_cancel", "profile")
    assert stage.ends_on(pick_video) == "own_profile"
    assert stage.touched == ["tap picker_cancel"]
    assert stage.took_s() == 3.0
    assert stage.attempt.facts["the newest video of the picker is not ours"] == {"shows_s": 30}
    assert stage.attempt.facts["the picker's grid does not show our file yet"] == {"tried": 1}


def test_a_grid_that_changes_within_three_seconds_is_looked_at_again() -> None:
    stage = video({0: "old", 3.0: "ours"})
    stage.phone.on("tap cell0", "editor")
    assert stage.ends_on(pick_video) == "reel_editor"
    assert stage.took_s() == 3.0
    assert "tap picker_cancel" not in stage.touched


def test_a_picker_that_closes_by_itself_is_not_touched() -> None:
    stage = video({0: "empty", 1.0: "profile"})
    assert stage.ends_on(pick_video) == "own_profile"
    assert stage.touched == []
    assert stage.took_s() == 1.0


def test_after_four_grids_without_our_video_the_attempt_says_so_and_passes() -> None:
    stage = video({0: "old", 1: "old and more", 2: "old", 3: "empty", 4: "old"})
    assert stage.fails(pick_video) == (
        "not_indexed",
        "picker_reel",
        "the app's picker does not show the pushed file",
    )
    assert stage.touched == []
    assert stage.took_s() == 4.0
    assert stage.attempt.facts["the picker's grid does not show our file yet"] == {"tried": 4}


# -- one image ------------------------------------------------------------------------------------------------------

PHOTO, CHOSEN = cell(0, "first_photo"), cell(0, "chosen_thumbnail")
IMAGES = {
    "photo": post(PHOTO, cell(1, "first_photo")),
    "chosen": post(CHOSEN, cell(1, "first_photo")),
    "videos": post(cell(0, "first_video"), lasts(0, "0:05")),
    "a video first": post(cell(0, "first_video"), lasts(0, "0:05"), cell(1, "first_photo")),
    "nothing": post(),
    "filters": screen("filters", "filters_next"),
    "profile": screen("own_profile", "create_new"),
}


def image(at: Follows, count: int = 1, **screens: Screen) -> DrawnStage:
    return DrawnStage("instagram", IMAGES | screens, at, media=[IMAGE] * count)


def test_the_newest_photo_is_chosen_and_gone_on_with() -> None:
    stage = image("photo")
    stage.phone.on("tap cell0", {8.0: "chosen"})
    stage.phone.on("tap picker_next", {25.0: "filters"})
    assert stage.ends_on(pick_images) == "filters"
    assert stage.touched == ["tap cell0", "tap picker_next"]
    assert stage.attempt.facts["tap newest photo"] == {"x": 150, "y": 450, "by": "first thumbnail"}
    assert stage.took_s() == pytest.approx(33.0 + REST_S)


def test_a_photo_that_is_chosen_already_is_not_tapped() -> None:
    stage = image("chosen")
    stage.phone.on("tap picker_next", "filters")
    assert stage.ends_on(pick_images) == "filters"
    assert stage.touched == ["tap picker_next"]


def test_a_photo_that_does_not_say_that_it_is_chosen_is_gone_on_with_after_eight_seconds() -> None:
    stage = image("photo")
    assert stage.fails(pick_images) == (
        "ui_changed",
        "picker_post",
        "picker_next has no effect on picker_post",
    )
    assert stage.took_s() == 8.0 + 2 * 25.0
    assert stage.touched == ["tap cell0", "tap picker_next", "tap picker_next"]


def test_a_grid_that_is_empty_once_the_photo_is_tapped_says_nothing_against_it() -> None:
    stage = image("photo")
    stage.phone.on("tap cell0", {1.0: "nothing"})
    stage.phone.on("tap picker_next", "filters")
    assert stage.ends_on(pick_images) == "filters"
    assert stage.touched == ["tap cell0", "tap picker_next"]


def test_a_picker_that_goes_on_once_the_photo_is_tapped_is_not_touched_again() -> None:
    stage = image("photo")
    stage.phone.on("tap cell0", {2.0: "filters"})
    assert stage.ends_on(pick_images) == "filters"
    assert stage.touched == ["tap cell0"]
    assert stage.took_s() == 2.0


def test_a_thumbnail_that_lasts_is_no_photo() -> None:
    stage = image("a video first")
    stage.phone.on("tap cell1", "filters")
    assert stage.ends_on(pick_images) == "filters"
    assert stage.touched == ["tap cell1"]


def test_a_grid_without_photos_is_waited_for_then_left() -> None:
    stage = image({0: "videos", 3.0: "photo"})
    stage.phone.on("tap cell0", "filters")
    assert stage.ends_on(pick_images) == "filters"
    stage = image("videos")
    stage.phone.on("tap picker_cancel", "profile")
    assert stage.ends_on(pick_images) == "own_profile"
    assert stage.took_s() == 3.0
    assert stage.attempt.facts["the picker's grid does not show our file yet"] == {"tried": 1}


def test_a_grid_in_which_no_photo_comes_is_said_to_show_none() -> None:
    stage = image({0: "videos", 1.0: "nothing"})
    assert stage.fails(pick_images) == ("not_indexed", "picker_post", "the picker shows no photos")
    assert stage.touched == []


NEWER = "the picker shows a newer medium than the one that was tapped and is chosen"
ANOTHER = "the picker has chosen another medium than the one that was tapped"
PRESELECTED = {
    "another": post(PHOTO, cell(1, "chosen_thumbnail")),
    "a video": post(PHOTO, cell(1, "chosen_thumbnail"), lasts(1, "0:30")),
    "both": post(CHOSEN, cell(1, "chosen_thumbnail")),
}


@pytest.mark.parametrize("preselected", ["another", "a video"])
def test_what_the_picker_had_chosen_by_itself_is_never_gone_on_with_in_the_place_of_our_photo(
    preselected: str,
) -> None:
    """The picker opens with the newest medium chosen, and an app that still loads drops taps."""
    stage = image(preselected, **PRESELECTED)
    assert stage.fails(pick_images) == ("ui_changed", "picker_post", ANOTHER)
    assert stage.touched == ["tap cell0"]
    assert stage.took_s() == 8.0
    stage = image(preselected, **PRESELECTED)
    stage.phone.on("tap cell0", {3.0: "chosen"})
    stage.phone.on("tap picker_next", "filters")
    assert stage.ends_on(pick_images) == "filters"
    assert stage.took_s() == pytest.approx(3.0 + REST_S)


def test_a_second_medium_beside_our_photo_is_not_posted_with_it() -> None:
    stage = image("another", **PRESELECTED)
    stage.phone.on("tap cell0", "both")
    assert stage.fails(pick_images)[2] == ANOTHER
    assert stage.touched == ["tap cell0"]


def test_where_the_grid_moves_the_words_of_a_thumbnail_tell_that_it_is_chosen() -> None:
    before = post(cell(0, "first_photo", desc="Unselected Photo thumbnail created on Friday"))
    after = post(cell(3, "chosen_thumbnail", desc="Selected Photo thumbnail created on Friday"))
    stage = image("before", before=before, after=after)
    stage.phone.on("tap cell0", "after")
    stage.phone.on("tap picker_next", "filters")
    assert stage.ends_on(pick_images) == "filters"


def test_a_grid_that_was_read_anew_while_it_was_tapped_has_an_older_photo_chosen() -> None:
    """The picker still showed the gallery of before the push, where an older photo stood in the place of ours."""
    before = post(cell(0, "first_photo", desc="Unselected Photo thumbnail created on Friday"))
    after = post(
        cell(0, "first_photo", desc="Unselected Photo thumbnail created on Sunday"),
        cell(1, "chosen_thumbnail", desc="Selected Photo thumbnail created on Friday"),
    )
    stage = image("before", before=before, after=after)
    stage.phone.on("tap cell0", "after")
    assert stage.fails(pick_images) == ("ui_changed", "picker_post", NEWER)
    assert stage.touched == ["tap cell0"]


@pytest.mark.parametrize("after_s", [0.1, 0.4])
def test_a_picker_that_had_chosen_the_newest_by_itself_is_looked_at_once_more_before_going_on(
    after_s: float,
) -> None:
    """It opens with what it had read before the push, the newest of that chosen, and reads the gallery anew."""
    after = post(PHOTO, cell(1, "chosen_thumbnail"))
    stage = image({0: "chosen", after_s: "after"}, after=after)
    assert stage.fails(pick_images)[2] == ANOTHER
    assert stage.touched == []


def test_a_part_of_another_row_at_the_edge_is_no_newer_photo() -> None:
    before = post(cell(0, "first_photo", desc="Unselected Photo thumbnail created on Friday"))
    sliver = Part("thumbnails first_photo", (0, 151, 300, 300), desc="Unselected Photo thumbnail")
    after = post(sliver, cell(3, "chosen_thumbnail", desc="Selected Photo thumbnail created on Friday"))
    stage = image("before", before=before, after=after)
    stage.phone.on("tap cell0", "after")
    stage.phone.on("tap picker_next", "filters")
    assert stage.ends_on(pick_images) == "filters"


def test_a_newer_video_before_our_photo_does_not_matter() -> None:
    after = post(cell(0, "first_video"), lasts(0, "0:05"), cell(1, "chosen_thumbnail"))
    stage = image("a video first", after=after)
    stage.phone.on("tap cell1", "after")
    stage.phone.on("tap picker_next", "filters")
    assert stage.ends_on(pick_images) == "filters"


@pytest.mark.parametrize("button", [("picker_next",), ()], ids=["with a button", "goes on by itself"])
def test_a_reel_grid_that_was_read_anew_while_it_was_tapped_has_an_older_video_chosen(
    button: tuple[str, ...],
) -> None:
    """Of the same length as ours, so that its length does not tell it from ours."""
    words = "Video thumbnail created on Friday"
    before = reel(*button, cell(0, "first_video", desc=f"Unselected {words}"), lasts(0, "0:05"))
    after = reel(
        *button,
        cell(0, "first_video", desc="Unselected Video thumbnail created on Sunday"),
        lasts(0, "0:05"),
        cell(1, "chosen_thumbnail", desc=f"Selected {words}"),
        lasts(1, "0:05"),
    )
    stage = video("before", before=before, after=after)
    stage.phone.on("tap cell0", {0.0: "after", 5.0: "editor"})
    assert stage.fails(pick_video) == ("ui_changed", "picker_reel", NEWER)
    assert stage.touched == ["tap cell0"]


def test_a_picker_that_still_chooses_several_from_the_last_time_is_cleared_for_one_image() -> None:
    stage = image("on", **SEVERAL, chosen=post(CHOSEN, cell(1, "first_photo")))
    stage.phone.on("tap cell0", "on with none", "chosen")
    stage.phone.on("tap picker_next", "filters")
    assert stage.ends_on(pick_images) == "filters"
    assert stage.touched == ["tap cell0", "tap cell0", "tap picker_next"]


def test_a_video_that_was_chosen_by_itself_is_never_gone_on_with_in_the_place_of_ours() -> None:
    stage = video("grid", grid=reel("picker_next", *OURS, cell(1, "chosen_thumbnail"), lasts(1, "0:30")))
    assert stage.fails(pick_video)[2] == ANOTHER
    assert stage.touched == ["tap cell0"]


# -- several images -------------------------------------------------------------------------------------------------


def numbered(place: int, number: int) -> Part:
    return cell(
        place, f"numbered_thumbnails n{number}", desc=f"Selected media number {number}, created on 1.12."
    )


def grid(*chosen: int, multiple: str = "select_multiple", count: int = 3) -> Screen:
    """A grid of so many photos of which these places are chosen, in this order."""
    numbers = {place: number for number, place in enumerate(chosen, 1)}
    return post(
        multiple,
        *(
            numbered(place, numbers[place]) if place in numbers else cell(place, "first_photo")
            for place in range(count)
        ),
    )


SEVERAL = {
    "off": post(
        "select_multiple", cell(0, "chosen_thumbnail"), cell(1, "first_photo"), cell(2, "first_photo")
    ),
    "on": grid(0),
    "on with none": grid(),
    "one": grid(0, multiple="recents_title select_multiple"),
    "two": grid(0, 1),
    "backwards": grid(1, 0),
}


def test_several_are_switched_on_cleared_and_chosen_in_their_order() -> None:
    stage = image("off", 2, **SEVERAL)
    stage.phone.on("tap select_multiple", {4.0: "on"})
    stage.phone.on("tap cell0", {3.0: "on with none"}, "one")
    stage.phone.on("tap cell1", "two")
    stage.phone.on("tap picker_next", {25.0: "filters"})
    assert stage.ends_on(pick_images) == "filters"
    assert stage.touched == [
        "tap select_multiple",
        "tap cell0",
        "tap cell0",
        "tap cell1",
        "tap picker_next",
    ]
    assert stage.took_s() == pytest.approx(32.4)  # the grid must rest


def test_what_changes_before_several_are_on_is_waited_out() -> None:
    moving = post("select_multiple", cell(0, ""), cell(1, ""), Part("", text="One moment"))
    stage = image("off", 2, **SEVERAL, moving=moving)
    stage.phone.on("tap select_multiple", {1.0: "moving", 4.0: "on"})
    stage.phone.on("tap cell0", "profile")
    assert stage.ends_on(pick_images) == "own_profile"
    assert stage.took_s() == 4.0


def test_several_that_are_on_already_are_not_switched_off() -> None:
    stage = image("on", 2, **SEVERAL)
    stage.phone.on("tap cell0", "profile")
    assert stage.ends_on(pick_images) == "own_profile"
    assert stage.touched == ["tap cell0"]


def test_several_that_cannot_be_switched_on_end_the_attempt_after_four_seconds() -> None:
    stage = image("off", 2, **SEVERAL)
    told = "selecting several images cannot be turned on"
    assert stage.fails(pick_images) == ("ui_changed", "picker_post", told)
    assert stage.took_s() == 4.0
    assert stage.touched == ["tap select_multiple"]


def test_a_button_for_several_that_is_not_there_ends_the_attempt() -> None:
    stage = image("photo", 2)
    assert stage.fails(pick_images) == ("ui_changed", "picker_post", "select_multiple is not on picker_post")


def test_a_picker_that_leaves_when_several_are_switched_on_is_not_touched_again() -> None:
    stage = image("off", 2, **SEVERAL)
    stage.phone.on("tap select_multiple", {1.0: "filters"})
    assert stage.ends_on(pick_images) == "filters"
    assert stage.touched == ["tap select_multiple"]
    assert stage.took_s() == 1.0


def test_what_is_chosen_at_first_is_taken_off_one_touch_at_a_time_at_most_twenty_times() -> None:
    stage = image("two", 2, **SEVERAL)
    taken_off = "tap cell0"
    assert stage.fails(pick_images)[2] == "2 media are chosen before anything was tapped"
    assert stage.touched == [taken_off] * 20
    assert stage.took_s() == 20 * 3.0


def test_images_that_are_numbered_otherwise_than_they_were_tapped_are_not_posted() -> None:
    stage = image("on with none", 2, **SEVERAL)
    stage.phone.on("tap select_multiple", "on")
    stage.phone.on("tap cell0", "on with none", "one")
    stage.phone.on("tap cell1", "backwards")
    assert stage.fails(pick_images)[2] == "number 2 is not on the image that was tapped"
    assert "tap picker_next" not in stage.touched


def test_a_thumbnail_without_a_number_in_its_words_counts_as_none() -> None:
    odd = post("select_multiple", cell(0, "numbered_thumbnails", desc="Selected"), cell(1, "first_photo"))
    stage = image("odd", 2, odd=odd)
    assert stage.fails(pick_images)[2] == "choosing image 1 of 2 has no effect: 0 are chosen"


def test_the_video_of_a_story_is_picked_by_its_length_too() -> None:
    story = screen("picker_story", "picker_cancel", *OLD)
    stage = DrawnStage("instagram", SCREENS | {"story": story}, "story", media=[VIDEO], placement="story")
    stage.phone.on("tap picker_cancel", "profile")
    assert stage.ends_on(pick_video) == "own_profile"

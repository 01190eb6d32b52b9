"""Upload, then post exactly this: items of the library that a request names by their ids (R56)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.hub.settings import Media
from jobs.input.refusals import Invalid, NotFound
from jobs.library.library import Library
from jobs.media.paths import MediaRejected
from jobs.media.probe import check_again
from storage.records import Material, Outcome, Use
from tests.support.door import MEDIA, Door, free_box, refused


class Shelf(Door):
    """A door with a library beside it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, duplicate_window_minutes=0)
        self.library = Library(self.settings, self.store, self.clock, self.intake.probe)

    def upload(self, name: str, **fields: object) -> Material:
        like = "clip.mp4" if name.endswith(".mp4") else "photo.jpg"
        tail = free_box(name) if name.endswith(".mp4") else b"\0" + name.encode()
        return self.library.upload([(MEDIA / like).read_bytes() + tail], name, fields).view.material

    def use(self, material: Material) -> Use:
        return self.library.get(material.id).use


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    with Shelf(tmp_path) as made:
        yield made


def test_R56_exactly_these_items_are_posted_for_as_many_accounts_as_asked(shelf: Shelf) -> None:
    first, second = shelf.upload("a.mp4"), shelf.upload("b.mp4")
    for name in ("ann", "ben", "cas"):
        shelf.account(name)
    made = shelf.create(
        {"material_ids": [second.id, str(first.id)]}, serials=None, usernames=["ann", "ben", "cas"]
    )
    assert [task.materials[0].name for task in made.tasks] == ["b.mp4", "a.mp4", "b.mp4"]
    assert [task.materials[0].material_id for task in made.tasks] == [second.id, first.id, second.id]
    assert made.tasks[0].script_config["material_ids"] == [second.id, first.id]


def test_R56_images_become_one_post_in_the_order_given(shelf: Shelf) -> None:
    ids = [shelf.upload(f"{n}.jpg").id for n in range(3)]
    [task] = shelf.create({"content_type": 1, "material_ids": ids[::-1]}).tasks
    assert [file.material_id for file in task.materials] == ids[::-1]


def test_R56_used_marks_are_passed_by_and_written(shelf: Shelf) -> None:
    material = shelf.upload("a.mp4")
    for _ in range(2):
        [task] = shelf.create({"material_ids": [material.id]}).tasks
        shelf.end(task.id, Outcome.PUBLISHED)
        assert shelf.use(material) is Use.USED


def test_an_item_that_a_pending_task_names_is_reserved_and_free_again_when_it_ends_without_a_post(
    shelf: Shelf,
) -> None:
    material = shelf.upload("a.mp4")
    one, other = (shelf.create({"material_ids": [material.id]}).tasks[0] for _ in range(2))
    shelf.end(one.id, Outcome.NONE)
    assert shelf.use(material) is Use.RESERVED
    assert "no unused video is left" in shelf.errors({})["script_config.material_source"]
    shelf.end(other.id, Outcome.NONE)
    assert shelf.use(material) is Use.FREE
    assert shelf.create({}).tasks[0].materials[0].material_id == material.id


def test_an_item_is_not_removed_while_a_pending_task_names_it_though_it_was_used_before(shelf: Shelf) -> None:
    material = shelf.upload("a.mp4")
    shelf.end(shelf.create({"material_ids": [material.id]}).tasks[0].id, Outcome.PUBLISHED)
    [task] = shelf.create({"material_ids": [material.id]}, start_time="2027-11-01 18:30").tasks
    why = refused(lambda: shelf.library.remove(material.id), Invalid)[""]
    assert why == f"material {material.id} is needed by task {task.id}, which has not ended"
    shelf.end(task.id, Outcome.NONE)
    shelf.library.remove(material.id)


def test_R56_unknown_ids_are_named_all_of_them(shelf: Shelf) -> None:
    material = shelf.upload("a.mp4")
    problems = refused(lambda: shelf.create({"material_ids": [7, material.id, 9]}), NotFound)
    assert problems.keys() == {"script_config.material_ids[0]", "script_config.material_ids[2]"}
    assert "there is no material 9" in problems["script_config.material_ids[2]"]


def test_what_cannot_be_posted_is_refused_under_its_own_name(shelf: Shelf) -> None:
    photo = shelf.upload("a.jpg")
    assert shelf.errors({"material_ids": [photo.id]})["script_config.material_ids[0]"].startswith(
        '"a.jpg" holds'
    )
    both = {"material_ids": [photo.id], "material_list": ["a.mp4"]}
    shelf.file("a.mp4")
    assert "send one of the two" in shelf.errors(both)["script_config.material_ids"]
    assert shelf.errors({"material_ids": [0]}).keys() == {"script_config.material_ids[0]"}


def test_the_caption_of_an_item_wins_as_in_the_library(shelf: Shelf) -> None:
    material = shelf.upload("a.mp4", caption="of the item")
    made = shelf.create({"material_ids": [material.id], "captions": "of the request"})
    assert made.tasks[0].caption == "of the item"
    assert made.warnings == [
        f"script_config.captions: not used, the caption of material {material.id} decides instead"
    ]


def test_an_item_that_lies_outside_the_media_roots_is_posted_and_a_listed_file_is_not(shelf: Shelf) -> None:
    material = shelf.upload("a.mp4")
    [file] = shelf.create({"material_ids": [material.id]}).tasks[0].materials
    check_again(file, shelf.settings.media)
    shelf.file("b.mp4")
    [listed] = shelf.create({"material_list": ["b.mp4"]}).tasks[0].materials
    with pytest.raises(MediaRejected, match="no longer lies below"):
        check_again(listed, Media(roots=(str(shelf.folder / "elsewhere"),)))

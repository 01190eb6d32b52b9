"""The recogniser against screens that others labelled: what may be shown, touched, and what users' words may change."""

from __future__ import annotations

import pytest

from tests.support import eyes

needs_labels = pytest.mark.skipif(
    not any(folder.is_dir() for folder in eyes.FOLDERS), reason="no labelled screens here"
)


@pytest.fixture(scope="module")
def figures() -> eyes.Figures:
    return eyes.measure(turns=1)


@needs_labels
def test_every_labelled_screen_is_told_and_answered_as_labelled(figures: eyes.Figures) -> None:
    assert not figures.wrong


@needs_labels
def test_nothing_that_must_not_be_touched_is_next(figures: eyes.Figures) -> None:
    assert not figures.forbidden


@needs_labels
def test_no_tap_goes_to_what_covers_its_target(figures: eyes.Figures) -> None:
    assert not figures.covered


@needs_labels
def test_no_screen_of_the_way_is_seen_beneath_a_sheet(figures: eyes.Figures) -> None:
    assert not figures.beneath


@needs_labels
def test_what_people_wrote_changes_no_answer(figures: eyes.Figures) -> None:
    assert not figures.words


@needs_labels
@pytest.mark.long
def test_what_people_wrote_changes_no_answer_however_often_it_is_replaced() -> None:
    assert not eyes.measure(turns=12).words

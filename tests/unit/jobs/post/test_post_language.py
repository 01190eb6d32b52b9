"""An app is set to a language only while its screens cover that one, whatever was taught once and is off by now."""

from __future__ import annotations

from typing import cast

import pytest

from jobs.phone.app_language import Spoken
from jobs.phone.protocol import PhoneSession
from jobs.post.language import ensure_covered, language_to_be
from jobs.queue.turn import Turn
from jobs.task.attempt import ScriptFailed
from storage.error_codes import ErrorCode
from tests.support.clock import FakeClock
from tests.support.vocabularies import load

APP = "com.zhiliaoapp.musically"


@pytest.mark.parametrize("tag", ["nl-NL", "xx-XX"])
def test_no_app_is_set_to_a_language_whose_lessons_are_off(tag: str) -> None:
    spoken = Spoken(tag, can_set=True, phone=tag)
    vocabulary = load("tiktok", covered_only=True)
    assert "nl" not in vocabulary.covered
    assert language_to_be(spoken, vocabulary, "nl") == tag[:2], "it is not going to be set"
    turn = Turn("A", "works on task 1", clock=FakeClock(), lease_s=60.0)
    with pytest.raises(ScriptFailed) as refused:
        ensure_covered(turn, cast("PhoneSession", None), APP, vocabulary, set_to="nl", spoken=spoken)
    assert refused.value.code is ErrorCode.APP_LANGUAGE


def test_an_app_is_set_to_a_language_that_is_covered() -> None:
    spoken = Spoken("nl-NL", can_set=True, phone="nl-NL")
    assert language_to_be(spoken, load("tiktok", covered_only=True), "en-GB") == "en"

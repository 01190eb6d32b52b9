"""A request read by itself: what each refusal says, to the word and to the field, and what is only warned about."""

from __future__ import annotations

from typing import Any

import pytest

from jobs.input.fields import Findings
from jobs.input.refusals import Invalid, NoScript, Refused, UnknownScript
from jobs.intake.request import CreateRequest, read_request

WITHDRAWN = "min_interval, max_interval: withdrawn from the original API; still obeyed here, in minutes"


def read(**fields: Any) -> tuple[CreateRequest, dict[str, str], list[str]]:
    """The request, its problems by field, and its warnings."""
    findings = Findings()
    body = {"script_name": "post", "script_config": {}, "serials": ["A"]} | fields
    request = read_request({key: value for key, value in body.items() if value is not None}, findings)
    return request, {p.field: p.problem for p in findings.problems}, list(findings.warnings)


def said(kind: type[Refused], raw: Any) -> tuple[str, str]:
    with pytest.raises(kind) as refused:
        read_request(raw, Findings())
    (problem,) = refused.value.problems
    return problem.field, problem.problem


def test_a_plain_request_has_its_defaults_and_no_remark() -> None:
    request, problems, warnings = read()
    assert (problems, warnings) == ({}, [])
    assert (request.serials, request.usernames, request.start_time, request.platform) == (
        ("A",),
        (),
        "",
        None,
    )
    assert (request.dry_run, request.force, request.enable_multi_account) == (False, False, False)


def test_a_body_that_is_no_object_is_told_as_that() -> None:
    assert said(Invalid, ["post"]) == ("", "the body must be a JSON object")


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ({}, 'is missing; write "post"'),
        ({"script_name": "  "}, 'is missing; write "post"'),
        ({"script_name": 7}, 'is missing; write "post"'),
        ({"script_nmae": "post"}, 'is missing; "script_nmae" is not its name'),
        ({"scriptName": "post"}, 'is missing; "scriptName" is not its name'),
        ({"script": "post"}, 'is missing; "script" is not its name'),
        ({"data": {"script_name": "post"}}, 'is missing; it stands inside "data": send what is in there as the body'),
        ({"n": 1, "data": [{"script_name": "post"}]}, 'is missing; it stands inside "data": send what is in there as the body'),
        ({"data": [{"script_name": "post"}, {"script_name": "post"}]}, 'is missing; write "post"'),
        ({"data": {"serials": ["A"]}, "text": "script_name"}, 'is missing; write "post"'),
    ],
)  # fmt: skip
def test_a_missing_script_is_told_with_what_was_written_instead(raw: dict[str, Any], says: str) -> None:
    assert said(NoScript, raw) == ("script_name", says)


def test_another_script_is_named() -> None:
    assert said(UnknownScript, {"script_name": "nurture"}) == (
        "script_name", 'only "post" can be run, not "nurture"',
    )  # fmt: skip


def test_numbers_as_start_times_are_read_as_the_text_that_they_are() -> None:
    assert read(start_time=1830)[0].start_time == "1830"
    assert read(start_time=1_790_000_000.5)[0].start_time == "1790000000.5"
    assert "start_time" in read(start_time=True)[1]


def test_a_request_without_targets_asks_for_one_unless_a_wrong_one_was_named() -> None:
    assert read(serials=None)[1] == {"serials": "name at least one phone here, or an account in usernames"}
    assert read(serials=None, usernames=["anna"])[1] == {}
    assert list(read(serials=[7])[1]) == ["serials[0]"]
    assert list(read(serials=None, usernames=[7])[1]) == ["usernames[0]"]


def test_pauses_must_fit_each_other_and_are_warned_about_whichever_is_given() -> None:
    request, problems, warnings = read(min_interval=5, max_interval=9)
    assert (request.min_interval, request.max_interval, problems, warnings) == (5, 9, {}, [WITHDRAWN])
    assert read(min_interval=9, max_interval=5)[1] == {
        "min_interval": "must not be larger than max_interval (5)"
    }
    assert read(min_interval=5, max_interval=5)[1] == {}
    assert read(max_interval=5)[2] == [WITHDRAWN]
    assert read(min_interval=0)[2] == [WITHDRAWN]
    assert list(read(min_interval=5, max_interval=-1)[1]) == ["max_interval"]
    assert list(read(min_interval=-1, max_interval=5)[1]) == ["min_interval"]


def test_lists_are_kept_in_their_order() -> None:
    request, _, _ = read(serials=["B", "A"], usernames=["zoe", "anna"])
    assert (request.serials, request.usernames) == (("B", "A"), ("zoe", "anna"))

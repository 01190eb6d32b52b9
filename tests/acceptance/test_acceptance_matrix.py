"""Every supported combination is posted by the real daemon; the phones' own records say whether it is what was asked."""

from __future__ import annotations

import random

import pytest

from tests.support import matrix
from tests.support.matrix_bench import Bench

CASES = {"tiktok": matrix.tiktok_cases, "instagram": matrix.instagram_cases}


@pytest.mark.timeout(200)
def test_options_in_many_combinations_are_published_as_asked(hub):
    """Ten of each app, chosen so that they hold as many pairs of options as ten can."""
    cases = [case for app in CASES for case in matrix.covering(CASES[app](), most=10)]
    problems = Bench(hub).run(cases, 150)
    assert not problems, f"{len(problems)} of {len(cases)}:\n" + "\n".join(problems)


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("app", CASES)
def test_every_two_options_together_are_published_as_asked(hub, app):
    cases = matrix.covering(CASES[app]())
    problems = Bench(hub).run(cases, 240)
    assert not problems, f"{len(problems)} of {len(cases)}:\n" + "\n".join(problems)


@pytest.mark.long
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("app", CASES)
def test_the_full_product_is_published_as_asked(hub, app):
    cases = matrix.full(CASES[app]())
    random.Random(1).shuffle(cases)
    problems = Bench(hub).run(cases, 7000)
    print(f"{app}: {len(cases)} combinations, {len(cases) - len(problems)} as asked")
    assert not problems, f"{len(problems)} of {len(cases)}:\n" + "\n".join(problems)

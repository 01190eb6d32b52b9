"""Every supported combination is posted by the real daemon; the phones' own records say whether it is what was asked."""

from __future__ import annotations

import random

import pytest

from tests.support import matrix
from tests.support.daemon import until


class Bench:
    """A hub with every language and app version, a daemon on it, and posts by the hundred."""

    def __init__(self, hub, *, ahead=6):
        self.hub = hub(matrix.PHONES, *matrix.HUB)
        self.daemon = self.hub.start()
        self.ahead = ahead  #: tasks that wait for a phone at most, so that few files are pushed for nothing

    def account(self, case):
        serial = self.hub.phones.serials[case.phone]
        return next(
            a["username"]
            for a in self.hub.phones.accounts
            if a["serial"] == serial and a["platform"] == case.app
        )

    def run(self, cases, timeout_s):
        """Post them all, each phone's one after the other; what is not as asked."""
        asked = []
        for case in cases:
            one = matrix.with_files(case, self.hub.folder / "media" / "matrix", self.account(case))
            answer = self.daemon.call("POST", "/api/v1/task", one.body())
            assert answer["code"] == 0, (str(case), answer)
            asked.append((answer["data"]["task_ids"][0], one))
        until(
            lambda: self._waiting() == 0,
            timeout_s,
            "the end of all tasks",
        )
        ends = {task_id: self.daemon.task(task_id) for task_id, _ in asked}
        return matrix.judge(asked, ends, self.hub.posts(), self.log)

    def _waiting(self):
        stats = self.daemon.call("GET", "/api/v1/task/stats")["data"]
        return stats["pending"] + stats["running"]

    def log(self, task_id):
        return self.daemon.log_tail(task_id)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("app", ["tiktok", "instagram"])
def test_every_two_options_together_are_published_as_asked(hub, app):
    cases = matrix.covering(matrix.tiktok_cases() if app == "tiktok" else matrix.instagram_cases())
    problems = Bench(hub).run(cases, 240)
    assert not problems, f"{len(problems)} of {len(cases)}:\n" + "\n".join(problems)


@pytest.mark.long
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("app", ["tiktok", "instagram"])
def test_the_full_product_is_published_as_asked(hub, app):
    cases = matrix.full(matrix.tiktok_cases() if app == "tiktok" else matrix.instagram_cases())
    random.Random(1).shuffle(cases)
    problems = Bench(hub).run(cases, 7000)
    print(f"{app}: {len(cases)} combinations, {len(cases) - len(problems)} as asked")
    assert not problems, f"{len(problems)} of {len(cases)}:\n" + "\n".join(problems)

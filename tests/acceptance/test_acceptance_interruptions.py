"""Random interruptions on any screen, up to three per post: every post goes out exactly once, without help."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from tests.support import matrix
from tests.support.matrix_bench import Bench

APPS = ("tiktok", "instagram")


class Interrupted(Bench):
    """Each seed belongs to one phone and stands for one post in each app: what it asks for, and what comes between."""

    def __init__(self, hub):
        super().__init__(hub)
        self.cases = {app: {n: [] for n in range(matrix.PHONES)} for app in APPS}
        for case in matrix.full(matrix.tiktok_cases()) + matrix.full(matrix.instagram_cases()):
            self.cases[case.app][case.phone].append(case)
        self.told = set()  # phones with a story: a second one cannot be proven
        self.interruptions = Counter()

    def round(self, seeds):
        """One post in each app on as many phones as there are seeds."""
        asked = []
        for phone, seed in enumerate(seeds):
            chance = random.Random(seed)
            serial = self.hub.phones.serials[phone]
            for app in APPS:
                most = chance.randint(0, 3)
                for key, value in (("seed", seed), ("popups-left", most), ("popups", 0.35)):
                    self.hub.phones.simctl(serial, "set", f"{app}.{key}", str(value))
                case = chance.choice(
                    [c for c in self.cases[app][phone] if not (c.is_story and phone in self.told)]
                )
                self.told |= {phone} if case.is_story else set()
                asked.append(self.ask(case, stamp=f"-{seed}"))
        self.wait(120)
        ends = {}
        for task_id, one in asked:
            ends[task_id] = self.daemon.task(task_id)
            notes = [str(entry.get("note", "")) for entry in self.daemon.step_log(task_id)]
            met = sum(note.startswith("dismissing") and "permission" not in note for note in notes)
            self.interruptions[one.case.app, met] += 1
        return asked, ends

    def run_seeds(self, seeds):
        """All seeds, as many at a time as there are phones; what is not as asked."""
        asked, ends = [], {}
        for start in range(0, len(seeds), matrix.PHONES):
            more, ended = self.round(seeds[start : start + matrix.PHONES])
            asked += more
            ends |= ended
        return matrix.judge(asked, ends, self.hub.posts(), self.daemon.log_tail)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("seeds", [4, pytest.param(matrix.PHONES, marks=pytest.mark.long)])
def test_posts_with_up_to_three_interruptions_go_out_exactly_once(hub, seeds):
    problems = Interrupted(hub).run_seeds(range(1, 1 + seeds))
    assert not problems, f"{len(problems)}:\n" + "\n".join(problems)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_two_hundred_seeds_of_interruptions_publish_exactly_once(hub):
    bench = Interrupted(hub)
    problems = bench.run_seeds(range(1, 201))
    print("interruptions met per post:", dict(sorted(bench.interruptions.items())))
    assert not problems, f"{len(problems)}:\n" + "\n".join(problems)

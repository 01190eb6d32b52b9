"""The judge of a crowd of clients: what a call forbids counts by the order of events alone.

What was answered before a commit point was written must not be posted by it; what was under way then may or may not.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from storage.records import Occurrence, Task
from tests.support.crowd_order import Asked, surely
from tests.support.crowd_world import ROUND_S, CrowdHub
from tests.support.never_twice import Post

AGAIN = frozenset({"retry", "retry-all"})


class CrowdPost(Post, frozen=True, kw_only=True):
    """A post, and when its commit point was written: by the count of events, and by the clock."""

    stamp: int
    committed_at: float


class JudgedCrowd(CrowdHub):
    """Phones, and a judge that knows what was asked when. What the clients do: `WorldOfCrowd`."""

    posts: list[CrowdPost]  # type: ignore[assignment]

    def _judge(self, task: Task, account: str, began: int) -> None:
        stamp, at = self.commits[task.id]
        calls = [*self.asked[task.id], *self.asked_of_all]
        again = any(one.kind in AGAIN and one.may_count and _is_of(one, task.id) for one in calls)
        retried = task.retry_count > 0 or (again and task.due_at != task.scheduled_at)
        post = CrowdPost(task=task, platform=task.platform, account=account, retried=retried, at=self.clock.now(),
                         step=self.number, stamp=stamp, committed_at=at)  # fmt: skip
        if why := surely(calls, lambda one: one.kind in {"stop", "delete"} and task.id in one.facts["ids"],
                         lambda one: one.kind in AGAIN and _is_of(one, task.id), stamp):  # fmt: skip
            self.wrong(f"task {task.id} was posted, though nothing asks for it: {why}")
        if why := surely(calls, lambda one: one.kind == "hold",
                         lambda one: one.kind in AGAIN | {"release"} and _is_of(one, task.id), stamp):  # fmt: skip
            self.wrong(f"task {task.id} was posted, though it is held: {why}")
        if task.username not in {"", account}:
            self.wrong(f"task {task.id} for @{task.username} was posted to @{account}")
        for name, named in ((account, False), (task.username, True)):
            if (history := self.histories.get((name, task.platform))) is not None:
                reasons = [state.why_not(task.serial, named=named) for state in history.possible(stamp)]
                if all(reasons):
                    self.wrong(f"task {task.id} on {task.serial} was posted to @{name}, which is {reasons}")
        for what in (task.serial, (task.username, task.platform)):
            if task.username in {"", account} and all(self.paused[what].possible(self.claims[task.id])):
                self.wrong(f"task {task.id} was begun and posted, though {what} is paused")
        self._judge_plan(task, stamp)
        self._judge_slot(task, again=again)
        self._judge_pace(post, began)
        for earlier in self.posts:
            self._judge_repeat(post, earlier)
        self.posts.append(post)
        self.counts["posts"] += 1
        self.counts["posts of slots"] += task.id in self.occurrences

    def _judge_plan(self, task: Task, stamp: int) -> None:
        changes = [one for one in self.asked[task.id] if one.kind == "change" and one.may_count]
        if any(one.code is None for one in changes):
            return
        newest = max(
            (one for one in changes if one.end < stamp), key=lambda one: one.facts["version"], default=None
        )
        plan = (task.caption, [file.name for file in task.materials], task.username)
        if newest is not None and task.version < newest.facts["version"]:
            self.wrong(f"task {task.id} posted version {task.version}, before {newest}")
        known = [one for one in changes if one.facts["version"] <= task.version]
        last = max(known, key=lambda one: one.facts["version"], default=None)
        if last is not None and last.facts["plan"] != plan:
            self.wrong(f"task {task.id} posted {plan}, and its last change says {last}")

    def _judge_slot(self, task: Task, *, again: bool) -> None:
        occurrence = self.occurrences.get(task.id)
        if occurrence is None:
            return
        for earlier in self.posts:
            other = self.occurrences.get(earlier.task.id)
            if other is not None and earlier.task.id != task.id and _key(other) == _key(occurrence):
                self.wrong(f"tasks {earlier.task.id} and {task.id} were both posted for {occurrence}")
        for write in self.asked_of_slots[occurrence.slot_id]:
            taken_back = (
                write.good and self.born[task.id][0] < write.start and write.end < self.readied[task.id]
            )
            if taken_back and occurrence.at > write.facts["now"] + ROUND_S and not task.version and not again:
                self.wrong(f"task {task.id} of {occurrence} was posted, though it was taken back by {write}")

    def _judge_pace(self, post: CrowdPost, began: int) -> None:
        configs = [one.posting for one in self.configs.possible(began, post.stamp)]
        mine = [one for one in self.posts if (one.platform, one.account) == (post.platform, post.account)
                and not self._denied(one, post.stamp)]  # fmt: skip
        gap_s = 60.0 * min(one.min_gap_minutes for one in configs)
        for earlier in mine:
            if 0 <= post.committed_at - earlier.committed_at < gap_s:
                self.wrong(f"task {post.task.id} leaves no {gap_s} s after task {earlier.task.id}")
        if post.committed_at != self.clock.now():
            return  # midnight may have come in between
        broken = []
        for posting in configs:
            day = _day(post.committed_at, posting.timezone)
            count = sum(_day(one.committed_at, posting.timezone) == day for one in mine)
            broken.append(0 < posting.max_per_day <= count)
        if all(broken):
            self.wrong(f"task {post.task.id} is one more than a day's {configs}")

    def _judge_repeat(self, post: CrowdPost, earlier: CrowdPost) -> None:
        task = post.task
        told = self._confirmed(task.id, self.born[earlier.task.id][0], post.stamp)
        if earlier.key == post.key:
            if not told and not self._apart(post, earlier):
                self.wrong(
                    f"task {task.id} repeats task {earlier.task.id} on @{post.account}: {post}, {earlier}"
                )
            return
        pooled = {f.sha256 for f in task.materials if f.root} & {
            f.sha256 for f in earlier.task.materials if f.root
        }
        if pooled and not (task.forced or told or self._denied(earlier, post.stamp)):
            self.wrong(f"task {task.id} uses the pooled file of task {earlier.task.id} again")

    def _apart(self, post: CrowdPost, earlier: CrowdPost) -> bool:
        if post.task.forced:
            return True
        if earlier.task.id == post.task.id:
            return self._denied(earlier, post.stamp)
        return self._planned_apart(post, earlier)

    def _denied(self, post: CrowdPost, until: int) -> bool:
        """Whether a person may have said that this post is not there."""
        return self._confirmed(post.task.id, post.stamp, until)

    def _confirmed(self, number: int, since: int, until: int) -> bool:
        return any(one.kind == "retry" and one.may_count and one.facts.get("confirm") and one.start < until
                   and one.end > since for one in self.asked[number])  # fmt: skip

    def _is_denied(self, post: Post) -> bool:
        assert isinstance(post, CrowdPost)
        return self._denied(post, self.stamp())


def _is_of(one: Asked, number: int) -> bool:
    """Whether a call may have been about this task: it names it, or is about all and was not heard."""
    return number in one.facts.get("ids", (number,))


def _key(one: Occurrence) -> tuple[int, str, str, str]:
    return one.slot_id, one.day, one.time, one.username.casefold()


def _day(at: float, zone: str) -> str:
    return datetime.fromtimestamp(at, ZoneInfo(zone or "UTC")).date().isoformat()

"""Reads which account the app shows and switches to the task's one; posts only under the right name."""

from __future__ import annotations

import re
from collections.abc import Callable

from jobs.content.plan import same_user
from jobs.hub.platforms import facts
from jobs.phone.screen.tree import Node
from jobs.post.flow.account_rows import labelled_nodes
from jobs.post.flow.driver import stuck
from jobs.post.flow.flow import Flow
from jobs.post.screens.element import Element, same_row
from jobs.post.screens.labels import normalise
from jobs.post.screens.recognise import Sight
from jobs.task.attempt import ScriptFailed
from storage.error_codes import ErrorCode

#: More accounts than this no app keeps on one phone; each try is a real switch.
MAX_TRIES = 8
#: Rows that do something else than show an account, as far as they say so in English. Such a word in an account's own
#: name costs the try of that row alone.
_DOES_SOMETHING = re.compile(
    r"\b(log ?(in|out)|sign (in|up|out)|switch|manage|create|add|edit|remove|delete|verify|settings|help|learn more"
    r"|personal|professional|business|creator)\b"
)


class Switcher:
    """Brings the task's account to the front, on the app's own profile."""

    def __init__(
        self, flow: Flow, read: Callable[[Sight], str], unclear: Callable[[Sight], str] = lambda _: ""
    ) -> None:
        """`read` gives the account's name on an own-profile sight, without "@"; "" when it cannot be read. `unclear`
        says why not, where a person can change that.
        """
        self._flow = flow
        self._read = read
        self._unclear = unclear
        self._tried: set[str] = set()

    def ensure(self, sight: Sight) -> Sight:
        """Be on the own profile of the task's account; returns that sight.

        Raises:
            ScriptFailed: `wrong_account` when the account is not on this phone or the app did not switch.
        """
        flow = self._flow
        wanted = flow.plan.username
        for _ in range(MAX_TRIES + 1):
            name = self._read(sight)
            if not name:
                sight = flow.driver.wait_change(sight, 2.0)
                name = self._read(sight)
            unclear = "" if name else self._unclear(sight)
            if not name and not wanted:
                why = unclear or "the profile does not show it"
                flow.attempt.note(f"the account cannot be read, so its name is not known: {why}")
                flow.attempt.see_account("")
                return sight
            if unclear:
                raise ScriptFailed(ErrorCode.WRONG_ACCOUNT, unclear, step="account")
            if not name:
                raise stuck(sight, "the account's name cannot be read from the profile")
            flow.account_seen = name
            flow.attempt.see_account(name)
            if not wanted or same_user(name, wanted):
                flow.attempt.note("account seen", account=name)
                return sight
            flow.attempt.note("another account is shown", shown=name, wanted=wanted)
            sight = self._switch(sight, name)
        raise ScriptFailed(ErrorCode.WRONG_ACCOUNT, f"the app does not switch to {wanted}", step="account")

    def _switch(self, sight: Sight, shown: str) -> Sight:
        flow = self._flow
        with flow.attempt.step("switch account", wanted=flow.plan.username):
            sheet = flow.press(sight, "account_name")
            sheet = flow.reach(sheet, "account_sheet")
            row = self._row(sheet, shown)
            self._tried.add(normalise(row.text or row.content_desc))
            flow.driver.tap(Element("account_row", row, "the row that names the account"))
            sight = flow.driver.until(sheet, lambda s: s.name != "account_sheet", 8.0)
            flow.account_switched()
            return self._profile_again(sight, shown)

    def _profile_again(self, sight: Sight, shown: str) -> Sight:
        """The profile of the account that was switched to; the app may restart at its feed."""
        flow = self._flow
        sight = flow.reach(sight, "own_profile", "home", timeout_s=30.0)
        if sight.name == "home":
            sight = flow.press(sight, "profile_tab")
            sight = flow.reach(sight, "own_profile")
        if same_user(self._read(sight), shown):  # the old name stands until the new profile is loaded
            sight = flow.driver.until(sight, lambda s: not same_user(self._read(s), shown), 5.0)
            sight = flow.reach(sight, "own_profile")
        return sight

    def _row(self, sheet: Sight, shown: str) -> Node:
        """The row to tap: by handle, by display name, else one not tried yet where names cannot be told."""
        flow = self._flow
        wanted = flow.plan.username
        rows = self._rows(sheet)
        labels = [normalise(n.text or n.content_desc) for n in rows]
        flow.attempt.note("accounts on the phone", rows=[n.text or n.content_desc for n in rows])
        names = {normalise(wanted), normalise("@" + wanted)}
        for row, label in zip(rows, labels, strict=True):
            if label in names or label.partition(",")[0].strip() in names:
                return row
        account = flow.attempt.account
        display = normalise(account.display_name) if account else ""
        if display:
            same = [
                row
                for row, label in zip(rows, labels, strict=True)
                if label == display and label not in self._tried
            ]
            if same:
                return same[0]
        elif not facts(flow.plan.platform).rows_show_handles:
            # The rows show display names: without one to compare, each switch is checked by the handle.
            current = self._current_labels(sheet, shown)
            for row, label in zip(rows, labels, strict=True):
                if label not in self._tried and label not in current and not _does_something(row, rows):
                    return row
        raise ScriptFailed(
            ErrorCode.WRONG_ACCOUNT,
            f"the account {wanted} is not among those on this phone (shown: {shown})",
            step="account",
        )

    def _rows(self, sheet: Sight) -> list[Node]:
        """Labelled nodes of the sheet that can be account rows, top to bottom, each label once."""
        rows: dict[str, Node] = {}
        for node in labelled_nodes(sheet, self._flow.need(sheet, "add_account_row").node):
            rows.setdefault(normalise(node.text or node.content_desc), node)
        return list(rows.values())

    @staticmethod
    def _current_labels(sheet: Sight, shown: str) -> set[str]:
        """Labels of the row that is marked as the current account."""
        marked = {normalise(n.text or n.content_desc) for n in sheet.index.nodes if n.selected or n.checked}
        return marked | {normalise(shown), normalise("@" + shown)}


def _does_something(row: Node, rows: list[Node]) -> bool:
    """Whether a row, or what stands beside it, says that a touch does more than choose an account."""
    beside = [n for n in rows if same_row(n.bounds, row.bounds)]
    return any(_DOES_SOMETHING.search(normalise(n.text or n.content_desc)) for n in beside)

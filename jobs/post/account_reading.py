"""Reads which accounts an app shows as logged in. Looks only: it opens the account switcher and closes it again."""

from __future__ import annotations

from jobs.content.plan import same_user
from jobs.hub.clock import Deadline
from jobs.hub.platforms import facts
from jobs.phone.protocol import PhoneSession
from jobs.post.apps import APPS
from jobs.post.flow.account_rows import account_rows
from jobs.post.flow.driver import stuck
from jobs.post.flow.screen_walk import ScreenWalk
from jobs.post.screens.labels import normalise
from jobs.post.screens.recognise import Sight
from jobs.post.screens.screens_file import Vocabulary
from jobs.task.attempt import Visit

#: The sheet slides in and fills: its rows count once they have stayed the same for this time.
ROWS_STAY_S = 0.7
ROWS_REST_S = 5.0
#: How long a dialog may stay in front that may go away by itself.
DIALOG_PATIENCE_S = 3.0
#: More screens than this lie on no way to the switcher.
MAX_SCREENS = 10


class AccountReader(ScreenWalk):
    """One look at one app's account switcher. It logs no account in, switches nothing, and dismisses nothing.

    The only elements that it taps are the profile tab and the account's name; the switcher is closed by BACK.
    """

    def __init__(
        self,
        visit: Visit,
        phone: PhoneSession,
        package: str,
        *,
        vocabulary: Vocabulary,
        patience_s: float,
    ) -> None:
        """`patience_s`: how long a screen may stay unknown."""
        super().__init__(visit, phone, package, vocabulary=vocabulary, patience_s=patience_s)
        self._facts = facts(vocabulary.platform)
        self._app = self._facts.title
        self._visible_account = APPS[vocabulary.platform].visible_account

    def read(self) -> list[str]:
        """The names of the accounts: handles where the app shows them, else display names; the current one first.

        Raises:
            ScriptFailed: A person is needed, or the app is not as the screens files say.
            PhoneError, StopRequested, LeaseLost: As the phone's session and the visit raise them.
        """
        self.phone.wake()
        self.driver.app_version = self.phone.app_version(self.package)
        self.open_app()
        with self.attempt.step("open the account switcher"):
            profile = self._own_profile()
            current = self._current(profile)
            title = profile.find("account_name")
            sheet = self._press(profile, "account_name")
            if sheet.name != "account_sheet":
                raise stuck(
                    sheet, f"the account switcher of {self._app} did not open: {sheet.name} came instead"
                )
        try:
            return self._names(sheet, current, title.says if title else "")
        finally:
            self._close(sheet)

    # --- the way ------------------------------------------------------------------------------------------

    def _own_profile(self) -> Sight:
        """The app's own profile, by its profile tab; something half-done that is open is left by a fresh start."""
        sight = self.wait_until_known(self.driver.observe())
        fresh = False
        for _ in range(MAX_SCREENS):
            if sight.name == "own_profile":
                return sight
            if sight.name == "account_sheet":
                sight = self.wait_until_known(self._close(sight))
            elif sight.name == "home":
                sight = self._press(sight, "profile_tab")
            elif not fresh:
                fresh = True
                sight = self.wait_until_known(self.fresh_start(f"{sight.name} was left open"))
            else:
                break
        raise stuck(sight, f"{self._app} shows {sight.name}, from where there is no way to its own profile")

    def _current(self, profile: Sight) -> str:
        name = self._visible_account(profile)
        if not name:
            profile = self.driver.until(profile, lambda s: bool(self._visible_account(s)), 2.0)
            name = self._visible_account(profile)
        if not name:
            raise stuck(profile, f"the account's name cannot be read from the profile of {self._app}")
        return name

    def _press(self, sight: Sight, element: str) -> Sight:
        return self.wait_until_known(self.press(sight, element))

    def _close(self, sheet: Sight) -> Sight:
        """Close the switcher; BACK does that."""
        for _ in range(2):
            self.driver.back("closes the account switcher")
            sheet = self.driver.until(sheet, lambda s: s.name != "account_sheet", 4.0)
            if sheet.name != "account_sheet":
                break
        return sheet

    def dismiss(self, sight: Sight) -> Sight:
        """Wait for a dialog to pass: nothing is tapped to make it go."""
        after = self.driver.until(sight, lambda s: s.kind != "interruption", DIALOG_PATIENCE_S)
        if after.kind == "interruption":
            raise stuck(after, f"{self._app} shows {after.name}: close it on the phone, then ask again")
        return after

    # --- the rows -----------------------------------------------------------------------------------------

    def _names(self, sheet: Sight, current: str, shown_as: str) -> list[str]:
        sheet, names = self._rows_at_rest(sheet)
        rows = account_rows(sheet)
        self.attempt.note("accounts on the phone", current=current, rows=names)
        if not rows:
            raise stuck(sheet, f"no account can be read from the account switcher of {self._app}")
        if self._facts.rows_show_handles and not any(same_user(n, current) for n in names):
            raise stuck(
                sheet, f"the account switcher of {self._app} does not show {current}, whose profile is open"
            )
        mine = [row for row in rows if row.current]
        if not mine:
            mine = [row for row in rows if normalise(row.name) == normalise(shown_as)][:1]
        others = [row.name for row in rows if row not in mine and not same_user(row.name, current)]
        return [current, *others]

    def _rows_at_rest(self, sheet: Sight) -> tuple[Sight, list[str]]:
        deadline = Deadline(self.attempt.clock, ROWS_REST_S)
        names: list[str] = []
        while True:
            before, names = names, [row.name for row in account_rows(sheet)]
            if names and names == before:
                return sheet, names
            if deadline.expired:
                return sheet, names
            sheet = self.driver.wait_change(sheet, deadline.within(ROWS_STAY_S))

"""Reads which accounts an app shows as logged in. Looks only: it opens the account switcher and closes it again."""

from __future__ import annotations

from jobs.content.plan import same_user
from jobs.hub.clock import Deadline
from jobs.hub.platforms import facts
from jobs.phone.protocol import PhoneSession
from jobs.post.apps import APPS
from jobs.post.flow.account_rows import account_rows
from jobs.post.flow.driver import ScreenDriver
from jobs.post.flow.screen_walk import EFFECT_S, START_PATIENCE_S
from jobs.post.screens.labels import normalise
from jobs.post.screens.recognise import Sight
from jobs.post.screens.screens_file import Vocabulary
from jobs.task.attempt import ScriptFailed, Visit
from storage.error_codes import ErrorCode

#: The only elements that are ever tapped here; the switcher is closed by BACK.
TAPPED = frozenset({"profile_tab", "account_name"})
#: The sheet slides in and fills: its rows count once they have stayed the same for so long.
ROWS_STAY_S = 0.7
ROWS_REST_S = 5.0
#: How long a dialog may stay in front that may go away by itself.
DIALOG_PATIENCE_S = 3.0
#: More screens than this lie on no way to the switcher.
MAX_SCREENS = 10
STEP = "read the accounts"


class AccountReader:
    """One look at one app's account switcher. It logs nobody in, switches nothing, and dismisses nothing."""

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
        self._visit = visit
        self._phone = phone
        self._package = package
        self._driver = ScreenDriver(visit, phone, vocabulary)
        self._patience_s = patience_s
        self._facts = facts(vocabulary.platform)
        self._app = self._facts.title
        self._handle_of = APPS[vocabulary.platform].visible_account
        self._starting = True  #: the app may still show its splash

    def read(self) -> list[str]:
        """The names of the accounts: handles where the app shows them, else display names; the current one first.

        Raises:
            ScriptFailed: A person is needed, or the app is not as the screens files say.
            PhoneError, StopRequested, LeaseLost: As the phone's session and the visit raise them.
        """
        with self._visit.step("open app"):
            self._phone.wake()
            self._driver.app_version = self._phone.app_version(self._package)
            self._phone.app_start(self._package)
        with self._visit.step("open the account switcher"):
            profile = self._own_profile()
            current = self._current(profile)
            title = profile.find("account_name")
            sheet = self._press(profile, "account_name")
            if sheet.name != "account_sheet":
                raise self._unlike(
                    f"the account switcher of {self._app} did not open: {sheet.name} came instead"
                )
        try:
            return self._names(sheet, current, title.says if title else "")
        finally:
            self._close(sheet)

    # --- the way ------------------------------------------------------------------------------------------

    def _own_profile(self) -> Sight:
        """The app's own profile, by its profile tab; something half-done that is open is left by a fresh start."""
        sight = self._known(self._driver.observe())
        fresh = False
        for _ in range(MAX_SCREENS):
            if sight.name == "own_profile":
                return sight
            if sight.name == "account_sheet":
                sight = self._known(self._close(sight))
            elif sight.name == "home":
                sight = self._press(sight, "profile_tab")
            elif not fresh:
                fresh = True
                self._visit.note(f"starting the app afresh: {sight.name} was left open")
                self._phone.app_stop(self._package)
                self._phone.app_start(self._package)
                self._starting = True
                sight = self._known(self._driver.observe())
            else:
                break
        raise self._unlike(f"{self._app} shows {sight.name}, from where there is no way to its own profile")

    def _current(self, profile: Sight) -> str:
        name = self._handle_of(profile)
        if not name:
            profile = self._driver.until(profile, lambda s: bool(self._handle_of(s)), 2.0)
            name = self._handle_of(profile)
        if not name:
            raise self._unlike(f"the account's name cannot be read from the profile of {self._app}")
        return name

    def _press(self, sight: Sight, element: str) -> Sight:
        """Tap one of the few elements and wait for another screen; once more when nothing at all happens."""
        if element not in TAPPED:
            raise ValueError(element)
        name = sight.name
        for _ in range(2):
            found = sight.find(element)
            if found is None:
                raise self._unlike(f"{self._app} shows no {element} on {name}")
            self._driver.tap(found)
            sight = self._known(self._driver.until(sight, lambda s: s.name != name, EFFECT_S))
            if sight.name != name:
                return sight
        raise self._unlike(f"{element} of {self._app} has no effect on {name}")

    def _close(self, sheet: Sight) -> Sight:
        """Close the switcher; BACK does that."""
        for _ in range(2):
            self._driver.back("closes the account switcher")
            sheet = self._driver.until(sheet, lambda s: s.name != "account_sheet", 4.0)
            if sheet.name != "account_sheet":
                break
        return sheet

    def _known(self, sight: Sight) -> Sight:
        """Wait through unknown moments and dialogs that pass; nothing is tapped to make them go.

        Raises:
            ScriptFailed: A person is needed, or the screen stays as it is.
        """
        clock = self._visit.clock
        kind, deadline = "", Deadline(clock, 0.0)
        while True:
            self._visit.check()
            if sight.kind == "human" and sight.screen is not None:
                raise ScriptFailed(sight.screen.error, sight.screen.says or sight.name, step=STEP)
            if sight.kind not in {"unknown", "interruption"}:
                self._starting = False
                return sight
            if sight.kind != kind:
                kind, deadline = sight.kind, Deadline(clock, self._patience_for(sight))
            elif deadline.expired:
                raise self._in_the_way(sight)
            sight = self._driver.wait_change(sight, deadline.remaining_s)

    def _patience_for(self, sight: Sight) -> float:
        if sight.kind == "interruption":
            return DIALOG_PATIENCE_S
        return max(self._patience_s, START_PATIENCE_S) if self._starting else self._patience_s

    def _in_the_way(self, sight: Sight) -> ScriptFailed:
        if sight.kind == "interruption":
            return self._unlike(f"{self._app} shows {sight.name}: close it on the phone, then ask again")
        front = self._phone.foreground_package()
        if front and front not in self._driver.vocabulary.packages:
            return ScriptFailed(ErrorCode.APP_CRASHED, f"{front} is in front, not {self._package}", step=STEP)
        return self._unlike(f"{self._app} stays on a screen that is not known")

    # --- the rows -----------------------------------------------------------------------------------------

    def _names(self, sheet: Sight, current: str, shown_as: str) -> list[str]:
        sheet, names = self._rows_at_rest(sheet)
        rows = account_rows(sheet)
        self._visit.note("accounts on the phone", current=current, rows=names)
        if not rows:
            raise self._unlike(f"no account can be read from the account switcher of {self._app}")
        if self._facts.rows_show_handles and not any(same_user(n, current) for n in names):
            raise self._unlike(
                f"the account switcher of {self._app} does not show {current}, whose profile is open"
            )
        mine = [row for row in rows if row.current]
        if not mine:
            mine = [row for row in rows if normalise(row.name) == normalise(shown_as)][:1]
        others = [row.name for row in rows if row not in mine and not same_user(row.name, current)]
        return [current, *others]

    def _rows_at_rest(self, sheet: Sight) -> tuple[Sight, list[str]]:
        deadline = Deadline(self._visit.clock, ROWS_REST_S)
        names: list[str] = []
        while True:
            before, names = names, [row.name for row in account_rows(sheet)]
            if names and names == before:
                return sheet, names
            if deadline.expired:
                return sheet, names
            sheet = self._driver.wait_change(sheet, deadline.within(ROWS_STAY_S))

    def _unlike(self, why: str) -> ScriptFailed:
        """The app is not as the screens files say."""
        return ScriptFailed(ErrorCode.UI_CHANGED, why, step=STEP)

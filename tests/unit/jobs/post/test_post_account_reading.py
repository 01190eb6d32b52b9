"""Reading the accounts that an app shows: whose rows they are, and that nothing is touched but the way to them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest

from jobs.hub.clock import Deadline
from jobs.hub.settings import Settings
from jobs.phone.screen.tree import UiTree, parse_xml
from jobs.post.account_reading import AccountReader
from jobs.post.flow.account_rows import account_rows
from jobs.post.screens.recognise import recognise
from jobs.post.screens.screens_file import Vocabulary
from jobs.post.script import PostScript
from jobs.task.attempt import ScriptFailed
from tests.support.clock import WaitingClock
from tests.support.vocabularies import shipped_screens

TIKTOK, INSTAGRAM = "com.zhiliaoapp.musically", "com.instagram.android"
SCRIPT = PostScript(Settings(), vocabularies=shipped_screens())


def words(package: str) -> Vocabulary:
    return SCRIPT.vocabulary("tiktok" if package == TIKTOK else "instagram", package)


def node(box: str, *inside: str, text: str = "", desc: str = "", rid: str = "", flags: str = "") -> str:
    """C in `flags` is clickable, S selected; `{app}` becomes the package."""
    attributes = {
        "bounds": box, "text": text, "content-desc": desc, "resource-id": f"{{app}}:id/{rid}" if rid else "",
        "class": "android.widget.FrameLayout" if inside else "android.widget.TextView", "package": "{app}",
        "clickable": str("C" in flags).lower(), "selected": str("S" in flags).lower(), "enabled": "true",
    }  # fmt: skip
    shown = " ".join(f'{name}="{value}"' for name, value in attributes.items())
    return f"<node {shown}>{''.join(inside)}</node>"


def page(package: str, *nodes: str) -> str:
    whole = node("[0,0][1080,2400]", *nodes)
    return f"<hierarchy>{whole}</hierarchy>".replace("{app}", package)


# --- TikTok -----------------------------------------------------------------------------------------------

TABS = (
    node("[0,2208][216,2337]", desc="Home", flags="C"),
    node("[432,2208][648,2337]", desc="Create", flags="C"),
    node("[864,2208][1080,2337]", desc="Profile", flags="C"),
)
HOME = page(TIKTOK, *TABS)


def tiktok_profile(handle: str = "@alice", name: str = "Alice A") -> str:
    top = node("[300,150][780,270]", text=name, flags="C")
    edit = node("[250,920][830,1030]", text="Edit profile", flags="C")
    return page(TIKTOK, top, node("[340,640][740,710]", text=handle), edit, *TABS)


def tiktok_sheet(*rows: str, behind: str = "") -> str:
    title = node("[300,1640][780,1710]", text="Switch account")
    add = node("[0,2187][1080,2337]", node("[190,2227][800,2297]", text="Add account"), desc="", flags="C")
    return page(TIKTOK, behind, node("[0,1600][1080,2337]", title, *rows, add))


def row(place: int, *inside: str, flags: str = "C") -> str:
    top = 1737 + 150 * place
    return node(f"[0,{top}][1080,{top + 150}]", *inside, flags=flags)


def label(place: int, text: str, *, left: int = 190, line: int = 0) -> str:
    top = 1737 + 150 * place + 20 + 60 * line
    return node(f"[{left},{top}][{left + 500},{top + 50}]", text=text)


# --- Instagram --------------------------------------------------------------------------------------------


def instagram_profile(name: str = "alice") -> str:
    return page(
        INSTAGRAM,
        node("[0,60][100,180]", desc="Create New", flags="C"),
        node("[200,60][800,180]", node("[300,60][700,180]", text=name, rid="action_bar_title"),
             rid="action_bar_username_container", flags="C"),
        node("[30,700][500,780]", desc="Edit profile", flags="C"),
        node("[864,2140][1080,2270]", desc="Profile", rid="profile_tab", flags="CS"),
        node("[0,2140][216,2270]", desc="Home", rid="feed_tab", flags="C"),
    )  # fmt: skip


def instagram_sheet(
    *names: str, selected: str = "alice", ends: tuple[str, ...] = ("Add Instagram account",)
) -> str:
    leaks = (
        node("[0,1500][300,1600]", desc="295followers", flags="C"),
        node("[0,1700][300,1760]", text="Sample text"),
    )
    rows = []
    for place, name in enumerate((*names, *ends)):
        top = 1500 + 120 * place
        rows.append(
            node(f"[0,{top}][1080,{top + 120}]", desc=name, flags="CS" if name.startswith(selected) else "C")
        )
    sheet = node("[0,1450][1080,2400]", node("[500,1450][580,1490]", desc="Cancel", flags="C"), *rows)
    return page(INSTAGRAM, *leaks, node("[0,0][1080,2400]", sheet))


def rows_of(xml: str, package: str) -> list[tuple[str, bool]]:
    sight = recognise(parse_xml(xml), words(package))
    assert sight.name == "account_sheet"
    return [(row.name, row.current) for row in account_rows(sight)]


def test_tiktoks_rows_are_read_with_their_mark_and_without_the_profile_behind() -> None:
    behind = node("[0,1750][400,1800]", text="3.2M views", flags="C")
    check = node("[950,1777][1020,1847]", flags="S")
    xml = tiktok_sheet(row(0, label(0, "Alice A"), check), row(1, label(1, "Smith, Bob")), behind=behind)
    assert rows_of(xml, TIKTOK) == [("Alice A", True), ("Smith, Bob", False)]


def test_a_handle_in_a_row_goes_before_its_display_name_and_badges_do_not_count() -> None:
    two_lines = row(0, label(0, "Alice A"), label(0, "@alice.a", line=1))
    badge = row(1, label(1, "Bob"), label(1, "9+", left=600))
    assert rows_of(tiktok_sheet(two_lines, badge), TIKTOK) == [("alice.a", False), ("Bob", False)]


def test_equal_display_names_are_two_rows() -> None:
    xml = tiktok_sheet(row(0, label(0, "Same")), row(1, label(1, "Same")))
    assert [name for name, _ in rows_of(xml, TIKTOK)] == ["Same", "Same"]


def test_instagrams_rows_are_read_without_their_news_and_without_the_profile_behind() -> None:
    xml = instagram_sheet("alice", "bob_2,  New notifications")
    assert rows_of(xml, INSTAGRAM) == [("alice", True), ("bob_2", False)]


def test_a_full_instagram_that_offers_no_further_account_is_read_too() -> None:
    xml = instagram_sheet("alice", "bob", ends=("Go to Accounts Center",))
    assert [name for name, _ in rows_of(xml, INSTAGRAM)] == ["alice", "bob"]


# --- the whole look ---------------------------------------------------------------------------------------


class FakeVisit:
    def __init__(self) -> None:
        self.clock = WaitingClock(1000.0)
        self.deadline = Deadline(self.clock, 600)

    def check(self) -> None:
        pass

    def wait(self, seconds: float) -> None:
        self.clock.at += seconds

    @contextlib.contextmanager
    def step(self, name: str, **facts: Any) -> Iterator[None]:
        yield

    def note(self, sentence: str, **facts: Any) -> None:
        pass


class FakePhone:
    """Screens that follow each other: `moves` says what a tap on one, or a key, leads to."""

    def __init__(self, clock: WaitingClock, screens: dict[str, str], moves: dict[str, str]) -> None:
        self.clock = clock
        self.screens = screens
        self.moves = moves
        self.at = next(iter(screens))
        self.done: list[str] = []

    def _do(self, what: str) -> None:
        self.done.append(what)
        self.at = self.moves.get(what, self.at)

    def observe(self, *, timeout_s: float = 10.0) -> UiTree:
        return parse_xml(self.screens[self.at])

    def observe_change(self, last: UiTree, *, timeout_s: float) -> UiTree:
        tree = self.observe()
        if tree.same_as(last):
            self.clock.at += timeout_s
            self.at = self.moves.get(f"wait {self.at}", self.at)
            tree = self.observe()
        return tree

    def tap(self, x: int, y: int) -> None:
        self._do(f"tap {self.at}")

    def press(self, key: str) -> None:
        self._do(f"{key} {self.at}")

    def app_start(self, package: str) -> None:
        self._do(f"start {self.at}")

    def app_stop(self, package: str) -> None:
        self.done.append("stop")

    def app_version(self, package: str) -> str:
        return "43.1.4"

    def clear_way(self) -> None:
        return None

    def remarks(self) -> list[str]:
        return []

    def foreground_package(self) -> str:
        return TIKTOK

    def wake(self) -> None:
        self.done.append("wake")


WAY = {"tap home": "profile", "tap profile": "sheet", "back sheet": "profile"}
SHEET = tiktok_sheet(row(0, label(0, "Alice A"), flags="CS"), row(1, label(1, "Bob B")))


def read(package: str, screens: dict[str, str], **moves: str) -> tuple[list[str], list[str]]:
    """The names, and all that was done to the phone."""
    names, done = attempt(package, screens, **moves)
    if isinstance(names, ScriptFailed):
        raise names
    return names, done


def attempt(
    package: str, screens: dict[str, str], **moves: str
) -> tuple[list[str] | ScriptFailed, list[str]]:
    visit = FakeVisit()
    phone = FakePhone(visit.clock, screens, WAY | {k.replace("_", " "): v for k, v in moves.items()})
    reader = AccountReader(
        visit, phone, package, vocabulary=words(package), patience_s=8.0  # type: ignore[arg-type]
    )  # fmt: skip
    try:
        return reader.read(), phone.done
    except ScriptFailed as failed:
        return failed, phone.done


def test_the_current_account_is_told_by_its_handle_and_the_others_by_their_rows() -> None:
    names, done = read(TIKTOK, {"home": HOME, "profile": tiktok_profile(), "sheet": SHEET})
    assert names == ["alice", "Bob B"]
    assert done == ["wake", "start home", "tap home", "tap profile", "back sheet"]


def test_without_a_mark_the_current_row_is_told_by_the_name_on_the_profile() -> None:
    sheet = tiktok_sheet(row(0, label(0, "Bob B")), row(1, label(1, "Alice A")))
    names, _ = read(TIKTOK, {"home": HOME, "profile": tiktok_profile(), "sheet": sheet})
    assert names == ["alice", "Bob B"]


def test_instagram_shows_handles() -> None:
    screens = {"profile": instagram_profile(), "sheet": instagram_sheet("alice", "bob")}
    names, done = read(INSTAGRAM, screens)
    assert names == ["alice", "bob"]
    assert done == ["wake", "start profile", "tap profile", "back sheet"]


def test_rows_that_do_not_hold_the_current_account_are_not_believed() -> None:
    screens = {"profile": instagram_profile("carl"), "sheet": instagram_sheet("alice", "bob")}
    failed, done = attempt(INSTAGRAM, screens)
    assert "does not show carl" in str(failed)
    assert done[-1] == "back sheet"


def test_a_sheet_that_fills_slowly_is_read_when_it_is_full() -> None:
    first = tiktok_sheet(row(0, label(0, "Alice A"), flags="CS"))
    screens = {"home": HOME, "profile": tiktok_profile(), "sheet": first, "full": SHEET}
    names, _ = read(TIKTOK, screens, wait_sheet="full", back_full="profile")
    assert names == ["alice", "Bob B"]


def test_a_sheet_that_was_left_open_is_closed_first() -> None:
    screens = {"open": SHEET, "home": HOME, "profile": tiktok_profile(), "sheet": SHEET}
    names, done = read(TIKTOK, screens, back_open="profile")
    assert names == ["alice", "Bob B"]
    assert done == ["wake", "start open", "back open", "tap profile", "back sheet"]


def test_a_form_that_was_left_open_is_left_by_a_fresh_start_and_not_by_a_tap() -> None:
    form = page(
        TIKTOK,
        node("[42,270][673,677]", text="Add description…").replace("TextView", "EditText"),
        node("[32,2179][529,2305]", text="Drafts", flags="C").replace("TextView", "Button"),
        node("[550,2179][1048,2305]", text="Post", flags="C").replace("TextView", "Button"),
    )
    screens = {"form": form, "again": form, "home": HOME, "profile": tiktok_profile(), "sheet": SHEET}
    names, done = read(TIKTOK, screens, start_form="again", start_again="home")
    assert names == ["alice", "Bob B"]
    assert done == ["wake", "start form", "stop", "start again", "tap home", "tap profile", "back sheet"]


@pytest.mark.parametrize(
    ("nodes", "says"),
    [
        ([node("[100,400][900,500]", text="Log in to TikTok")], "asks to log in"),
        ([node("[60,2100][1020,2200]", text="Spin", flags="C")], "an unknown screen stayed for"),
        ([
            node("[225,1062][843,1294]", text="To connect with people you know on TikTok, allow access to your contacts in your device settings."),
            node("[540,1348][907,1473]", text="Open settings", flags="C"),
            node("[172,1348][539,1473]", text="Don’t allow", flags="C"),  # noqa: RUF001
        ], "close it on the phone, then ask again"),
    ],
    ids=["login", "unknown", "dialog"],
)  # fmt: skip
def test_what_is_in_the_way_is_never_tapped(nodes: list[str], says: str) -> None:
    failed, done = attempt(TIKTOK, {"odd": page(TIKTOK, *nodes)})
    assert isinstance(failed, ScriptFailed)
    assert says in str(failed)
    assert done == ["wake", "start odd"]


def test_a_dialog_that_goes_by_itself_is_waited_for() -> None:
    odd = page(TIKTOK, node("[60,2100][1020,2200]", text="Loading"))
    screens = {"odd": odd, "home": HOME, "profile": tiktok_profile(), "sheet": SHEET}
    names, _ = read(TIKTOK, screens, wait_odd="home")
    assert names == ["alice", "Bob B"]


def test_a_name_that_opens_something_else_is_a_failure_and_is_left_as_it_is() -> None:
    screens = {"home": HOME, "profile": tiktok_profile(), "sheet": HOME}
    failed, done = attempt(TIKTOK, screens)
    assert "the account switcher of TikTok did not open: home came instead" in str(failed)
    assert done[-1] == "tap profile"


def test_a_name_without_effect_is_tapped_twice_at_most() -> None:
    failed, done = attempt(TIKTOK, {"home": HOME, "profile": tiktok_profile()}, tap_profile="profile")
    assert "has no effect" in str(failed)
    assert done.count("tap profile") == 2

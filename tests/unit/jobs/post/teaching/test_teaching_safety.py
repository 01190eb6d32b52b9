"""What was taught never publishes, is never proof, and is judged as a whole: at the phone, after the tap, and in every order."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from jobs.input.refusals import Invalid
from jobs.input.toml_writing import toml_value
from jobs.phone.screen.tree import parse_xml
from jobs.post.apps import APPS
from jobs.post.flow.driver import ScreenDriver
from jobs.post.screens.checks.readings import publishing_nodes
from jobs.post.screens.file_checks import check
from jobs.post.screens.recognise import Sight, recognise
from jobs.post.screens.screens_file import Rule, Screen, ScreensFile, Vocabulary, as_addition, lay_over
from jobs.post.screens.vocabularies import build, read_trusted, shipped_file, shipped_vocabulary
from jobs.post.teaching.lessons import Wish
from jobs.post.tiktok.flow import handle_of
from jobs.task.attempt import ScriptFailed
from storage.error_codes import ErrorCode
from storage.records import Outcome
from tests.support import eyes
from tests.support.clock import FakeClock
from tests.support.film import FilmStage
from tests.support.post_stage import AppStage, StageAttempt, files
from tests.support.teaching import School, drawn_xml, sheet

#: A sheet of the simulated TikTok, closed by its own button, as a lesson would have it.
DIALOG = ScreensFile(
    elements={
        "taught_dialog_1_text": [Rule(text="Add phone", place="dialog", editable=False)],
        "taught_dialog_1_close": [Rule(label="Close", place="button", editable=False)],
    },
    screens={
        "taught_dialog_1": Screen(
            kind="interruption",
            layer=96,
            all=("taught_dialog_1_text", "taught_dialog_1_close"),
            next=("taught_dialog_1_close",),
        )
    },
)


def unchecked(above: ScreensFile) -> dict[str, Vocabulary]:
    """What posts would be made with, had every check been passed by."""
    shipped = shipped_vocabulary("tiktok", True)
    laid = check(lay_over(shipped_file("tiktok"), as_addition(above)), "unchecked", covered_only=True)
    return {"tiktok": msgspec.structs.replace(laid, shipped=shipped)}


# -- at the phone -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "rule",
    [
        Rule(text="Post", zone=(0.4, 0.75, 1.0, 1.0)),
        Rule(clickable=True, zone=(0.5, 0.85, 1.0, 1.0), max_size=(0.6, 0.1), pick="right"),
    ],
)
def test_a_rule_that_passed_every_check_still_does_not_touch_the_publishing_button(
    tmp_path: Path, rule: Rule
) -> None:
    stage = AppStage("tiktok", files(tmp_path, "clip.mp4"), ai_label=True)
    stage.screens = unchecked(ScreensFile(elements={"more_options_row": [rule]}))
    failed = stage.fails()
    assert failed.code == ErrorCode.OPTION_NOT_SET
    assert "not of the shipped files" in str(failed)
    assert stage.published == 0


def test_where_the_publishing_button_is_not_read_a_taught_rule_touches_nothing_in_its_place() -> None:
    taught = ScreensFile(elements={"more_options_row": [Rule(text="Beamen", zone=(0.4, 0.75, 1.0, 1.0))]})
    taps: list[tuple[int, int]] = []
    tree = parse_xml(drawn_xml("tiktok", "post_screen", {"Post": "Beamen", "More options": "Meer"}))
    phone: Any = SimpleNamespace(observe=lambda: tree, remarks=list, tap=lambda x, y: taps.append((x, y)))
    attempt: Any = StageAttempt(None, FakeClock())  # type: ignore[arg-type]
    driver = ScreenDriver(attempt, phone, unchecked(taught)["tiktok"])
    sight = driver.observe()
    found = sight.find("more_options_row")
    assert found is not None
    assert (found.node.text, sight.has("post_button")) == ("Beamen", False)
    with pytest.raises(ScriptFailed, match="not of the shipped files"):
        driver.tap(found)
    assert taps == []


def test_an_ordinary_post_is_not_held_up_by_a_lesson(tmp_path: Path) -> None:
    stage = AppStage("tiktok", files(tmp_path, "clip.mp4"), post_way="addButton")
    stage.screens = unchecked(DIALOG)
    assert stage.run().outcome is Outcome.PUBLISHED


# -- after the tap ------------------------------------------------------------------------------------------------


def film(frames: dict[float, str], leads: dict[str, str] | None = None) -> FilmStage:
    stage = FilmStage("tiktok", frames)
    stage.phone.leads.update(leads or {})
    stage.screens = {"tiktok": build(read_trusted("tiktok"), DIALOG, covered_only=True)}
    return stage


def test_over_a_form_that_was_sent_a_taught_dialog_is_not_touched() -> None:
    stage = film({0: "form", 1: "sheet over form"})
    verdict = stage.watched()
    assert verdict.outcome is Outcome.UNKNOWN
    assert verdict.remark.endswith("the phone shows taught_dialog_1")
    assert stage.phone.taps == []


def test_quiet_after_a_taught_dialog_is_no_proof() -> None:
    stage = film({0: "form", 0.5: "home", 1: "sheet over home"}, {"sheet over home": "home"})
    assert stage.watched().outcome is Outcome.UNKNOWN
    assert stage.phone.taps == ["sheet over home"]


def test_a_lost_post_is_not_found_behind_a_taught_dialog() -> None:
    stage = FilmStage.after_crash("tiktok", {0: "sheet over form"}, noted={})
    stage.screens = {"tiktok": build(read_trusted("tiktok"), DIALOG, covered_only=True)}
    assert stage.look_for_post().outcome is Outcome.UNKNOWN
    assert stage.phone.taps == []


# -- together -----------------------------------------------------------------------------------------------------


@pytest.fixture
def school(tmp_path: Path) -> School:
    return School(tmp_path)


def take(school: School, toml: str) -> str:
    """Import; what it is refused for, "" when it is taken."""
    try:
        school.teaching.import_file("tiktok", toml, "anna", dry_run=False)
    except Invalid as refused:
        return refused.problems[0].problem
    return ""


def words(word: str, text: str) -> str:
    return f'[words]\n{word} = [{{ nl = "{text}" }}]\n'


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (words("next", "Beamen"), words("post", "Beamen")),
        (words("more_options", "Beamen"), words("post", "Beamen")),
        (words("post", "Beamen"), words("drafts", "Beamen")),
        (words("post", "Beamen"), words("not_now", "Beamen")),
        (words("login", "Beamen"), words("next", "Beamen")),
        (words("your_story", "Beamen"), words("next", "Beamen")),
        (words("post_failed", "Beamen"), words("home", "Beamen")),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_two_lessons_that_are_good_alone_are_not_good_together(
    school: School, first: str, second: str, turned: bool
) -> None:
    one, two = (second, first) if turned else (first, second)
    assert take(school, one) == ""
    assert take(school, two)
    assert take(School(school.folder / "alone"), two) == "", "it is good alone"


def test_what_is_off_comes_back_only_where_it_still_fits(school: School) -> None:
    assert take(school, words("next", "Beamen")) == ""
    school.teaching.switch(1, on=False)
    assert take(school, words("post", "Beamen")) == ""
    with pytest.raises(Invalid, match="what a publishing button reads"):
        school.teaching.switch(1, on=True)
    school.book.delete(2)
    assert school.teaching.switch(1, on=True)[1].on


@pytest.mark.parametrize(
    "text", ['a "quoted" one', "a \\ b", "emoji \N{CLAPPER BOARD} and 'this'", "# no remark", "Überall"]
)
def test_every_text_comes_back_from_the_file_as_it_was(school: School, text: str) -> None:
    assert take(school, "[words]\nnext = [{ en = " + toml_value(text) + " }]\n") == ""
    school.open()
    assert school.book.left_out() == []
    assert school.book.reader("tiktok").words["next"].matches(text)


def test_a_counted_button_is_taught_with_its_number_left_open(school: School) -> None:
    (screen,) = school.keep(drawn_xml("tiktok", "picker", {"Next": "Verder (3)"}), language="nl")
    node = school.node(screen, "Verder (3)")
    wish = Wish(screen=screen, means="translation", node=node, name="picker_next", language="nl", rule=1)
    school.teaching.teach(wish, "anna")
    label = school.book.reader("tiktok").words["next"]
    assert label.matches("Verder (12)")
    assert not label.matches("Verder (12) x")


def test_a_file_with_one_bad_part_is_not_taken_at_all(school: School) -> None:
    assert take(school, '[words]\nnext = [{ en = "Go on" }, { en = "Post" }]\n')
    assert school.book.all() == []
    assert not school.book.reader("tiktok").words["next"].matches("Go on")


@pytest.mark.parametrize(
    "toml",
    [
        '[screens.not_now]\nkind = "interruption"\nlayer = 85\noff = true\n',
        '[screens.home]\nkind = "path"\nlayer = 21\nall = ["home_tab"]\n',
        '[elements]\nlogin_text = [{ text = "Never shown" }]\n',
        '[elements]\nfeed_text = [{ class = "TextView", clickable = false, zone = [0.0, 0.0, 0.2, 0.2], max_size = [0.2, 0.1] }]\n',
        '[words]\nlogin = [{ en = "Profile" }]\n',
        '[words]\nnext = [{ en = "/^go .*$/" }]\n',
        '[words]\nhandle = [{ any = "/^(@|#)/" }]\n',
        "[words]\nnext = [{ en = '/^\\d+\\d+$/' }]\n",
        '[words]\nnext = [{ en = "a\\u0000b" }]\n',
        '[words]\nnext = [{ english = "Go on" }]\n',
        f'[words]\nnext = [{{ en = "{"x" * 201}" }}]\n',
        '[elements]\n"x\\ny" = [{ text = "Go on" }]\n',
        '[containers]\npeople = ["home_tab"]\n',
        'packages = ["com.zhiliaoapp.musically.go"]\n',
        '[elements]\nx = [{ text = "Go on", package = ["android"] }]\n',
        '[elements]\nprofile_handle = [{ text = "@alice", zone = [0.0, 0.3, 1.0, 0.9] }]\n',
        '[words]\nhandle = [{ nl = "alice" }]\n',
        'account = ["profile_tab"]\n',
    ],
)
def test_what_an_operator_may_write_a_lesson_may_not(school: School, toml: str) -> None:
    assert take(school, toml)


def test_no_lesson_says_which_account_the_app_shows(school: School) -> None:
    """A post of alice would be made as demo_01, who calls himself so."""
    own = drawn_xml("tiktok", "own_profile", {"Demo One": "alice"})
    (screen,) = school.keep(own)
    _, sight = school.teaching.screens.read(screen)
    assert sight.name == "own_profile"
    assert handle_of(sight) == "demo_01"
    wish = Wish(screen=screen, means="element", node=school.node(screen, "alice"), name="profile_handle")
    proposed = school.teaching.propose(wish)
    assert any("which account the app shows" in sentence for sentence in proposed.tried.refused)
    with pytest.raises(Invalid, match="which account the app shows"):
        school.teaching.teach(wish, "anna")
    assert handle_of(school.teaching.screens.read(screen)[1]) == "demo_01"


@pytest.mark.parametrize("platform", ["tiktok", "instagram"])
def test_by_what_the_account_is_read_is_sealed(platform: str) -> None:
    """The account is read by the sealed elements and by no other."""
    asked: list[str] = []

    class Asked(Sight):
        def find(self, element: str) -> None:
            asked.append(element)

    index = recognise(parse_xml("<hierarchy/>"), shipped_vocabulary(platform)).index
    APPS[platform].visible_account(Asked(index, "own_profile", None))
    assert set(asked) == set(shipped_file(platform).account)
    assert asked


@pytest.mark.parametrize(
    "element", ["retry_button", "failed_notice", "upload_badge", "post_age", "login_text"]
)
def test_no_sheet_is_closed_by_what_tells_the_fate_of_a_post_or_stops_it(
    school: School, element: str
) -> None:
    said = take(
        school,
        '[elements]\nseason = [{ text = "Season of lights" }]\n[screens.season]\nkind = "interruption"\nlayer = 60\n'
        f'all = ["season"]\nnext = ["{element}"]\n',
    )
    assert said == f"screens.season: {element} says what became of a post: it is not touched"


def test_a_wording_that_a_known_screen_shows_is_no_refusal(school: School) -> None:
    """Else every post would be stopped, or called refused after its tap."""
    school.keep(drawn_xml("tiktok", "editor", {"Effects": "Effecten"}), language="nl")
    with pytest.raises(Invalid):
        school.teaching.teach_words("tiktok", "nl", {"verify": ["Next"]}, "anna")


def test_a_sheet_s_publishing_button_is_not_what_closes_it_in_any_lesson_s_language(school: School) -> None:
    (screen,) = school.keep(
        drawn_xml("tiktok", "editor", over=sheet("Nieuw", "Beamen", "Later")), language="nl"
    )
    assert take(school, words("post", "Beamen")) == ""
    with pytest.raises(Invalid, match="publishing button"):
        school.teaching.teach(
            Wish(screen=screen, means="dialog", node=school.node(screen, "Beamen"), language="nl"), "anna"
        )


# -- recorded screens ---------------------------------------------------------------------------------------------

RECORDED = [p for folder in eyes.FOLDERS for p in eyes.trees(folder) if p.suffix == ".xml"]


def publishing() -> list[tuple[Path, str]]:
    """Recorded screens on which a publishing button stands, with their app."""
    found = []
    for path in RECORDED:
        tree, app = eyes.tree_of(path)
        platform = eyes.known_answer(tree, app)["platform"]
        if platform and any(publishing_nodes(recognise(tree, shipped_vocabulary(platform)))):
            found.append((path, platform))
    return found


@pytest.mark.skipif(not RECORDED, reason="the recorded screens are not here")
@pytest.mark.parametrize("every", [12, pytest.param(1, marks=pytest.mark.long)])
def test_on_a_recorded_screen_no_lesson_sits_on_what_publishes(tmp_path: Path, every: int) -> None:
    names = {"tiktok": ("editor_next", "neutral_place"), "instagram": ("editor_next", "caption_done")}
    tried = 0
    for number, (path, platform) in enumerate(publishing()[::every]):
        school = School(tmp_path / str(number), platform)
        (screen,) = school.keep(path.read_text("utf-8", "replace"))
        tree, _ = eyes.tree_of(path)
        nodes = {id(n): position for position, n in enumerate(tree.nodes)}
        barred = {nodes[id(n)] for n, _ in publishing_nodes(recognise(tree, shipped_vocabulary(platform)))}
        for name in names[platform]:
            for node in barred:
                tried += sum(accepted(school, screen, name, node, rule) for rule in range(4))
    assert tried == 0


def accepted(school: School, screen: str, name: str, node: int, rule: int) -> bool:
    wish: dict[str, Any] = {"screen": screen, "means": "element", "name": name, "node": node, "rule": rule}
    try:
        return not school.teaching.propose(Wish(**wish)).tried.refused
    except Invalid:
        return False

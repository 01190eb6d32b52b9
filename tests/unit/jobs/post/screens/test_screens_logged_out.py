"""Pages and sheets of an account that is logged out, suspended, or asked for its age or to agree: told as that, and not touched."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from xml.sax.saxutils import quoteattr

import pytest

from jobs.phone.screen.tree import parse_xml
from jobs.post.screens.drawn import drawn_trees
from jobs.post.screens.finder import ElementIndex
from jobs.post.screens.recognise import Sight, recognise
from tests.support.teaching import PACKAGES, drawn_xml, sheet
from tests.support.vocabularies import load


def node(platform: str, cls: str, box: str, text: str = "", inner: str = "", **flags: bool) -> str:
    said = " ".join(f'{name}="{str(flags.get(name, False)).lower()}"' for name in ("clickable", "selected"))
    return (
        f'<node class="android.widget.{cls}" package="{PACKAGES[platform]}" bounds="{box}" text={quoteattr(text)} '
        f'content-desc="" resource-id="" {said} enabled="true">{inner}</node>'
    )


TABS = ("Home", "Friends", "Create", "Inbox", "Profile")


def tab_bar(chosen: str) -> str:
    """TikTok's tabs."""
    return "".join(
        node(
            "tiktok", "FrameLayout", f"[{216 * place},2208][{216 * place + 216},2337]",
            clickable=True, selected=name == chosen,
            inner=node("tiktok", "TextView", f"[{216 * place},2288][{216 * place + 216},2322]", name),
        )
        for place, name in enumerate(TABS)
    )  # fmt: skip


def page(platform: str, rows: Sequence[str], *, tabs: str = "") -> Sight:
    """A page of the app with these rows; those in brackets are buttons."""
    parts = []
    for place, row in enumerate(rows):
        top, button = 300 + 180 * place, row.startswith("[")
        box = f"[84,{top}][996,{top + 120}]"
        parts.append(
            node(platform, "Button" if button else "TextView", box, row.strip("[]"), clickable=button)
        )
    xml = node(platform, "FrameLayout", "[0,0][1080,2400]", inner="".join(parts) + tabs)
    return recognise(parse_xml(f"<hierarchy>{xml}</hierarchy>"), load(platform, covered_only=True))


def over(platform: str, screen: str, title: str, *buttons: str) -> Sight:
    """A sheet over a drawn screen."""
    xml = drawn_xml(platform, screen, over=sheet(title, *buttons, platform=platform))
    return recognise(parse_xml(xml), load(platform, covered_only=True))


def told(sight: Sight) -> tuple[str, str]:
    """Kind and error; nothing may be touched."""
    assert sight.next is None
    return sight.kind, str(sight.screen.error if sight.screen is not None else "")


LOG_INS = [
    ["Profile", "Sign up for an account", "[Sign up]"],
    ["Log into existing account", "[Log in]"],
    ["Welcome back", "anna", "[Log in]", "[Add another account]"],
    ["Log in to TikTok", "[Use phone or email]"],
    [
        "Sign up for TikTok",
        "[Use phone or email]",
        "[Continue with Google]",
        "Already have an account? Log in",
    ],
]


@pytest.mark.parametrize("rows", LOG_INS, ids=lambda rows: rows[0])
@pytest.mark.parametrize("tabs", [True, False], ids=["with tabs", "without"])
def test_tiktok_s_profile_that_asks_to_log_in_is_told_with_and_without_the_tabs(
    rows: list[str], tabs: bool
) -> None:
    """With the tabs it would be the app's home, on which the tap at Profile has no effect."""
    sight = page("tiktok", rows, tabs=tab_bar("Profile") if tabs else "")
    assert told(sight) == ("human", "not_logged_in")


@pytest.mark.parametrize(
    "rows",
    [
        ["@anna", "3", "Following", "9", "Followers", "[Edit profile]", "Log in"],
        ["Anna", "3", "Following", "9", "Followers", "Welcome back"],
    ],
)
def test_a_profile_of_somebody_is_not_taken_for_one_of_nobody_whatever_its_words_say(rows: list[str]) -> None:
    assert page("tiktok", rows, tabs=tab_bar("Profile")).kind == "path"


def test_words_about_logging_in_on_another_tab_say_nothing() -> None:
    assert page("tiktok", ["Inbox", "Log in to TikTok", "Welcome back"], tabs=tab_bar("Inbox")).name == "home"


@pytest.mark.parametrize(
    "rows",
    [
        ["anna", "[Log in]", "[Use another profile]", "[Create new account]"],
        ["anna", "[Continue as anna]", "Not you?"],
        ["anna", "[Log in as anna]", "[Switch accounts]"],
        ["[anna]", "[bert]", "[Log into another account]"],
        ["Welcome back", "anna", "[Log in]", "Settings"],
        ["Session expired", "Please log in again", "[OK]"],
        ["Please log in again", "[Log in]"],
    ],
    ids=str,
)
def test_instagram_s_pages_that_would_log_in_with_one_tap_are_told_and_left_alone(rows: list[str]) -> None:
    assert told(page("instagram", rows)) == ("human", "not_logged_in")


@pytest.mark.parametrize(
    "title", ["Account suspended", "We've suspended your account", "Your account is suspended"]
)
@pytest.mark.parametrize(
    ("platform", "screen"),
    [
        *itertools.product(("tiktok", "instagram"), ("home", "own_profile")),
        ("tiktok", "post_screen"),
        ("instagram", "share_screen"),
    ],
)
def test_a_suspended_account_is_told_as_one_over_whatever_it_is_said(
    platform: str, screen: str, title: str
) -> None:
    assert told(over(platform, screen, title, "OK")) == ("human", "account_blocked")
    assert told(page(platform, [title, "anna", "[Appeal]", "[Log out]"])) == ("human", "account_blocked")


@pytest.mark.parametrize("platform", ["tiktok", "instagram"])
@pytest.mark.parametrize(
    ("title", "buttons"),
    [
        ("We've updated our Terms of Service", ["Agree"]),
        ("Review our terms", ["I agree", "Learn more"]),
        ("When's your birthday?", ["Continue"]),
        ("Confirm your age", ["Next"]),
    ],
)
def test_what_asks_to_agree_or_for_an_age_is_a_person_s_matter(
    platform: str, title: str, buttons: list[str]
) -> None:
    for sight in (
        over(platform, "home", title, *buttons),
        page(platform, [title, *(f"[{b}]" for b in buttons)]),
    ):
        assert told(sight) == ("human", "person_needed")


def test_terms_to_which_ok_agrees_get_no_ok() -> None:
    """The app's notices about data are closed by their button, but not where that means to agree."""
    notice = sheet("Updates to our Privacy Policy", "OK")
    agreeing = notice.replace("What it is about", "By tapping OK you agree to them")
    for xml, name in ((notice, "data_notice"), (agreeing, "terms")):
        tree = parse_xml(drawn_xml("tiktok", "home", over=xml))
        assert recognise(tree, load("tiktok", covered_only=True)).name == name


@pytest.mark.parametrize("platform", ["tiktok", "instagram"])
@pytest.mark.parametrize("title", ["Session expired", "Please log back in", "You're logged out"])
def test_a_sheet_over_the_form_that_says_that_nobody_is_logged_in_is_told(platform: str, title: str) -> None:
    form = "post_screen" if platform == "tiktok" else "share_screen"
    assert told(over(platform, form, title, "Log in", "Cancel")) == ("human", "not_logged_in")


@pytest.mark.parametrize("platform", ["tiktok", "instagram"])
@pytest.mark.parametrize(
    ("title", "button"),
    [
        ("Continue as anna?", "Continue as anna"),
        ("Switch to anna_?", "Switch"),
        ("Switch to a personal account", "Switch"),
        ("Confirm your age", "Continue"),
        ("Updates to our Terms", "Agree"),
    ],
)
def test_what_can_be_declined_is_declined(platform: str, title: str, button: str) -> None:
    sight = over(platform, "home", title, button, "Not now")
    assert (sight.kind, sight.next.says if sight.next else "") == ("interruption", "Not now")


#: What people write, and what forms say below their fields; each reads like a screen that only a person may answer.
WRITTEN = (
    "By posting, you agree to our Community Guidelines and Terms", "I agree to the terms", "Do you agree with the terms?",
    "Terms of Service", "I accept", "By tapping Post you agree to the Music Usage Confirmation and our terms",
    "How old are you", "Confirm your age", "When's your birthday?", "Account suspended", "Your account locked",
    "We suspended your account", "Your account is suspended", "Log in to see", "Please log in", "Log in", "Sign up",
    "Log in to TikTok", "Welcome back", "Session expired", "You're logged out", "Continue as anna", "Log in as anna",
)  # fmt: skip


def written(platform: str, texts: Sequence[str], *, clickable: bool) -> str:
    """Texts one below the other, as a caption, comments or lines of a form stand on a page."""
    return "".join(
        node(
            platform,
            "TextView",
            f"[60,{900 + 80 * place}][900,{960 + 80 * place}]",
            text,
            clickable=clickable,
        )
        for place, text in enumerate(texts)
    )


def is_page(platform: str, name: str) -> bool:
    """Not a sheet or dialog: the text that heads one is the app's own."""
    return ElementIndex(drawn_trees(platform)[name], load(platform, covered_only=True)).cover is None


PAGES = [
    (platform, name)
    for platform in ("tiktok", "instagram")
    for name in drawn_trees(platform)
    if is_page(platform, name)
]


@pytest.mark.parametrize(("platform", "name"), PAGES)
@pytest.mark.parametrize("clickable", [False, True])
def test_what_people_write_and_what_a_form_says_of_rules_is_no_person_s_matter_on_any_screen_of_the_way(
    platform: str, name: str, clickable: bool
) -> None:
    """Before and after the tap, over and beside whatever the app shows: the way goes on, and a post keeps its proof."""
    vocabulary = load(platform, covered_only=True)
    pairs = [WRITTEN[at : at + 2] for at in range(len(WRITTEN) - 1)]
    for texts in [*pairs, *((text,) for text in WRITTEN)]:
        xml = drawn_xml(platform, name, over=written(platform, texts, clickable=clickable))
        assert recognise(parse_xml(xml), vocabulary).kind != "human", (texts, name)


@pytest.mark.parametrize("text", WRITTEN)
@pytest.mark.parametrize(
    ("platform", "name"),
    [("tiktok", "post_screen"), ("instagram", "share_screen"), ("instagram", "caption_editor")],
)
@pytest.mark.parametrize(
    "hidden", [False, True], ids=["whole", "with a line of rules and without its buttons"]
)
def test_our_caption_in_the_form_s_field_is_no_screen(
    text: str, platform: str, name: str, hidden: bool
) -> None:
    """While the field has the focus, some builds show neither the form's buttons nor what stood in the field before."""
    rules = written(
        platform, ["By posting, you agree to our Community Guidelines and Terms"], clickable=False
    )
    xml = drawn_xml(platform, name, over=rules if hidden else "")
    tree = parse_xml(xml)
    for one in tree.nodes:
        if one.class_name.endswith(("EditText", "AutoCompleteTextView")):
            one.text, one.hint = text, "" if hidden else one.hint
        elif hidden and one.text in ("Post", "Drafts", "Share", "Save draft"):
            one.text = one.content_desc = ""
    assert recognise(tree, load(platform, covered_only=True)).kind != "human"


@pytest.mark.parametrize("platform", ["tiktok", "instagram"])
@pytest.mark.parametrize("text", WRITTEN)
def test_another_person_s_post_without_tabs_is_no_screen_of_the_app_s_whatever_it_says(
    platform: str, text: str
) -> None:
    package = PACKAGES[platform]
    beside = "Like video. 3 likes" if platform == "tiktok" else "Reel by anna. Double tap to play or pause."
    person = (
        f'<node class="android.widget.Button" package="{package}" bounds="[900,1300][1070,1450]" text="" '
        f'content-desc="{beside}" resource-id="" clickable="true" enabled="true"/>'
    )
    lines = written(platform, [text, "I agree"], clickable=False) + written(platform, [text], clickable=True)
    xml = node(platform, "FrameLayout", "[0,0][1080,2400]", inner=person + lines)
    sight = recognise(parse_xml(f"<hierarchy>{xml}</hierarchy>"), load(platform, covered_only=True))
    assert sight.kind != "human"

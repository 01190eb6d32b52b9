"""What a person is asked to point at on a screen whose language is not known: which screens it may be, and which of its texts."""

from __future__ import annotations

from typing import Any

import msgspec

from jobs.phone.screen.tree import parse_xml
from jobs.post.screens.labels import label_from_entries
from jobs.post.screens.recognise import recognise
from jobs.post.screens.screens_file import Containers, Rule, Screen, ScreensFile, Vocabulary
from jobs.post.teaching.unread import MAX_NODES, MAX_SCREENS, NARROW, Ask, unread
from storage.error_codes import ErrorCode

PACKAGE = "com.zhiliaoapp.musically"
LEFT, RIGHT = (0.0, 0.0, 0.5, 1.0), (0.5, 0.0, 1.0, 1.0)

#: An editor (a title, a button at the right, a cross without words), its form, and a camera with a tab.
FILE = ScreensFile(
    platform="tiktok",
    packages=(PACKAGE,),
    covered=("en",),
    publishing=("post_button",),
    proof=("sent",),
    account=("handle",),
    containers=Containers(boxes=("box",), titles="@sheet"),
    words={
        "next": [{"en": "Next"}],
        "title": [{"en": "Edit"}],
        "draft": [{"en": "Drafts", "nl": "Concepten"}],
        "post": [{"en": "Post"}],
        "sent": [{"en": "Sent"}],
        "login": [{"en": "Log in"}],
        "handle": [{"en": "Me"}],
        "sheet": [{"en": "Bottom sheet"}],
        "shoot": [{"en": "Shoot"}],
    },
    elements={
        "next_button": [Rule(label="@next", zone=RIGHT, cls=".Button")],
        "editor_title": [Rule(text="@title", zone=LEFT, cls=".TextView")],
        "cross": [Rule(id="cross")],
        "drafts_button": [Rule(label="@draft", cls=".Button")],
        "post_button": [Rule(label="@post", zone=RIGHT, cls=".Button")],
        "sent": [Rule(text="@sent")],
        "login_text": [Rule(text="@login")],
        "handle": [Rule(text="@handle")],
        "shutter": [Rule(desc="@shoot", cls=".ImageView")],
        "field": [Rule(editable=True)],
    },
    screens={
        "asks": Screen(kind="human", layer=90, all=("login_text",), error=ErrorCode.NOT_LOGGED_IN),
        "editor": Screen(kind="path", layer=50, all=("editor_title", "next_button"), next=("next_button",)),
        "form": Screen(kind="path", layer=60, all=("field", "post_button"), next=("post_button",)),
        "camera": Screen(kind="path", layer=40, all=("shutter",), none=("cross",), next=("shutter",)),
    },
)


def node(box: str, text: str = "", inner: str = "", cls: str = "TextView", **attributes: str) -> str:
    said = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in attributes.items())
    return f'<node package="{PACKAGE}" class="android.widget.{cls}" bounds="{box}" text="{text}"{said}>{inner}</node>'


def title(text: str = "Bewerken") -> str:
    return node("[0,0][400,100]", text)


def button(text: str = "Verder", top: int = 900, **attributes: str) -> str:
    return node(f"[600,{top}][1000,{top + 90}]", text, cls="Button", **attributes)


def shutter(text: str = "Opnemen", top: int = 800) -> str:
    return node(f"[400,{top}][600,{top + 50}]", cls="ImageView", content_desc=text)


def vocabulary(file: ScreensFile) -> Vocabulary:
    """The file with the words of all languages."""
    return Vocabulary(
        platform=file.platform,
        packages=file.packages,
        covered=file.covered,
        words={name: label_from_entries(name, entries) for name, entries in file.words.items()},
        elements={name: tuple(rules) for name, rules in file.elements.items()},
        screens=tuple(sorted(file.screens.items(), key=lambda one: -one[1].layer)),
        containers=file.containers,
        publishing=file.publishing,
        proof=file.proof,
        account=file.account,
    )


def asked(*nodes: str, file: ScreensFile = FILE, language: str = "nl") -> dict[str, dict[str, Ask]]:
    """By screen, the likeliest first, what is asked for, by element."""
    root = f'<node package="{PACKAGE}" class="android.view.View" bounds="[0,0][1000,1000]">'
    tree = parse_xml(f"<hierarchy>{root}{''.join(nodes)}</node></hierarchy>")
    sight = recognise(tree, vocabulary(file), app_version="1.0")
    return {one.screen: {ask.element: ask for ask in one.asks} for one in unread(file, sight, language)}


def with_screens(**screens: Screen) -> ScreensFile:
    return msgspec.structs.replace(FILE, screens={**FILE.screens, **screens})


def changed(name: str, **facts: Any) -> ScreensFile:
    return with_screens(**{name: msgspec.structs.replace(FILE.screens[name], **facts)})


# --- which screens


def test_a_screen_whose_texts_are_not_known_is_asked_for_them_by_their_places() -> None:
    found = asked(title(), button())
    assert found["editor"] == {
        "editor_title": Ask("editor_title", [1], needed=True),
        "next_button": Ask("next_button", [2], needed=True),
    }


def test_nothing_is_asked_where_all_words_are_known() -> None:
    assert asked(title("Edit"), button("Next"), language="en") == {}


def test_only_a_word_that_the_language_lacks_is_asked_for() -> None:
    words = {**FILE.words, "title": [{"en": "Edit", "nl": "Bewerken"}]}
    found = asked(title(), button(), file=msgspec.structs.replace(FILE, words=words))
    assert list(found["editor"]) == ["next_button"]
    words = {**FILE.words, "title": [{"en": "Edit", "nl": "Iets anders"}]}
    found = asked(title(), button(), file=msgspec.structs.replace(FILE, words=words))
    assert "editor" not in found, "its title is known, and does not stand there"


def test_a_text_that_is_read_already_is_not_asked_for() -> None:
    assert list(asked(title("Edit"), button())["editor"]) == ["next_button"]


def test_a_screen_is_offered_only_where_all_that_names_it_can_stand() -> None:
    assert "editor" not in asked(title())
    assert "form" not in asked(button()), "there is no field"
    assert "form" in asked(button(), node("[0,200][1000,300]", "tekst", cls="EditText"))
    either = changed("editor", any=("cross", "shutter"))
    assert "editor" not in asked(title(), button(), file=either)
    assert "editor" in asked(
        title(), button(), node("[0,0][9,9]", resource_id=f"{PACKAGE}:id/cross"), file=either
    )
    assert "editor" in asked(title(), button(), shutter(), file=either)


def test_a_screen_is_not_offered_where_something_stands_that_it_never_has() -> None:
    cross = node("[0,0][9,9]", resource_id=f"{PACKAGE}:id/cross")
    assert "camera" in asked(shutter())
    assert "camera" not in asked(shutter(), cross)


def test_a_screen_that_lies_over_the_app_is_offered_where_something_does() -> None:
    file = with_screens(
        sheet=Screen(kind="path", layer=70, cover=True, all=("next_button",), next=("next_button",))
    )
    inner = button()
    box = node("[0,500][1000,1000]", inner=inner, cls="FrameLayout", resource_id=f"{PACKAGE}:id/box")
    assert "sheet" not in asked(title(), inner, file=file)
    assert "sheet" in asked(box, file=file)


def test_screens_that_are_off_or_not_of_the_way_are_not_offered() -> None:
    off = changed("camera", off=True)
    assert "camera" not in asked(shutter(), file=off)
    question = with_screens(
        question=Screen(kind="interruption", layer=70, all=("shutter",), next=("shutter",))
    )
    assert "question" not in asked(shutter(), file=question)


# --- which texts


def test_no_word_of_a_refusal_of_proof_or_of_an_account_is_asked_for() -> None:
    """No lesson says these: by them a post is stopped, proved, or kept from another account."""
    named = changed("camera", any=("shutter", "login_text", "sent", "handle"))
    found = asked(shutter(), node("[600,0][1000,90]", "Inloggen"), file=named)
    assert list(found["camera"]) == ["shutter"]


def test_the_publishing_button_is_asked_for_on_its_form_alone() -> None:
    form = asked(button(), node("[0,200][1000,300]", "tekst", cls="EditText"))
    assert form["form"]["post_button"] == Ask("post_button", [1], needed=True)
    assert "post_button" not in asked(title(), button())["editor"]


def test_what_another_screen_names_is_asked_for_where_it_has_few_places() -> None:
    few = [shutter(f"Knop {n}", top=100 * n) for n in range(1, NARROW + 1)]
    assert asked(title(), button(), *few)["editor"]["shutter"] == Ask("shutter", [3, 4, 5], needed=False)
    many = [*few, shutter("Nog een", top=700)]
    found = asked(title(), button(), *many)
    assert "shutter" not in found["editor"]
    assert found["camera"]["shutter"].nodes == [3, 4, 5, 6], "on its own screen it is asked for anyway"


def test_what_a_screen_names_comes_in_its_order_and_what_may_stand_there_too_after_it() -> None:
    found = asked(shutter(), title(), button())
    assert list(found["editor"]) == ["editor_title", "next_button", "shutter"]
    assert list(found["camera"]) == ["shutter", "editor_title", "next_button"]
    assert [ask.needed for ask in found["camera"].values()] == [True, False, False]


def test_a_word_is_asked_for_once_though_several_elements_read_it() -> None:
    elements = {**FILE.elements, "again": [Rule(label="@next", cls=".Button")]}
    file = msgspec.structs.replace(changed("editor", any=("next_button", "again")), elements=elements)
    found = asked(title(), button(), file=file)
    assert list(found["editor"]) == ["editor_title", "next_button"]
    alone = changed("editor", all=("next_button",), any=("again",), next=("scrim",))
    found = asked(button(), file=msgspec.structs.replace(alone, elements=elements))
    assert list(found["editor"]) == ["next_button"]


def test_what_a_screen_touches_or_must_not_touch_is_asked_for_too_and_is_not_needed() -> None:
    file = changed("editor", all=("editor_title",), any=(), next=("shutter",), never=("next_button",))
    found = asked(title(), button(), shutter(), file=file)
    assert {name: ask.needed for name, ask in found["editor"].items()} == {
        "editor_title": True, "next_button": False, "shutter": False
    }  # fmt: skip


def test_a_node_that_says_nothing_is_no_place_and_a_fields_hint_is_one() -> None:
    assert "editor" not in asked(title(), button(""))
    elements = {
        **FILE.elements,
        "next_button": [Rule(label="@next", cls=".Button"), Rule(hint="@next", zone=RIGHT)],
    }
    file = msgspec.structs.replace(FILE, elements=elements)
    hinted = node("[600,900][1000,990]", cls="EditText", hint="Verder")
    assert asked(title(), hinted, file=file)["editor"]["next_button"].nodes == [2]
    label = node("[600,900][1000,990]", cls="Button", hint="Verder")
    assert "next_button" not in asked(title(), label, file=file).get("editor", {})
    described = button("", content_desc="Verder")
    assert asked(title(), described)["editor"]["next_button"].nodes == [2]


def test_of_one_text_so_many_places_are_named_and_of_screens_so_many_offered() -> None:
    buttons = [button(f"Knop {n}", top=n * 10) for n in range(MAX_NODES + 5)]
    found = asked(title(), *buttons)
    assert found["editor"]["next_button"].nodes == list(range(2, MAX_NODES + 2))
    more = {f"camera {n}": FILE.screens["camera"] for n in range(MAX_SCREENS + 3)}
    assert len(asked(shutter(), file=with_screens(**more))) == MAX_SCREENS


# --- the likeliest first


def test_a_screen_that_lacks_something_itself_comes_before_one_where_it_may_stand_too() -> None:
    """Though more of the other one is found already."""
    file = with_screens(
        known=Screen(kind="path", layer=80, all=("cross", "drafts_button"), next=("drafts_button",))
    )
    cross = node("[0,0][9,9]", resource_id=f"{PACKAGE}:id/cross")
    found = asked(cross, node("[0,500][300,600]", "Concepten", cls="Button"), title(), button(), file=file)
    assert next(iter(found)) == "editor"
    assert "known" in found


def test_the_screen_as_which_it_is_read_comes_before_others_that_lack_something() -> None:
    """Though more of another one is found already."""
    file = changed("camera", all=("drafts_button",), none=(), next=("drafts_button", "shutter"))
    more = Screen(kind="path", layer=10, all=("cross", "drafts_button", "shutter"), next=("shutter",))
    file = msgspec.structs.replace(file, screens={**file.screens, "more": more})
    drafts = node("[0,500][300,600]", "Concepten", cls="Button")
    cross = node("[0,0][9,9]", resource_id=f"{PACKAGE}:id/cross")
    assert list(asked(drafts, cross, shutter(), file=file)) == ["camera", "more"]


def test_of_the_others_the_one_of_which_more_is_found_comes_first() -> None:
    file = with_screens(
        more=Screen(kind="path", layer=10, all=("cross", "shutter"), next=("shutter",)),
        less=Screen(kind="path", layer=20, all=("shutter",), next=("shutter",)),
    )
    cross = node("[0,0][9,9]", resource_id=f"{PACKAGE}:id/cross")
    assert list(asked(cross, shutter(), file=file)) == ["more", "less"]


def test_of_two_with_as_much_the_one_whose_places_are_fewer_comes_first_else_the_one_on_top() -> None:
    several = [button(), button("Meer", top=700), title()]
    narrow = with_screens(wide=Screen(kind="path", layer=99, all=("next_button",), next=("next_button",)))
    assert list(asked(*several, file=narrow)) == ["editor", "wide"]
    on_top = with_screens(top=Screen(kind="path", layer=99, all=("editor_title",), next=("editor_title",)))
    on_top = msgspec.structs.replace(
        on_top, screens={**on_top.screens, "low": msgspec.structs.replace(on_top.screens["top"], layer=1)}
    )
    assert list(asked(title(), file=on_top)) == ["top", "low"]

from __future__ import annotations

import os
import random
import re
import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree

from jobs.phone.screen.tree import (
    MAX_BOUNDS_CHARS,
    Node,
    TreeUnreadable,
    UiTree,
    parse_bounds,
    parse_xml,
    sanitise,
)
from tests.support.eyes import SHARED
from tests.support.fake_u2 import with_text

DUMPS = Path(os.environ.get("TIKMATRIXD_UI_DUMPS", Path(__file__).parents[6] / "shared" / "ui-dumps"))
XML_DUMPS = sorted(DUMPS.glob("*/*.xml"))
RECORDED = sorted((SHARED / "ui-corpus").glob("*/*.xml")) + XML_DUMPS


def wrap(inner: str) -> str:
    return f"<?xml version='1.0' encoding='UTF-8' standalone='yes' ?>\r\n<hierarchy rotation=\"0\">{inner}</hierarchy>"


def node(text: str = "", **attributes: str) -> str:
    words = {"text": text, "bounds": "[0,0][10,10]", **attributes}
    return "<node " + " ".join(f'{key.replace("_", "-")}="{value}"' for key, value in words.items()) + "/>"


def test_a_node_says_all_that_the_phone_said() -> None:
    tree = parse_xml(
        wrap(
            '<node text="Post" resource-id="com.app:id/post" class="android.widget.Button" package="com.app" '
            'content-desc="Post now" checkable="false" checked="true" clickable="true" enabled="false" '
            'focusable="true" focused="true" scrollable="true" selected="true" hint="h" showing-hint="true" '
            'bounds="[84,2090][996,2206]"/>'
        )
    )
    found = tree.nodes[0]
    assert (found.text, found.id_name, found.content_desc, found.hint) == ("Post", "post", "Post now", "h")
    assert (found.class_name, found.package) == ("android.widget.Button", "com.app")
    assert (found.bounds, found.center) == ((84, 2090, 996, 2206), (540, 2148))
    assert (found.width, found.height) == (912, 116)
    assert found.clickable
    assert found.checked
    assert not found.enabled
    assert found.focused
    assert found.showing_hint
    assert tree.size == (996, 2206)
    assert tree.packages == {"com.app"}


def test_parents_and_children_follow_the_nesting_in_document_order() -> None:
    tree = parse_xml(
        wrap(
            '<node text="a" bounds="[0,0][9,9]"><node text="b" bounds="[0,0][9,9]">'
            '<node text="c" bounds="[0,0][9,9]"/></node><node text="d" bounds="[0,0][9,9]"/></node>'
        )
    )
    assert [n.text for n in tree.nodes] == ["a", "b", "c", "d"]
    assert [n.text for n in tree.nodes[0].walk()] == ["a", "b", "c", "d"]
    assert [n.text for n in tree.nodes[2].ancestors()] == ["b", "a"]
    assert [n.order for n in tree.nodes] == [0, 1, 2, 3]


def test_U2_11_a_tree_three_hundred_levels_deep_is_read_to_its_bottom() -> None:
    depth = 300
    xml = wrap('<node bounds="[0,0][9,9]">' * depth + node("bottom") + "</node>" * depth)
    tree = parse_xml(xml)
    bottom = with_text(tree, "bottom")
    assert bottom is not None
    assert len(list(bottom.ancestors())) == depth


@pytest.mark.parametrize("name", ["View[]", "1abc", "A<B>", "$", "", "ä ö", "a'b\"c", "com.x.Y$Z[][]"])
def test_U2_11_class_names_that_are_no_xml_names_are_kept(name: str) -> None:
    escaped = name.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    tree = parse_xml(wrap(node("wanted", **{"class": escaped})))
    found = with_text(tree, "wanted")
    assert found is not None
    assert found.class_name == name


@pytest.mark.parametrize(
    "odd",
    ["\x00", "\x08", "\x1f", "&#8;", "&#0;", "&#x1F;", "&#xD800;", "&#55357;", "&#xFFFE;", "&#x110000;", "\ud83d",
     "\uffff", "&#99999999;"],
)  # fmt: skip
def test_U2_11_what_xml_forbids_hides_nothing(odd: str) -> None:
    tree = parse_xml(wrap(node(f"a{odd}b") + node("wanted")))
    assert [n.text for n in tree.nodes] == ["ab", "wanted"]


def test_U2_11_what_xml_allows_is_kept() -> None:
    text = "tab&#9;line&#10;return&#13;&#128512; 😀 &amp;&lt;&quot;&apos; ü\u00a0"
    tree = parse_xml(wrap(node(text)))
    assert tree.nodes[0].text == "tab\tline\nreturn\r😀 😀 &<\"' ü\u00a0"


@given(st.text(max_size=60))
@settings(deadline=None)
def test_U2_12_any_text_is_found_by_plain_comparison(text: str) -> None:
    from xml.sax.saxutils import quoteattr

    legal = sanitise(text)
    escaped = quoteattr(legal, {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})
    tree = parse_xml(wrap(f'<node text={escaped} bounds="[0,0][1,1]"/>'))
    assert with_text(tree, legal) is tree.nodes[0]


@given(st.one_of(st.text(max_size=200), st.binary(max_size=200).map(lambda b: b.decode("latin-1"))))
@settings(deadline=None, max_examples=300)
def test_U2_11_nothing_that_a_phone_sends_breaks_the_parser(text: str) -> None:
    for source in (text, wrap(text), wrap(node("x") + text)):
        try:
            tree = parse_xml(source)
        except TreeUnreadable:
            continue
        assert isinstance(tree, UiTree)
        assert tree.source == source


@pytest.mark.parametrize("source", ["", "   ", "not xml", "{}", "\0\0\0", "<a/>", "ERROR: null root node"])
def test_what_is_no_tree_is_unreadable(source: str) -> None:
    with pytest.raises(TreeUnreadable):
        parse_xml(source)


def test_U2_10_an_empty_tree_of_any_rotation_is_readable_and_empty() -> None:
    for rotation in (0, 1, 2, 3):
        assert parse_xml(f'<hierarchy rotation="{rotation}" />').nodes == []


def test_a_tree_that_breaks_off_gives_what_came() -> None:
    xml = wrap(node("first") + node("second"))
    assert parse_xml(xml[: xml.index("second")]).nodes[0].text == "first"


def test_a_tree_with_entities_is_refused_whole() -> None:
    bomb = (
        '<!DOCTYPE h [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
        '<!ENTITY c SYSTEM "file:///etc/passwd">]>'
    )
    with pytest.raises(TreeUnreadable, match="document type"):
        parse_xml(bomb + f"<hierarchy>{node('x')}<p>&b;&c;</p></hierarchy>")
    assert parse_xml(wrap(node("&lt;!DOCTYPE html&gt;"))).nodes[0].text == "<!DOCTYPE html>"


def test_bounds_may_be_negative_or_missing() -> None:
    assert parse_bounds("[-5,-10][100,200]") == (-5, -10, 100, 200)
    assert parse_bounds("nonsense") == (0, 0, 0, 0)


def test_two_observations_are_the_same_when_their_text_is() -> None:
    first, second = parse_xml(wrap(node("a"))), parse_xml(wrap(node("a")))
    assert first.same_as(second)
    assert not first.same_as(None)
    assert not first.same_as(parse_xml(wrap(node("b"))))
    assert Node() is not Node()


@pytest.mark.skipif(not XML_DUMPS, reason="the recorded screens are not here")
@pytest.mark.parametrize("path", XML_DUMPS, ids=lambda path: path.stem)
def test_every_recorded_screen_is_read(path: Path) -> None:
    source = path.read_text("utf-8")
    tree = parse_xml(source)
    assert len(tree.nodes) == source.count("<node") > 3 or "excerpt" in path.stem
    assert min(tree.size) > 500
    for one in tree.nodes:
        assert one.parent is None or one in one.parent.children


def test_siblings_are_drawn_in_the_order_that_the_phone_says_not_as_they_are_written() -> None:
    tree = parse_xml(
        wrap(
            '<node text="window" bounds="[0,0][9,9]" drawing-order="0">'
            '<node text="sheet" bounds="[0,0][9,9]" drawing-order="2"><node text="in it" bounds="[0,0][9,9]"/></node>'
            '<node text="page" bounds="[0,0][9,9]" drawing-order="1"/></node>'
        )
    )
    assert [n.text for n in sorted(tree.nodes, key=lambda n: n.drawn)] == ["window", "page", "sheet", "in it"]
    assert [n.text for n in tree.nodes] == ["window", "sheet", "in it", "page"]


def test_without_a_drawing_order_the_document_is_the_order_of_drawing() -> None:
    tree = parse_xml(wrap(node("a") + node("b") + node("c", drawing_order="odd")))
    assert [n.drawn for n in tree.nodes] == [0, 1, 2]


def nested(levels: int) -> str:
    return wrap('<node text="x" bounds="[0,0][9,9]">' * levels + "</node>" * levels)


ATTRIBUTES_THAT_MULTIPLY = (
    f"<?xml version='1.0'?><!DOCTYPE h [<!ENTITY a '{'x' * 1000}'>"
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefg", "bcdefgh", strict=False))
    + ']><hierarchy><node bounds="[0,0][9,9]" text="&h;"/></hierarchy>'
)  # fmt: skip


@pytest.mark.parametrize(
    ("xml", "why"),
    [
        (wrap("<node bounds='[0,0][9,9]'/>" * 200_000), "more than 10000 nodes"),
        (wrap("<a>" * 300_000), "more than 10000 nodes"),
        (nested(5_000), "deep"),
        (nested(600), "deep"),
        (wrap(node("x" * 9_000_000)), "characters"),
        (ATTRIBUTES_THAT_MULTIPLY, "document type"),
    ],
    ids=["nodes", "elements", "depth", "depth that libxml2 takes", "characters", "entities"],
)
def test_a_tree_beyond_all_bounds_costs_next_to_nothing(xml: str, why: str) -> None:
    began_s = time.process_time()
    with pytest.raises(TreeUnreadable, match=why):
        parse_xml(xml)
    assert time.process_time() - began_s < 0.5


def test_a_large_tree_is_read_and_a_text_without_end_is_cut() -> None:
    tree = parse_xml(wrap(node("x" * 100_000, content_desc="y" * 100_000) + node("n") * 9_998))
    assert len(tree.nodes) == 9_999
    assert (len(tree.nodes[0].text), len(tree.nodes[0].content_desc)) == (20_000, 20_000)
    assert len(parse_xml(nested(400)).nodes) == 400


@pytest.mark.parametrize("number", ["9" * 5000, "\u00b2", "-", "1" * 10])
def test_a_number_that_is_none_hides_no_screen(number: str) -> None:
    tree = parse_xml(wrap(f'<node bounds="[{number},0][9,9]" drawing-order="{number}"/>' + node("b")))
    assert [n.text for n in tree.nodes] == ["", "b"]
    assert tree.nodes[0].bounds == (0, 0, 0, 0)


def test_a_tree_that_breaks_off_says_so() -> None:
    xml = wrap(node("first") + node("second"))
    assert not parse_xml(xml).cut
    assert not parse_xml(xml + "UI hierchary dumped to: /dev/tty").cut
    assert parse_xml(xml[: xml.index("second")]).cut
    assert parse_xml(xml[: xml.index("</")]).cut


def read_at_once(xml: str) -> list[tuple[object, ...]]:
    """The nodes as a parser that forgives everything finds them, each with its parent's place and how it is drawn."""
    parser = etree.XMLParser(recover=True, huge_tree=True, resolve_entities=False, no_network=True)
    try:
        root = etree.fromstring(sanitise(xml).encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError):
        return []
    elements = [] if root is None else [e for e in root.iter(etree.Element) if e.get("bounds") is not None]
    places = {element: place for place, element in enumerate(elements)}
    drawn: list[int] = []

    def order(element: etree._Element) -> int:
        number = element.get("drawing-order") or ""
        return int(number) if re.fullmatch("[0-9]{1,9}", number) else 0

    def draw(element: etree._Element) -> None:
        drawn.append(places[element])
        for child in sorted((c for c in element if c in places), key=order):
            draw(child)

    siblings = [[order(child) for child in e if child in places] for e in elements]
    if all(orders == sorted(orders) for orders in siblings):
        drawn = list(range(len(elements)))
    else:
        for element in elements:
            if element.getparent() not in places:
                draw(element)
    found = []
    for place, e in enumerate(elements):
        flags = (
            "clickable",
            "checkable",
            "checked",
            "selected",
            "focused",
            "focusable",
            "scrollable",
            "showing-hint",
        )
        found.append(
            (
                *((e.get(name) or "")[:20_000] for name in ("text", "content-desc", "hint")),
                *(e.get(name) or "" for name in ("resource-id", "class", "package")),
                parse_bounds(e.get("bounds") or ""),
                *(e.get(name) == "true" for name in flags),
                e.get("enabled") != "false",
                e.get("displayed") != "false" and e.get("visible-to-user") != "false",
                order(e),
                place,
                drawn.index(place),
                places.get(e.getparent()),
                [places[child] for child in e if child in places],
            )
        )
    return found


def read_by_us(xml: str) -> list[tuple[object, ...]]:
    try:
        nodes = parse_xml(xml).nodes
    except TreeUnreadable:
        return []
    return [
        (
            n.text, n.content_desc, n.hint, n.resource_id, n.class_name, n.package, n.bounds, n.clickable, n.checkable,
            n.checked, n.selected, n.focused, n.focusable, n.scrollable, n.showing_hint, n.enabled, n.visible,
            n.drawing_order, n.order, n.drawn, n.parent.order if n.parent else None, [c.order for c in n.children],
        )
        for n in nodes
    ]  # fmt: skip


CHARACTERS = [
    "a", "b", " ", "\u00fc", "\U0001f600", "\n", "\t", "\x08", "\ufffe", "&amp;", "&lt;", "&#10;", "&#8;", "&#xD83D;", "&",
    "<", "\u0085", ">",
]  # fmt: skip
WORDS = ("text", "content-desc", "hint", "resource-id", "class", "package")
TRUTHS = ("clickable", "enabled", "checked", "selected", "displayed", "visible-to-user", "showing-hint")


def drawn_tree(rng: random.Random) -> str:
    """A tree as phones send it; some with what XML forbids, some with a piece missing or something behind it."""
    characters = rng.choice([CHARACTERS, [c for c in CHARACTERS if sanitise(c) == c and c not in "&<"]])
    tags = rng.choice([["node"], ["node", "android.view.View", "a:b", "1x"]])

    def word() -> str:
        return "".join(rng.choices(characters, k=rng.randint(0, 5)))

    def element(depth: int) -> str:
        attributes = {name: word() for name in WORDS if rng.random() < 0.5}
        attributes |= {
            name: rng.choice(["true", "false", "", "odd"]) for name in TRUTHS if rng.random() < 0.3
        }
        if rng.random() < 0.8:
            attributes["bounds"] = rng.choice(["[0,0][9,9]", "[-1,2][30,4]", "odd", ""])
        if rng.random() < 0.5:
            attributes["drawing-order"] = rng.choice(["0", "1", "2", "7", "odd"])
        tag = rng.choice(tags)
        opened = tag + "".join(f' {name}="{value}"' for name, value in attributes.items())
        inner = [element(depth + 1) for _ in range(rng.randint(0, 3) if depth < 4 else 0)]
        between = rng.choice(["", "\n  ", "<!-- x -->", "text", "<![CDATA[<node/>]]>", "<?go on?>"])
        return f"<{opened}>{between.join(inner)}</{tag}>" if inner else f"<{opened} />"

    xml = wrap(element(0) + element(0))
    if rng.random() < 0.3:
        start = rng.randint(0, len(xml))
        xml = xml[:start] + word() + xml[rng.randint(start, len(xml)) :]
    return xml


def test_U2_11_a_text_that_breaks_in_its_first_line_is_read_all_the_same() -> None:
    xml = """<?xml version='1.0' encoding='UTF-8' s"" a="b"><node text="Next" bounds="[0,0][9,9]" /></node>"""
    assert [node.text for node in parse_xml(xml).nodes] == ["Next"]


@given(st.integers(0, 2**40))
@settings(deadline=None, max_examples=400)
@example(6129)
def test_U2_11_well_formed_or_not_a_tree_has_the_nodes_that_a_forgiving_parser_finds(seed: int) -> None:
    xml = drawn_tree(random.Random(seed))
    assert read_by_us(xml) == read_at_once(xml), xml


@pytest.mark.skipif(not RECORDED, reason="the recorded screens are not here")
@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_a_recorded_screen_has_the_nodes_that_a_forgiving_parser_finds(path: Path) -> None:
    xml = path.read_text("utf-8")
    assert read_by_us(xml) == read_at_once(xml) != []


def test_of_bounds_without_end_nothing_large_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def remember(text: str) -> tuple[int, int, int, int]:
        read.append(text)
        return parse_bounds(text)

    monkeypatch.setattr("jobs.phone.screen.tree.parse_bounds", remember)
    (node,) = parse_xml(f"<hierarchy><node bounds='[1,2][3,4]{'x' * 1_000_000}'/></hierarchy>").nodes
    assert node.bounds == (1, 2, 3, 4)
    assert max(map(len, read)) <= MAX_BOUNDS_CHARS

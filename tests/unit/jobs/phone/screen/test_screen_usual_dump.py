from __future__ import annotations

import random

import pytest

from benchmarks.looks import tree as dump
from jobs.phone.screen import tree as tree_module
from jobs.phone.screen import usual_dump
from jobs.phone.screen.tree import TreeUnreadable, parse_xml
from jobs.phone.screen.usual_dump import read_usual
from tests.support.eyes import SHARED

RECORDED = sorted(SHARED.glob("ui-*/*/*.xml"))
#: What may come into a dump by a fault of a phone, a person who edits it, or an app's odd texts.
ODD = [
    '"', "<", ">", "&", "/", "=", " ", "\n", "\t", "\x00", "\x0b", "'", "&amp;", "&#10;", "&#0;", "&#xD800;", "&#128512;",
    "&nbsp;", "&lt", "</node>", "</hierarchy>", "/>", "<node>", "<a/>", "<!-- x -->", "<![CDATA[x]]>", ' text="x"', ' xml:a="b"',
    ' xmlns="x"', "text", "\u00e9", "\U0001f600", "\ud83d", "\ufffe", "\u200b", "]]>", "?>", "[0,0][9,9]", "true", "9" * 12,
]  # fmt: skip


def said(xml: str) -> object:
    """All that a tree says; the refusal of one that cannot be read."""
    try:
        tree = parse_xml(xml)
    except TreeUnreadable as error:
        return str(error)
    return tree.cut, [
        (
            *(getattr(n, name) for name in n.__slots__ if name not in {"parent", "children"}),
            n.parent and n.parent.order,
            [c.order for c in n.children],
        )
        for n in tree.nodes
    ]


def said_by_the_parser_for_xml(xml: str, monkeypatch: pytest.MonkeyPatch) -> object:
    with monkeypatch.context() as patch:
        patch.setattr(tree_module, "read_usual", lambda _: None)
        return said(xml)


def changed(rng: random.Random, xml: str) -> str:
    for _ in range(rng.choice([1, 1, 2, 4])):
        at = rng.randrange(len(xml) + 1)
        cut = rng.choice([0, 0, 1, 3, 30])
        xml = xml[:at] + rng.choice(["", *ODD, *ODD]) + xml[at + cut :]
    return xml


def test_a_dump_as_phones_send_it_needs_no_parser_for_xml(monkeypatch: pytest.MonkeyPatch) -> None:
    for nodes in (3, 70, 225):
        xml = dump(nodes).replace("number 0", "it&apos;s &lt;0&gt; &#128512;&#10;&amp;c")
        # Android's own dumper marks what can be touched and says nothing.
        xml = xml.replace('<node index="1"', '<node NAF="true" index="1"')
        usual = read_usual(xml)
        assert usual is not None
        assert usual.nodes[0].text == "What stands here, it's <0> \U0001f600\n&c"
        assert said(xml) == said_by_the_parser_for_xml(xml, monkeypatch)


@pytest.mark.skipif(not RECORDED, reason="the recorded screens are not here")
def test_nearly_every_recorded_screen_has_the_usual_form_and_is_read_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    usual = 0
    for path in RECORDED:
        xml = path.read_text("utf-8")
        usual += read_usual(xml) is not None
        assert said(xml) == said_by_the_parser_for_xml(xml, monkeypatch), path.name
    assert usual > 0.9 * len(RECORDED)


@pytest.mark.parametrize("seed", range(8))
def test_what_is_odd_in_a_dump_is_read_as_the_parser_for_xml_reads_it(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(seed)
    whole, still_usual = dump(6), 0
    for _ in range(500):
        xml = changed(rng, whole)
        assert said(xml) == said_by_the_parser_for_xml(xml, monkeypatch), repr(xml)
        still_usual += read_usual(xml) is not None
    assert 20 < still_usual < 480


def test_a_phone_whose_tags_are_never_the_same_takes_no_memory_for_ever_and_nothing_from_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(usual_dump, "known_forms", {})
    monkeypatch.setattr(usual_dump, "MAX_FORMS", 5)
    for number in range(20):
        xml = f'<hierarchy><node n{number}="" text="x" bounds="[0,0][9,9]"/></hierarchy>'
        assert [n.text for n in parse_xml(xml).nodes] == ["x"]
    assert len(usual_dump.known_forms) == 5
    assert read_usual(dump(3)) is not None


def test_a_tree_whose_tags_are_all_different_is_not_learned_tag_by_tag(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(usual_dump, "known_forms", {})
    nodes = "".join(f'<node n{number}="" text="{number}" bounds="[0,0][9,9]"/>' for number in range(300))
    xml = f"<hierarchy>{nodes}</hierarchy>"
    assert read_usual(xml) is None
    assert len(parse_xml(xml).nodes) == 300
    assert len(usual_dump.known_forms) < 30

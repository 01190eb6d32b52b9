"""The rules for one wish by which the element is found at the very node that the person meant."""

from __future__ import annotations

from collections.abc import Sequence

from jobs.phone.screen.tree import Node, UiTree
from jobs.post.screens.recognise import Sight
from jobs.post.screens.screens_file import ScreensInvalid
from jobs.post.teaching.kept_screens import KeptScreen
from jobs.post.teaching.lessons import Lesson, Wish
from jobs.post.teaching.proposals import Proposal, Proposals
from jobs.post.teaching.refusals import Refused
from jobs.post.teaching.trial import Ground, found_at, read

#: The most rules of one lesson that are looked at.
MAX_PROPOSALS = 8


def rules_at_node(
    wish: Wish,
    kept: KeptScreen,
    tree: UiTree,
    *,
    ground: Ground,
    on: Sequence[Lesson],
    language: str,
    number: int,
) -> list[Proposal]:
    """The rules that find the element at the node, the steadiest first; on other screens they are not tried.

    Args:
        wish: what the person says.
        kept: the screen.
        tree: its tree.
        ground: the files of the app.
        on: the lessons that count before this one.
        language: bare code of the language in which the node speaks.
        number: the id that the lesson will have.

    Raises:
        Refused: no rule does, or the wish names what is not there.
    """
    sight = read(ground.vocabulary(on), kept, tree)
    made = Proposals(wish, kept, sight, trusted=ground.trusted, language=language, number=number).all()
    good = []
    why = ""
    for proposal in made[:MAX_PROPOSALS]:
        try:
            vocabulary = ground.vocabulary([*on, proposal.lesson])
        except ScreensInvalid as error:
            why = why or error.problems[0]
            continue
        target = proposal.target
        if wish.node >= 0 and wish.means != "person":
            node = tree.nodes[wish.node]
            sight = read(vocabulary, kept, tree)
            if not found_at(vocabulary, tree, kept.app_version, target, node) and not _holds(
                sight, target, node
            ):
                why = why or _not_found(sight, target)
                continue
            _check_publishing(ground, sight, target)
        good.append(proposal)
    if not good:
        raise Refused("node", why or "by no rule is it found at this node")
    return good


def _check_publishing(ground: Ground, sight: Sight, target: str) -> None:
    """The publishing button of a form is taught from a picture that is read as that form, and from no other."""
    if target not in ground.trusted.publishing:
        return
    forms = [n for n, s in ground.trusted.screens.items() if s.kind == "path" and target in s.next]
    if forms and sight.name not in forms:
        raise Refused(
            "screen",
            f"this picture is read as {sight.name or 'nothing known'}, not as {' or '.join(forms)}: teach the other parts "
            f"of that screen first, or choose a picture of it",
        )


def _holds(sight: Sight, target: str, node: Node) -> bool:
    """Whether one of several finds of an element is the node, as with the cells of a grid."""
    return any(found.node is node for found in sight.index.find_all(target))


def _not_found(sight: Sight, target: str) -> str:
    """Why an element is not found: most often because of one beside which it stands."""
    beside = [
        name
        for rule in sight.index.vocabulary.elements[target]
        for name in rule.anchors
        if not sight.has(name)
    ]
    if beside:
        return f"{target} is recognised by what stands beside it, and {beside[0]} is not found on this picture: teach that one first"
    return f"the rules of {target} look for it in another part of the screen, or for another kind of node"

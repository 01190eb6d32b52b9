"""The sound chip of TikTok's editor, with its sheet of sounds and the volumes."""

from __future__ import annotations

from jobs.phone.screen.tree import Node
from jobs.post.flow.flow import Flow
from jobs.post.flow.sound_page import PAGE_S
from jobs.post.screens.element import Element, holds_point, same_row
from jobs.post.screens.labels import normalise
from jobs.post.screens.recognise import Sight
from jobs.post.tiktok.sound_page import chip_text, not_set
from jobs.task.attempt import ScriptFailed
from storage.error_codes import ErrorCode


def set_sound(flow: Flow, sight: Sight, favorite: str) -> Sight:
    """Bring the editor's sound to what was asked for; `favorite` is the title of a sound whose page was visited, "" for none."""
    if flow.plan.way == "useSound":
        chip = chip_text(sight)
        if not chip:
            raise not_set("the editor lost the sound that was chosen")
        if favorite and not names(chip, favorite) and not names(favorite, chip):
            raise not_set(f'"{favorite}" was chosen, the editor shows "{chip}"')
        return sight
    wish = flow.plan.config.add_sound
    if wish == "0":
        return _remove(flow, sight)
    if wish == "1":
        return _add_recommended(flow, sight)
    if wish == "custom":
        return _add_named(flow, sight, favorite)
    return sight


def _wait_s(flow: Flow, least_s: int) -> float:
    return float(max(least_s, flow.plan.config.sound_wait_time))


def _remove(flow: Flow, sight: Sight) -> Sight:
    """Take off the sound that TikTok attached by itself."""
    with flow.option("remove sound"):
        if not _sounds(sight):
            return sight
        sight = flow.press(sight, "sound_remove", done=lambda s: not _sounds(s), timeout_s=5.0)
        sight = flow.reach(sight, "editor")
        if _sounds(sight):
            raise not_set("the sound cannot be removed")
        return sight


def _sounds(sight: Sight) -> bool:
    """Whether a sound is on: the chip names it, or nothing offers to add one and one can be removed."""
    removable = sight.has("sound_remove") and not sight.has("sound_chip_empty")
    return bool(chip_text(sight)) or removable


def _open(flow: Flow, sight: Sight) -> Sight:
    """The sheet of sounds that the chip opens."""
    sight = flow.press(sight, "sound_chip", timeout_s=PAGE_S)
    return flow.reach(sight, "sound_sheet", timeout_s=PAGE_S)


def _add_recommended(flow: Flow, sight: Sight) -> Sight:
    """Music that TikTok recommends: the one it attached already, else the first of its list."""
    with flow.option("add recommended sound"):
        title = chip_text(sight)
        sight = _open(flow, sight)
        if not title:
            row = flow.need(sight, "sound_rows")
            title = title_of(sight, row)
            sight = _take(flow, sight, row)
        return _close(flow, _set_volumes(flow, sight), title)


def _add_named(flow: Flow, sight: Sight, favorite: str) -> Sight:
    """The named sound: marked as a favourite and used. A link's sound is a favourite by now, a name is searched."""
    with flow.option("add named sound"):
        sight = _open(flow, sight)
        if flow.plan.sound_is_link:
            sight, row = _row_of_favorite(flow, sight, favorite)
        else:
            sight, row = _search(flow, sight, flow.plan.sound)
        title = title_of(sight, row)
        sight = _take(flow, sight, row)
        return _close(flow, _set_volumes(flow, sight), title)


def _row_of_favorite(flow: Flow, sight: Sight, title: str) -> tuple[Sight, Element]:
    sight = flow.press(sight, "favorites_tab", done=lambda s: s.has("favorites_tab_chosen"))
    sight = flow.reach(sight, "sound_sheet")
    if row_named(sight, title) is None:
        sight = flow.driver.until(
            sight, lambda s: s.name != "sound_sheet" or row_named(s, title) is not None, _wait_s(flow, 2)
        )
        sight = flow.reach(sight, "sound_sheet")
    row = row_named(sight, title)
    if row is None:
        raise not_set(f'the favourites do not list "{title}"')
    return sight, row


def _search(flow: Flow, sight: Sight, wanted: str) -> tuple[Sight, Element]:
    sight = flow.press(sight, "sheet_search", timeout_s=PAGE_S)
    sight = flow.reach(sight, "sound_search", timeout_s=PAGE_S)
    flow.driver.enter_text(flow.need(sight, "sheet_search_field"), wanted)
    flow.phone.press("enter")
    sight = flow.driver.until(
        sight, lambda s: s.name != "sound_search" or row_named(s, wanted) is not None, _wait_s(flow, 5)
    )
    sight = flow.reach(sight, "sound_search", "sound_sheet")
    row = row_named(sight, wanted)
    if row is None:
        raise ScriptFailed(ErrorCode.SOUND_NOT_FOUND, f'TikTok finds no sound "{wanted}"', step="sound")
    sight = _mark_favorite(flow, sight, row)
    return sight, row_named(sight, wanted) or row


def row_named(sight: Sight, wanted: str) -> Element | None:
    """The row of the list whose title is the wanted one; else the first that contains it."""
    rows = sight.index.find_all("sound_rows")
    titled = [(row, [normalise(n.text) for n in _in(sight, row.node) if n.text]) for row in rows]
    name = normalise(wanted)
    exact = (row for row, texts in titled if name in texts)
    return next(exact, None) or next(
        (row for row, texts in titled if any(name in text for text in texts)), None
    )


def _in(sight: Sight, box: Node) -> list[Node]:
    return [n for n in sight.index.nodes if holds_point(box.bounds, n.center)]


def _mark_favorite(flow: Flow, sight: Sight, row: Element) -> Sight:
    """Tap the row's bookmark unless it is set already."""
    marks = [f for f in sight.index.find_all("favorite_buttons") if same_row(f.bounds, row.bounds)]
    if not marks:
        flow.attempt.note("the list offers no favourite mark for the sound")
        return sight
    if marks[0].node.selected or marks[0].node.checked:
        return sight
    tree = sight.tree
    flow.driver.tap(marks[0])
    return flow.driver.until(sight, lambda s: not s.tree.same_as(tree), 3.0)


def title_of(sight: Sight, row: Element) -> str:
    """The sound that a row names: its topmost text."""
    texts = [n for n in _in(sight, row.node) if n.text]
    return min(texts, key=lambda n: (n.bounds[1], n.bounds[0])).text if texts else ""


def names(chip: str, title: str) -> bool:
    """Whether the chip names this sound; it may add the artist or cut the end off."""
    shown, wanted = normalise(chip), normalise(title)
    cut = shown.rstrip(".… ")
    return bool(shown) and (wanted in shown or (cut != shown and bool(cut) and wanted.startswith(cut)))


def _take(flow: Flow, sight: Sight, row: Element) -> Sight:
    """Tap a sound's row; tapping the row of the sound that is on would take it off."""
    if row.node.selected:
        return sight
    tree = sight.tree
    flow.driver.tap(row)
    sight = flow.driver.until(sight, lambda s: not s.tree.same_as(tree), _wait_s(flow, 2))
    return flow.wait_until_known(sight)


def _set_volumes(flow: Flow, sight: Sight) -> Sight:
    """Set the volumes of the clip's own sound and of the added one, and see that they stand."""
    with flow.option("volumes"):
        if sight.name not in ("sound_sheet", "sound_search", "editor"):
            sight = flow.reach(sight, "sound_sheet", "editor")
        if not sight.has("volume_button"):
            name = sight.name
            flow.driver.back("from the search of sounds to their sheet")
            sight = flow.driver.until(sight, lambda s: s.has("volume_button") or s.name != name, 5.0)
            sight = flow.reach(sight, "sound_sheet", "editor")
        if not sight.has("volume_button"):
            raise not_set("the sheet of sounds has no volume", step="volumes")
        sight = flow.press(sight, "volume_button", timeout_s=PAGE_S)
        sight = flow.reach(sight, "volume_sheet", timeout_s=PAGE_S)
        config = flow.plan.config
        if flow.plan.is_video:  # images have no sound of their own
            sight = _slide(flow, sight, "original_volume_bar", config.origin_sound_volume)
        sight = _slide(flow, sight, "added_volume_bar", config.add_sound_volume)
        return flow.press(sight, "volume_done", timeout_s=PAGE_S)


def _slide(flow: Flow, sight: Sight, element: str, percent: int) -> Sight:
    bar = sight.find(element)
    if bar is None:
        raise not_set(f"{element} is not on the volume sheet", step="volumes")
    x1, y1, x2, y2 = bar.bounds
    for _ in range(3):
        x = min(x2 - 1, max(x1, x1 + round((x2 - x1) * percent / 100)))
        tree = sight.tree
        flow.driver.tap_at(bar, x, (y1 + y2) // 2, f"{element} at {percent} %")
        sight = flow.driver.until(sight, lambda s, t=tree: not s.tree.same_as(t), 2.0)  # type: ignore[misc]
        sight = flow.reach(sight, "volume_sheet")
        shown = bar_value(sight, element)
        if shown is None or abs(shown - percent) <= 1:
            return sight
        # Where it says its value in its description, it is no longer the node of before.
        bar = flow.need(sight, element)
    raise not_set(f"{element} shows {shown} %, not {percent} %", step="volumes")


def bar_value(sight: Sight, element: str) -> int | None:
    """What a slider says that it stands at, from its own text or a number beside it."""
    bar = sight.find(element)
    if bar is None:
        return None
    numbers = [n.text for n in sight.index.nodes if n.text and same_row(n.bounds, bar.bounds)]
    for text in (bar.node.text, bar.node.content_desc, *numbers):
        try:
            return round(float(text.strip().removesuffix("%").strip()))
        except ValueError:
            continue
    return None


def _close(flow: Flow, sight: Sight, title: str) -> Sight:
    """Back in the editor, which must show the sound."""
    sight = flow.close_sheets(sight, "editor", by="sheet_done")
    if not names(chip_text(sight), title):
        sight = flow.driver.until(sight, lambda s: names(chip_text(s), title), _wait_s(flow, 1))
        sight = flow.reach(sight, "editor")
    if not names(chip_text(sight), title):
        raise not_set(f'"{title}" was chosen, the editor shows "{chip_text(sight)}"')
    flow.attempt.note("sound in use", sound=chip_text(sight))
    return sight

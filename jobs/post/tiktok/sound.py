"""Sounds on TikTok: posting from a sound's page, and the sound chip of the editor with its sheet and volumes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.phone.errors import CommandFailed
from jobs.phone.screen.tree import Node
from jobs.post.screens.element import Found, holds_point, same_row
from jobs.post.screens.labels import plain
from jobs.post.screens.recognise import Sight
from jobs.task.attempt import ScriptFailed

if TYPE_CHECKING:
    from jobs.post.tiktok.flow import TikTokFlow

PAGE_S = 15.0


def not_set(message: str, *, step: str = "sound", passing: bool = False) -> ScriptFailed:
    """An option that was asked for cannot be set: the post must not go out."""
    return ScriptFailed("option_not_set", message, step=step, passing=passing)


# From a sound's page


def open_sound(flow: TikTokFlow, sight: Sight) -> Sight:
    """Open the page of the sound: by its link, else by searching its name."""
    with flow.attempt.step("open sound", sound=flow.plan.sound):
        if flow.plan.sound_is_link:
            name = sight.name
            try:
                flow.hands.ask("sound_page", "sound_gone", "chooser")
                flow.phone.start_intent(
                    "-a", "android.intent.action.VIEW", "-d", flow.plan.sound, "-p", flow.plan.package
                )
            except CommandFailed as error:
                raise ScriptFailed(
                    "sound_not_found", f"the link does not open: {error}", step="sound"
                ) from error
            sight = flow.hands.until(sight, lambda s: s.name != name, PAGE_S)
            sight = flow.settled(sight)
            if sight.name == name:
                raise ScriptFailed("sound_not_found", "TikTok does not open the sound's link", step="sound")
            return sight
        if not sight.has("for_you_tab"):  # other tabs search among other things
            sight = flow.press(sight, "home_tab", done=lambda s: s.has("for_you_tab"))
            sight = flow.reach(sight, "home")
        return flow.press(sight, "search_icon", timeout_s=PAGE_S)


def search_sound(flow: TikTokFlow, sight: Sight) -> Sight:
    """On the search page: type the name, choose the tab of sounds, open the first hit."""
    if flow.plan.way != "useSound":
        raise flow.stuck(sight, "the search page came unasked")
    if sight.name == "search":
        field = flow.need(sight, "search_field")
        if plain(field.node.text) != plain(flow.plan.sound):
            flow.hands.enter_text(field, flow.plan.sound)
            sight = flow.hands.until(sight, lambda s: s.name != "search" or _typed(flow, s), 3.0)
            if sight.name != "search":
                return sight
        flow.hands.attempt.note("search for the sound")
        flow.phone.press("enter")
        sight = flow.hands.until(sight, lambda s: s.name != "search", 5.0)
        if sight.name == "search" and sight.has("search_go"):
            sight = flow.press(sight, "search_go", timeout_s=PAGE_S)
        return sight
    if not sight.has("sounds_tab_chosen"):
        sight = flow.press(sight, "sounds_tab", done=lambda s: s.has("sounds_tab_chosen"), timeout_s=PAGE_S)
        if sight.name != "sound_results":
            return sight
    if not sight.has("sound_hits"):
        sight = flow.hands.until(
            sight,
            lambda s: s.name != "sound_results" or s.has("sound_hits"),
            float(max(5, flow.plan.config.sound_wait_time)),
        )
        if sight.name != "sound_results":
            return sight
        if not sight.has("sound_hits"):
            raise ScriptFailed("sound_not_found", f'TikTok finds no sound "{flow.plan.sound}"', step="sound")
    return flow.press(sight, "sound_hits", timeout_s=PAGE_S)


def _typed(flow: TikTokFlow, sight: Sight) -> bool:
    field = sight.find("search_field")
    return field is not None and plain(field.node.text) == plain(flow.plan.sound)


def wait_for_use(flow: TikTokFlow, sight: Sight) -> Sight:
    """A sound's page without its button: it may still load; else the sound is not to be had."""
    wait_s = float(max(3, flow.plan.config.sound_wait_time))
    gone = sight.has("sound_gone_text")
    if not gone:
        sight = flow.hands.until(sight, lambda s: s.name != "sound_gone" or s.has("sound_gone_text"), wait_s)
        if sight.name != "sound_gone":
            return sight
    raise ScriptFailed("sound_not_found", "TikTok does not offer this sound for use", step="sound")


def check_used_sound(flow: TikTokFlow, sight: Sight) -> Sight:
    """The camera that the sound's page opened must show the sound in its chip; gives it its time to load."""
    if sight.has("sound_chip_empty") or not chip_text(sight):
        sight = flow.hands.until(
            sight,
            lambda s: s.name != "camera" or bool(chip_text(s)),
            float(max(1, flow.plan.config.sound_wait_time)),
        )
        if sight.name != "camera":
            return sight
    if not chip_text(sight):
        raise not_set("the camera does not show the sound that was chosen")
    flow.attempt.note("sound in use", sound=chip_text(sight))
    flow.sound_used = True
    return sight


def chip_text(sight: Sight) -> str:
    """The sound that the chip at the top names; "" when it only offers to add one."""
    if sight.has("sound_chip_empty"):
        return ""
    chip = sight.find("sound_chip")
    return chip.says if chip else ""


# In the editor


def set_sound(flow: TikTokFlow, sight: Sight) -> Sight:
    """Bring the editor's sound to what was asked for."""
    if flow.plan.way == "useSound":
        if not chip_text(sight):
            raise not_set("the editor lost the sound that was chosen")
        return sight
    wish = flow.plan.config.add_sound
    if wish == "0":
        return remove_sound(flow, sight)
    if wish == "1":
        return add_recommended(flow, sight)
    if wish == "custom":
        return add_custom(flow, sight)
    return sight


def remove_sound(flow: TikTokFlow, sight: Sight) -> Sight:
    """Take off the sound that TikTok attached by itself."""
    with flow.option("remove sound"):
        if not chip_text(sight) and not sight.has("sound_remove"):
            return sight
        sight = flow.press(sight, "sound_remove", done=lambda s: not chip_text(s), timeout_s=5.0)
        sight = flow.reach(sight, "editor")
        if chip_text(sight):
            raise not_set("the sound cannot be removed")
        return sight


def open_sheet(flow: TikTokFlow, sight: Sight) -> Sight:
    """The sheet of sounds that the chip opens."""
    sight = flow.press(sight, "sound_chip", timeout_s=PAGE_S)
    return flow.reach(sight, "sound_sheet", timeout_s=PAGE_S)


def add_recommended(flow: TikTokFlow, sight: Sight) -> Sight:
    """Music that TikTok recommends: the one it attached already, else the first of its list."""
    with flow.option("add recommended sound"):
        title = chip_text(sight)
        sight = open_sheet(flow, sight)
        if not title:
            row = flow.need(sight, "sound_rows")
            title = title_of(sight, row)
            sight = _take(flow, sight, row)
        sight = set_volumes(flow, sight)
        return close_sheet(flow, sight, title)


def add_custom(flow: TikTokFlow, sight: Sight) -> Sight:
    """The named sound: marked as a favourite and used. A link's sound is a favourite by now, a name is searched."""
    from jobs.post.tiktok.favorites import row_of_favorite

    with flow.option("add named sound"):
        sight = open_sheet(flow, sight)
        if flow.plan.sound_is_link:
            sight, row = row_of_favorite(flow, sight)
        else:
            sight, row = _search_sheet(flow, sight, flow.plan.sound)
        title = title_of(sight, row)
        sight = _take(flow, sight, row)
        sight = set_volumes(flow, sight)
        return close_sheet(flow, sight, title)


def _search_sheet(flow: TikTokFlow, sight: Sight, wanted: str) -> tuple[Sight, Found]:
    sight = flow.press(sight, "sheet_search", timeout_s=PAGE_S)
    sight = flow.reach(sight, "sound_search", timeout_s=PAGE_S)
    flow.hands.enter_text(flow.need(sight, "sheet_search_field"), wanted)
    flow.phone.press("enter")
    wait_s = float(max(5, flow.plan.config.sound_wait_time))
    sight = flow.hands.until(
        sight, lambda s: s.name != "sound_search" or row_named(s, wanted) is not None, wait_s
    )
    sight = flow.reach(sight, "sound_search", "sound_sheet")
    row = row_named(sight, wanted)
    if row is None:
        raise ScriptFailed("sound_not_found", f'TikTok finds no sound "{wanted}"', step="sound")
    sight = _mark_favorite(flow, sight, row)
    return sight, row_named(sight, wanted) or row


def row_named(sight: Sight, wanted: str) -> Found | None:
    """The row of the list whose title is the wanted one; else the first that contains it."""
    rows = sight.look.find_all("sound_rows")
    titled = [(row, [plain(n.text) for n in _in(sight, row.node) if n.text]) for row in rows]
    name = plain(wanted)
    for row, texts in titled:
        if name in texts:
            return row
    for row, texts in titled:
        if any(name in text for text in texts):
            return row
    return None


def _in(sight: Sight, box: Node) -> list[Node]:
    return [n for n in sight.look.nodes if holds_point(box.bounds, n.center)]


def _mark_favorite(flow: TikTokFlow, sight: Sight, row: Found) -> Sight:
    """Tap the row's bookmark unless it is set already."""
    marks = [f for f in sight.look.find_all("favorite_buttons") if same_row(f.bounds, row.bounds)]
    if not marks:
        flow.attempt.note("the list offers no favourite mark for the sound")
        return sight
    if marks[0].node.selected or marks[0].node.checked:
        return sight
    tree = sight.tree
    flow.hands.tap(marks[0])
    return flow.hands.until(sight, lambda s: not s.tree.same_as(tree), 3.0)


def title_of(sight: Sight, row: Found) -> str:
    """The sound that a row names: its topmost text."""
    texts = [n for n in _in(sight, row.node) if n.text]
    return min(texts, key=lambda n: (n.bounds[1], n.bounds[0])).text if texts else ""


def names(chip: str, title: str) -> bool:
    """Whether the chip names this sound; it may add the artist or cut the end off."""
    shown, wanted = plain(chip), plain(title)
    cut = shown.rstrip(".… ")
    return bool(shown) and (wanted in shown or (cut != shown and bool(cut) and wanted.startswith(cut)))


def _take(flow: TikTokFlow, sight: Sight, row: Found) -> Sight:
    """Tap a sound's row; tapping the row of the sound that is on would take it off."""
    if row.node.selected:
        return sight
    tree = sight.tree
    flow.hands.tap(row)
    sight = flow.hands.until(
        sight, lambda s: not s.tree.same_as(tree), float(max(2, flow.plan.config.sound_wait_time))
    )
    return flow.settled(sight)


def set_volumes(flow: TikTokFlow, sight: Sight) -> Sight:
    """Set the volumes of the clip's own sound and of the added one, and see that they stand."""
    with flow.option("volumes"):
        if sight.name not in ("sound_sheet", "sound_search", "editor"):
            sight = flow.reach(sight, "sound_sheet", "editor")
        if not sight.has("volume_button"):
            sight = _back_to(flow, sight, "volume_button")
        if not sight.has("volume_button"):
            raise not_set("the sheet of sounds has no volume", step="volumes")
        sight = flow.press(sight, "volume_button", timeout_s=PAGE_S)
        sight = flow.reach(sight, "volume_sheet", timeout_s=PAGE_S)
        config = flow.plan.config
        bars = [("added_volume_bar", config.add_sound_volume)]
        if flow.plan.is_video:  # images have no sound of their own
            bars.insert(0, ("original_volume_bar", config.origin_sound_volume))
        for element, percent in bars:
            sight = _slide(flow, sight, element, percent)
        return flow.press(sight, "volume_done", timeout_s=PAGE_S)


def _back_to(flow: TikTokFlow, sight: Sight, element: str) -> Sight:
    """From the search page back to the sheet that has the volume button."""
    name = sight.name
    flow.hands.back("from the search of sounds to their sheet")
    sight = flow.hands.until(sight, lambda s: s.has(element) or s.name != name, 5.0)
    return flow.reach(sight, "sound_sheet", "editor")


def _slide(flow: TikTokFlow, sight: Sight, element: str, percent: int) -> Sight:
    bar = sight.find(element)
    if bar is None:
        raise not_set(f"{element} is not on the volume sheet", step="volumes")
    x1, y1, x2, y2 = bar.bounds
    for _ in range(3):
        x = min(x2 - 1, max(x1, x1 + round((x2 - x1) * percent / 100)))
        tree = sight.tree
        flow.hands.tap_at(bar, x, (y1 + y2) // 2, f"{element} at {percent} %")
        sight = flow.hands.until(sight, lambda s, t=tree: not s.tree.same_as(t), 2.0)  # type: ignore[misc]
        sight = flow.reach(sight, "volume_sheet")
        shown = bar_value(sight, element)
        if shown is None or abs(shown - percent) <= 1:
            return sight
    raise not_set(f"{element} shows {shown} %, not {percent} %", step="volumes")


def bar_value(sight: Sight, element: str) -> int | None:
    """What a slider says that it stands at, from its own text or a number beside it."""
    bar = sight.find(element)
    if bar is None:
        return None
    numbers = [n.text for n in sight.look.nodes if n.text and same_row(n.bounds, bar.bounds)]
    for text in (bar.node.text, bar.node.content_desc, *numbers):
        digits = text.strip().removesuffix("%").strip()
        try:
            return round(float(digits))
        except ValueError:
            continue
    return None


def close_sheet(flow: TikTokFlow, sight: Sight, title: str) -> Sight:
    """Back in the editor, which must show the sound."""
    for _ in range(3):
        sight = flow.settled(sight)
        if sight.name == "editor":
            break
        if sight.has("sheet_done"):
            sight = flow.press(sight, "sheet_done", timeout_s=5.0)
            continue
        name = sight.name
        flow.hands.back(f"closing {name}")
        sight = flow.hands.until(sight, lambda s, n=name: s.name != n, 5.0)  # type: ignore[misc]
    sight = flow.reach(sight, "editor")
    if not names(chip_text(sight), title):
        sight = flow.hands.until(
            sight, lambda s: names(chip_text(s), title), float(max(1, flow.plan.config.sound_wait_time))
        )
        sight = flow.reach(sight, "editor")
    if not names(chip_text(sight), title):
        raise not_set(f'"{title}" was chosen, the editor shows "{chip_text(sight)}"')
    flow.attempt.note("sound in use", sound=chip_text(sight))
    return sight

"""A sound's page on TikTok: opened by link or search, used for a post from there, or marked as a favourite."""

from __future__ import annotations

from jobs.post.flow.driver import stuck
from jobs.post.flow.flow import Flow
from jobs.post.flow.sound_page import PAGE_S, SoundPage
from jobs.post.screens.labels import normalise
from jobs.post.screens.recognise import Sight
from jobs.task.attempt import ScriptFailed
from storage.error_codes import ErrorCode


def not_set(message: str, *, step: str = "sound") -> ScriptFailed:
    """An option that was asked for cannot be set: the post must not go out."""
    return ScriptFailed(ErrorCode.OPTION_NOT_SET, message, step=step, passing=False)


def chip_text(sight: Sight) -> str:
    """The sound that the chip at the top names; "" when it only offers to add one."""
    if sight.has("sound_chip_empty"):
        return ""
    chip = sight.find("sound_chip")
    return chip.says if chip else ""


class TikTokSoundPage(SoundPage):
    """The page of the sound that one post asks for."""

    called = "sound"
    page, gone, gone_text, results = "sound_page", "sound_gone", "sound_gone_text", "sound_results"
    asks_for = ("sound_page", "sound_gone", "chooser")
    tab, hits = "sounds_tab", "sound_hits"
    search_s = 5.0

    def __init__(self, flow: Flow) -> None:
        super().__init__(flow)
        self.used = False  #: the camera showed the sound that was chosen on its page
        self.title = ""  #: of the sound whose page was used, where the page says it
        self.favorite = ""  #: title of the sound given by its link, once it is a favourite

    @property
    def wanted(self) -> bool:
        """Whether the page must still be visited: to post from it, or as the sheet of sounds cannot search a link."""
        plan = self._plan
        linked = plan.adds_sound and plan.config.add_sound == "custom" and plan.sound_is_link
        return plan.way == "useSound" or (linked and not self.favorite)

    def open(self, sight: Sight) -> Sight:
        """Open the page by the sound's link, else by searching its name."""
        flow = self._flow
        with flow.attempt.step("open sound", sound=self._plan.sound):
            if self._plan.sound_is_link:
                return self.open_link(sight)
            if not sight.has("for_you_tab"):  # other tabs search among other things
                sight = flow.press(sight, "home_tab", done=lambda s: s.has("for_you_tab"))
                sight = flow.reach(sight, "home")
            return flow.press(sight, "search_icon", timeout_s=PAGE_S)

    def on_search(self, sight: Sight) -> Sight:
        self._must_be_asked_for(sight)
        sight = super().on_search(sight)
        if sight.name == "search" and sight.has("search_go"):
            sight = self._flow.press(sight, "search_go", timeout_s=PAGE_S)
        return sight

    def on_results(self, sight: Sight) -> Sight:
        self._must_be_asked_for(sight)
        return super().on_results(sight)

    def _must_be_asked_for(self, sight: Sight) -> None:
        if self._plan.way != "useSound":
            raise stuck(sight, "the search page came unasked")

    def on_page(self, sight: Sight) -> Sight:
        """Use the sound, or mark it as a favourite, as the post asks for."""
        flow = self._flow
        if self._plan.way == "useSound":
            title = sight.find("sound_page_title")
            self.title = title.node.text if title is not None else ""
            return flow.press(sight, "use_sound_button")
        if self.wanted:
            return self._mark(sight)
        flow.driver.back("a sound page is open that was not asked for")
        return flow.driver.until(sight, lambda s: s.name != "sound_page", 5.0)

    def check_in_camera(self, sight: Sight) -> Sight:
        """The camera that the page opened must show the sound in its chip; gives it its time to load."""
        if not chip_text(sight):
            sight = self._flow.driver.until(
                sight, lambda s: s.name != "camera" or bool(chip_text(s)), self.wait_s(1)
            )
            if sight.name != "camera":
                return sight
        if not chip_text(sight):
            raise not_set("the camera does not show the sound that was chosen")
        self._flow.attempt.note("sound in use", sound=chip_text(sight))
        self.used = True
        return sight

    def _mark(self, sight: Sight) -> Sight:
        """Remember the title, mark the sound as a favourite unless it is one, and go back to the tabs."""
        flow = self._flow
        with flow.option("mark sound as favourite"):
            title = flow.need(sight, "sound_page_title").node.text
            if not normalise(title):
                raise not_set("the sound's page does not say its title")
            if not sight.has("page_favorite_on"):
                mark = sight.find("page_favorite")
                if mark is None:
                    raise not_set("the sound's page has no mark for favourites")
                tree = sight.tree
                flow.driver.tap(mark)
                sight = flow.driver.until(sight, lambda s: not s.tree.same_as(tree), 4.0)
                sight = flow.reach(sight, "sound_page")
            self.favorite = title
            flow.driver.back("from the sound's page to the tabs")
            return flow.driver.until(sight, lambda s: s.name != "sound_page", PAGE_S)

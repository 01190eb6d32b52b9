"""What to do on each of Instagram's screens, from the profile to the publishing button."""

from __future__ import annotations

from jobs.hub.platforms import PostKind
from jobs.post.flow.flow import Flow, Handler, ReadyToPublish
from jobs.post.flow.switching import Switcher
from jobs.post.instagram.audio import AudioPage
from jobs.post.instagram.options import check_poster, scroll_up_to, set_options, tell_unasked
from jobs.post.instagram.picking import pick_images, pick_video
from jobs.post.instagram.reading import name_of, post_count, tile_of
from jobs.post.screens.readback import field_text
from jobs.post.screens.recognise import Sight
from jobs.task.attempt import ScriptFailed
from storage.error_codes import ErrorCode

#: The editor reads the file in before it shows itself.
EDITOR_S = 25.0
#: How long a profile that was pulled down may take to show other numbers.
REFRESH_S = 2.5


class InstagramFlow(Flow):
    """Instagram: reels, images and stories by the + button or an audio page."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.profile_read = False
        self.media_chosen = False
        self.typed = False
        self.options_set = False
        self.audio = AudioPage(self)
        self.posts_before: int | None = None
        self.tile_before = ""
        self.ring_before: bool | None = (
            None  #: whether a story stood in the tray; None until it was looked for
        )
        self.feed_sought = False
        self.feed_looked_at = False  #: after the tap
        self.profile_fresh = False  #: whether the numbers of the profile were read anew before the post
        self.switcher = Switcher(self, name_of)

    composer = frozenset(
        {"share_screen", "caption_editor", "story_editor", "reel_editor", "filters", "story_share_sheet"}
    )

    def handlers(self) -> dict[str, Handler]:
        return {
            "home": self.on_home,
            "own_profile": self.on_profile,
            "account_sheet": self.close_account_sheet,
            "create_sheet": self.on_create_sheet,
            "search": self.audio.on_search,
            "search_results": self.audio.on_results,
            "audio_page": self.audio.on_page,
            "audio_gone": self.audio.on_gone,
            "camera": self.on_camera,
            "picker_reel": self.on_picker,
            "picker_post": self.on_picker,
            "picker_story": self.on_picker,
            "reel_editor": self.on_reel_editor,
            "filters": lambda s: self.press(s, "filters_next", timeout_s=EDITOR_S),
            "share_screen": self.on_share_screen,
            "caption_editor": self.on_caption_editor,
            "story_editor": self.on_story_editor,
            "story_share_sheet": self.on_story_share_sheet,
        }

    def about_to_publish(self) -> None:
        self.drafts.note_before(
            self.attempt.task.id,
            self.earlier_indicators,
            posts=self.posts_before,
            tile=self.tile_before,
            fresh=self.profile_fresh or self.earlier_indicators == {},
            at=self.attempt.clock.now(),
        )

    def shows_all_indicators(self, sight: Sight) -> bool:
        """The Reels tab shows the running upload alone."""
        return not sight.has("reels_tab_chosen")

    def account_switched(self) -> None:
        super().account_switched()
        self.ring_before = None
        self.feed_sought = self.profile_read = False

    def fresh_start(self, why: str) -> Sight:
        """As everywhere; the profile is read again, since another account may be in front after a start."""
        self.profile_read = False
        return super().fresh_start(why)

    # Profile and the start of the creation

    def on_home(self, sight: Sight) -> Sight:
        if not self.shows_all_indicators(sight):
            sight = self.to_feed(sight)
            if sight.name != "home":
                return sight
        if self.shows_all_indicators(sight):
            if self.earlier_indicators is None:
                sight = self.note_indicators(sight)
                if sight.name != "home":
                    return sight
            if sight.has("own_bubble"):
                self.ring_before = sight.has("own_ring")
        return self.press(sight, "profile_tab")

    def to_feed(self, sight: Sight) -> Sight:
        """To where the rows of all uploads stand, and the tray of stories."""
        self.feed_sought = True
        self.driver.tap(self.need(sight, "tab_bar_feed"))
        return self.driver.until(
            sight, lambda s: s.name == "home" and self.shows_all_indicators(s) and s.has("own_bubble"), 4.0
        )

    def on_profile(self, sight: Sight) -> Sight:
        # Each time: who is back here has left the way, maybe because somebody has switched to another account.
        sight = self.switcher.ensure(sight)
        if not self.profile_read:
            if self.plan.kind is PostKind.STORY and self.ring_before is None and not self.feed_sought:
                return self.to_feed(sight)
            if self.earlier_indicators or self.earlier_indicators is None:
                # Something was posted a moment ago, or may have been: the numbers here may be stale.
                sight = self.refresh_profile(sight)
            self.posts_before = post_count(sight)
            self.tile_before = tile_of(sight)
            self.attempt.note("profile read", posts=self.posts_before, newest=self.tile_before)
            self.profile_read = True
        if self.audio.wanted:
            return self.audio.open(sight)
        return self.press(sight, "create_new")

    def refresh_profile(self, sight: Sight) -> Sight:
        """Pull the profile down and give it its time to read its numbers anew."""
        self.driver.swipe_down(sight)
        count = post_count(sight)
        sight = self.driver.until(
            sight, lambda s: s.name == "own_profile" and post_count(s) != count, REFRESH_S
        )
        self.profile_fresh = True
        return self.reach(sight, "own_profile")

    def on_create_sheet(self, sight: Sight) -> Sight:
        row = {PostKind.STORY: "create_story", PostKind.FEED: "create_post"}.get(
            self.plan.kind, "create_reel"
        )
        return self.press(sight, row, timeout_s=6.0, past=("own_profile", "home"))

    # Camera and pickers

    def on_camera(self, sight: Sight) -> Sight:
        sight = self.choose_destination(sight)
        if sight.name != "camera":
            return sight
        if self.plan.way == "useSound" and sight.has("no_audio"):
            wait_s = float(max(1, self.plan.config.sound_wait_time))
            sight = self.driver.until(sight, lambda s: s.name != "camera" or not s.has("no_audio"), wait_s)
            if sight.name != "camera":
                return sight
            self.audio.check(sight)
        return self.press(sight, "gallery_button")

    def choose_destination(self, sight: Sight) -> Sight:
        """Camera and picker have tabs that say what will become of the medium."""
        element = {PostKind.STORY: "dest_story", PostKind.FEED: "dest_post"}.get(self.plan.kind, "dest_reel")
        found = sight.find(element)
        tabs = [e for e in ("dest_story", "dest_post", "dest_reel") if sight.has(e)]
        if found is None or found.node.selected or tabs == [element]:
            return sight
        name, tree = sight.name, sight.tree
        self.driver.tap(found)
        return self.driver.until(sight, lambda s: s.name != name or not s.tree.same_as(tree), 3.0)

    def on_picker(self, sight: Sight) -> Sight:
        wanted = {PostKind.STORY: "picker_story", PostKind.FEED: "picker_post"}.get(
            self.plan.kind, "picker_reel"
        )
        if sight.name != wanted:
            moved = self.choose_destination(sight)
            if moved.name != sight.name:
                return moved
            sight = moved
        if sight.name == "picker_story" and self.plan.kind is not PostKind.STORY:
            return self.leave_picker(sight)
        if sight.name == "picker_reel" and self.plan.kind is not PostKind.REEL:
            return self.leave_picker(sight)
        if self.plan.kind is PostKind.FEED or not self.plan.is_video:
            sight = pick_images(self, sight)
        else:
            sight = pick_video(self, sight)
        self.media_chosen = True
        self.files.ensure_newest()
        return sight

    def leave_picker(self, sight: Sight) -> Sight:
        """The app opened another picker than the one that was asked for."""
        self.attempt.note(f"{sight.name} is not the picker that was asked for")
        return self.press(sight, "picker_cancel")

    # Editors

    def on_reel_editor(self, sight: Sight) -> Sight:
        if not self.media_chosen:
            return self.fresh_start("an editor is open that this attempt did not fill")
        return self.press(sight, "editor_next", timeout_s=EDITOR_S)

    def on_story_editor(self, sight: Sight) -> Sight:
        if self.plan.kind is not PostKind.STORY:
            self.attempt.note("the story editor opened by mistake")
            return self.press(sight, "editor_cancel")
        if not self.media_chosen:
            return self.fresh_start("a story is open that this attempt did not fill")
        if self.plan.config.ai_label:
            raise ScriptFailed(
                ErrorCode.OPTION_NOT_SET, "stories have no AI label that could be set", step="story_editor"
            )
        check_poster(self, sight)
        raise ReadyToPublish(sight, self.need(sight, "your_story"))

    def on_story_share_sheet(self, sight: Sight) -> Sight:
        if self.plan.kind is not PostKind.STORY or not self.media_chosen:
            return self.fresh_start("a share sheet is open that this attempt did not ask for")
        raise ReadyToPublish(sight, self.need(sight, "share_story"))

    # The share screen

    def on_caption_editor(self, sight: Sight) -> Sight:
        return self.press(sight, "caption_done", timeout_s=5.0)

    def on_share_screen(self, sight: Sight) -> Sight:
        if not self.media_chosen:
            return self.fresh_start("a share screen is open that this attempt did not fill")
        text = self.plan.description
        if not self.typed:
            left = field_text(sight, "caption_field")
            if left and not self.is_left_by_us(left, text):
                raise ScriptFailed(
                    ErrorCode.LEFTOVER_DRAFT, "the caption already holds text: an unfinished post was resumed",
                    step="share_screen",
                )  # fmt: skip
            if text or left:
                self.drafts.remember([text])
                sight = self.type_text(sight, "caption_field", text, "share_screen", "caption_editor")
            self.typed = True
            if sight.name != "share_screen":
                return sight
        tell_unasked(self, sight)
        if not self.options_set:
            sight = set_options(self, sight)
            self.options_set = True
            if sight.name != "share_screen":
                return sight
        sight = scroll_up_to(self, sight, "caption_field")
        self.check_text(text, field_text(sight, "caption_field"), "caption")
        self.audio.check(sight)
        tell_unasked(self, sight)
        check_poster(self, sight)
        raise ReadyToPublish(sight, self.need(sight, "share_button"))

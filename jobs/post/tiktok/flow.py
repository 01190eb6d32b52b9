"""What to do on each of TikTok's screens, from the feed to the Post button."""

from __future__ import annotations

from jobs.hub.platforms import PostKind
from jobs.post.flow.driver import stuck
from jobs.post.flow.flow import Flow, Handler, ReadyToPublish
from jobs.post.flow.switching import Switcher
from jobs.post.screens.finder import ElementIndex
from jobs.post.screens.labels import without_marks
from jobs.post.screens.readback import field_text
from jobs.post.screens.recognise import Sight
from jobs.post.tiktok.options import set_options
from jobs.post.tiktok.picking import pick
from jobs.post.tiktok.sound_page import TikTokSoundPage
from jobs.post.tiktok.sound_sheet import set_sound
from jobs.task.attempt import ScriptFailed
from storage.error_codes import ErrorCode

SHARE_ACTIVITY = "com.ss.android.ugc.aweme.share.SystemShareActivity"
#: Reading the file in and preparing the preview takes the app this long on slow phones.
EDITOR_S = 25.0


class TikTokFlow(Flow):
    """TikTok: video and photo posts by share, + button or sound page."""

    composer = frozenset({"post_screen", "editor", "preview", "picker", "camera"})

    def handlers(self) -> dict[str, Handler]:
        return {
            "home": self.on_home,
            "own_profile": self.on_profile,
            "account_sheet": self.close_account_sheet,
            "templates": lambda s: self.press(s, "post_tab" if s.has("post_tab") else "templates_close"),
            "camera": self.on_camera,
            "picker": self.on_picker,
            "preview": lambda s: self.press(s, "preview_select"),
            "share_sheet": lambda s: self.press(s, "share_photo", timeout_s=EDITOR_S),
            "search": self.sound_page.on_search,
            "sound_results": self.sound_page.on_results,
            "sound_page": self.sound_page.on_page,
            "sound_gone": self.sound_page.on_gone,
            "editor": self.on_editor,
            "post_screen": self.on_post_screen,
        }

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.account_read = self.profile_failed = False
        self.media_chosen = False
        self.sound_done = False
        self.options_done = False
        self.typed = False
        self.failure_closed = False
        self.sound_page = TikTokSoundPage(self)
        self.restarted = False
        self.discarded = self.discarding = False
        self.switcher = Switcher(self, handle_of, unclear_handle)

    def fresh_start(self, why: str) -> Sight:
        """As everywhere; an account that was read is read again, since another one may be in front after a start."""
        self._read_again()
        return super().fresh_start(why)

    def _read_again(self) -> None:
        """Whoever is in front at the next look at the tabs is read then, unless that cannot be read."""
        self.account_read = self.account_read and not self.account_seen

    # Before the composer

    def on_home(self, sight: Sight) -> Sight:
        if self.earlier_indicators is None:
            sight = self.note_indicators(sight)
            if sight.name != "home":
                return sight
            if "uploading" in (self.earlier_indicators or {}):
                return self.upload_stands(sight)
        if sight.has("failed_close") and not self.failure_closed:
            self.failure_closed = True
            self.attempt.note("closing the notice of an earlier failed upload")
            self.driver.tap(self.need(sight, "failed_close"))
            sight = self.driver.until(sight, lambda s: s.name != "home" or not s.has("failed_notice"), 3.0)
            self.earlier_indicators = None
            return sight
        if not self.account_read:
            return self.to_profile(sight)
        return self.start(sight)

    def to_profile(self, sight: Sight) -> Sight:
        """To where the account can be read; a task that names none goes on without its name where that cannot be."""
        if self.plan.username:
            return self.press(sight, "profile_tab")
        try:
            return self.reach(self.press(sight, "profile_tab"), "own_profile")
        except ScriptFailed as failed:
            if failed.code != ErrorCode.UI_CHANGED:
                raise
            if not self.profile_failed:  # an unknown screen may have come in between
                self.profile_failed = True
                return self.fresh_start(f"the profile did not come: {failed}")
            self.attempt.note(f"the account cannot be read, so its name is not known: {failed}")
            self.attempt.see_account("")
            self.account_read = True
            return self.fresh_start("the profile cannot be read")

    def upload_stands(self, sight: Sight) -> Sight:
        """An earlier upload does not move: TikTok shows one badge for all, so ours could not be told from it."""
        if self.restarted:
            raise ScriptFailed(
                ErrorCode.UPLOAD_PENDING,
                "an earlier upload stands still on the phone: a person must look at it",
                step="home",
            )
        self.restarted = True
        self.earlier_indicators = None
        return self.fresh_start("an earlier upload stands still")

    def on_profile(self, sight: Sight) -> Sight:
        if not self.account_read:
            sight = self.switcher.ensure(sight)
            self.account_read = True
        return self.start(sight)

    def start(self, sight: Sight) -> Sight:
        """Start the way that was asked for, from a screen with the tab bar.

        Who is back at the tabs has left that way, maybe because somebody has switched to another account.
        """
        self._read_again()
        if self.sound_page.wanted:
            return self.sound_page.open(sight)
        if self.plan.way == "share":
            return self.share(sight)
        return self.press(sight, "create_button")

    def share(self, sight: Sight) -> Sight:
        """Hand the file to TikTok as another app's share sheet would."""
        files = self.files.placed
        if len(files) != 1:
            raise ScriptFailed(ErrorCode.INTERNAL, "several files cannot be shared at once", step="share")
        with self.attempt.step("share"):
            self.driver.ask("chooser")
            self.phone.start_intent(
                "-a", "android.intent.action.SEND", "-t", files[0].mime,
                "--eu", "android.intent.extra.STREAM", files[0].uri,
                "--grant-read-uri-permission", "--activity-clear-task",
                "-n", f"{self.plan.package}/{SHARE_ACTIVITY}",
            )  # fmt: skip
        self.media_chosen = True
        name = sight.name
        sight = self.driver.until(sight, lambda s: s.name != name, EDITOR_S)
        if sight.name == name:
            raise stuck(sight, "TikTok does not take the shared file")
        return sight

    # The composer

    def on_camera(self, sight: Sight) -> Sight:
        if self.plan.way == "useSound" and not self.sound_page.used:
            return self.sound_page.check_in_camera(sight)
        return self.press(sight, "gallery_button")

    def on_picker(self, sight: Sight) -> Sight:
        sight = pick(self, sight)
        self.media_chosen = True
        self.files.ensure_newest()
        return sight

    def on_editor(self, sight: Sight) -> Sight:
        if self.discarding:
            return self.discard(sight)
        if not self.media_chosen:
            return self.fresh_start("an editor is open that this attempt did not fill")
        if not self.sound_done:
            sight = set_sound(self, sight, self.sound_page.favorite or self.sound_page.title)
            self.sound_done = True
            if sight.name != "editor":
                return sight
        return self.press(sight, "editor_next", timeout_s=EDITOR_S)

    # The post screen

    def on_post_screen(self, sight: Sight) -> Sight:
        if not self.media_chosen:
            return self.fresh_start("a post screen is open that this attempt did not fill")
        if not self.typed:
            if self.has_leftovers(sight):
                return self.leave_with_leftovers(sight)
            if not self.options_done:
                sight = set_options(self, sight)
                self.options_done = True
            sight = self.type_caption(sight)
            self.typed = True
            if sight.name != "post_screen":
                return sight
        return self.finish(sight)

    def has_leftovers(self, sight: Sight) -> bool:
        """TikTok resumes unfinished posts. Text that is ours was left by an attempt that was cut off.

        Raises:
            ScriptFailed: the text is not ours: a person must finish or discard that post.
        """
        fields = (("title_field", self.plan.title), ("description_field", self.plan.description))
        left = False
        for element, ours in fields:
            text = field_text(sight, element)
            if not text:
                continue
            if self.discarded or not self.is_left_by_us(text, ours):
                raise ScriptFailed(
                    ErrorCode.LEFTOVER_DRAFT,
                    f"the {element.partition('_')[0]} already holds text: an unfinished post was resumed; "
                    "finish or discard it on the phone",
                    step="post_screen",
                )
            left = True
        return left

    def leave_with_leftovers(self, sight: Sight) -> Sight:
        """BACK leaves the form, straight to the tabs or by the editor; the text stays until the editor is left."""
        self.discarded = self.discarding = True
        self.begin_again()
        self.driver.back("an earlier attempt's unfinished post is in the way")
        return self.driver.until(sight, lambda s: s.name != "post_screen", EDITOR_S)

    def discard(self, sight: Sight) -> Sight:
        """From the editor: throw away what our own cut-off attempt left, then begin again."""
        self.discarding = False
        self.begin_again()
        self.driver.back("an earlier attempt's unfinished post is discarded")
        sight = self.driver.until(sight, lambda s: s.name == "leave_sheet", EDITOR_S)
        return self.press(sight, "discard_button")

    def begin_again(self) -> None:
        self.media_chosen = self.sound_done = self.options_done = self.sound_page.used = False

    def fields(self) -> list[tuple[str, str]]:
        """Element and text of every field that is to be filled."""
        fields = [("description_field", self.plan.description)]
        if self.plan.kind is PostKind.PHOTOS and self.plan.title:
            fields.insert(0, ("title_field", self.plan.title))
        return [(e, t) for e, t in fields if t]

    def type_caption(self, sight: Sight) -> Sight:
        """Fill title and description and read them back."""
        self.drafts.remember(text for _, text in self.fields())
        for element, text in self.fields():
            sight = self.type_text(sight, element, text, "post_screen")
        return sight

    def finish(self, sight: Sight) -> Sight:
        """Everything is set: bring Post into view, compare the texts once more, and hand over."""
        button = sight.find("post_button")
        if button is None:
            return self.uncover_post(sight)
        for element, text in self.fields():
            self.check_text(text, field_text(sight, element), element.partition("_")[0])
        if not self.fields() and sight.has("description_field"):
            self.check_text("", field_text(sight, "description_field"), "description")
        raise ReadyToPublish(sight, button)

    def uncover_post(self, sight: Sight) -> Sight:
        """While a field has focus, Post is hidden: fold the field, hide the keyboard, or move the focus."""

        def shown(s: Sight) -> bool:
            return s.name != "post_screen" or s.has("post_button")

        if sight.has("collapse_button"):
            self.driver.tap(self.need(sight, "collapse_button"))
            sight = self.driver.until(sight, shown, 2.0)
        if not shown(sight) and self.driver.hide_keyboard():
            sight = self.driver.until(sight, shown, 2.0)
        if not shown(sight):
            neutral = sight.find("neutral_place")
            if neutral is not None:
                self.driver.tap(neutral)
                sight = self.driver.until(sight, shown, 2.0)
        if not shown(sight):
            sight = self.driver.wait_change(sight, 2.0)
        if not shown(sight):
            raise stuck(sight, "the Post button does not come into view")
        return sight


def handle_of(sight: Sight) -> str:
    """The account's handle on the own profile, without "@"; "" when there is none, or when more than one text can be it."""
    names = _handles(sight)
    return names[0] if len(names) == 1 else ""


def unclear_handle(sight: Sight) -> str:
    """Why the handle cannot be told though the own profile shows some, as a sentence; "" where nothing is unclear."""
    names = _handles(sight)
    if len(names) < 2:
        return ""
    shown = " and ".join(f"@{name}" for name in names)
    return (
        f"the profile shows {shown}, and which of them is the account's handle cannot be told: "
        "give the account a display name that does not look like a handle"
    )


def _handles(sight: Sight) -> list[str]:
    """What can be the handle, each once, the topmost first: a display name can read like one, and what people say of themselves."""
    if sight.name != "own_profile" or sight.find("profile_handle") is None:
        return []
    found = sight.index.find_all("profile_handle")
    known = _shipped_index(sight)
    counts = known.find("profile_counts")
    if counts is not None:
        found = tuple(one for one in found if one.bounds[1] < counts.bounds[1])
    if len(found) > 1:
        button = max((one.bounds[1] for one in known.find_all("edit_profile")), default=0)
        found = tuple(one for one in found if one.bounds[3] <= button) or found
    said = [without_marks(one.says).lstrip("@") for one in reversed(found)]
    return list(reversed({name.casefold(): name for name in said}.values()))


def _shipped_index(sight: Sight) -> ElementIndex:
    """The tree as the shipped files alone read it: nothing that was taught decides whose account it is.

    What people say of themselves stands below the numbers and the button that changes the profile, handle and name above.
    """
    index = sight.index
    shipped = index.vocabulary.shipped or index.vocabulary
    return ElementIndex(index.tree, shipped, app_version=index.app_version)

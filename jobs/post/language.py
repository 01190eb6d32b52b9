"""Stops a post if the app's language is not fully covered, because its refusals could not be recognised."""

from __future__ import annotations

from jobs.phone import app_language
from jobs.phone.protocol import PhoneSession
from jobs.post.screens.screens_file import Vocabulary
from jobs.task.attempt import ScriptFailed, Visit
from storage.error_codes import ErrorCode

STEP = "language"


def ensure_covered(
    visit: Visit,
    phone: PhoneSession,
    package: str,
    vocabulary: Vocabulary,
    *,
    set_to: str = "",
    spoken: app_language.Spoken | None = None,
    publishes: bool = True,
) -> bool:
    """Go on only when the app speaks a language that is covered to the last stop word; set it where asked to.

    Args:
        visit: whose time this is.
        phone: the phone.
        package: the app.
        vocabulary: the app's screens, which say the languages they cover.
        set_to: `phones.set_app_language`; "" leaves the app's language alone.
        spoken: what the app speaks, where that was read a moment ago.
        publishes: False for a rehearsal: it goes as far as screens are known, so that the others can be taught.

    Returns:
        Whether the phone itself speaks a covered language, too: Android's own dialogs keep the phone's.

    Raises:
        ScriptFailed: `app_language`, with the remedy.
    """
    with visit.step(STEP):
        spoken = spoken or app_language.read(phone, package)
        visit.note("language of the app", tag=spoken.tag or "not told", by_app=spoken.by_app)
        if not spoken.tag or spoken.language in vocabulary.covered:
            return (
                not spoken.by_app
                or app_language.language_of(spoken.phone or app_language.phone_tag(phone))
                in vocabulary.covered
            )
        if spoken.can_set and _may_set(vocabulary, set_to):
            if not app_language.set_app(phone, package, set_to):
                raise _refusal(spoken, package, vocabulary, "the phone refused to set the app's language")
            visit.note(f"the app's language was set to {set_to}", before=spoken.tag)
            phone.app_stop(package)  # a running app keeps its texts
            return not spoken.by_app and spoken.language in vocabulary.covered
        if not publishes:
            visit.note(f"no screens file covers {app_language.name_of(spoken.language)}")
            return False
        raise _refusal(spoken, package, vocabulary, "")


def language_to_be(spoken: app_language.Spoken, vocabulary: Vocabulary, set_to: str) -> str:
    """The language in which the app will be driven, as "en": what `ensure_covered` sets counts; "" where it is not told."""
    uncovered = spoken.language and spoken.language not in vocabulary.covered
    if uncovered and spoken.can_set and _may_set(vocabulary, set_to):
        return app_language.language_of(set_to)
    return spoken.language


def _may_set(vocabulary: Vocabulary, set_to: str) -> bool:
    """Whether the app may be set to this language: one that lessons covered is not covered any more when they are off."""
    return bool(set_to) and app_language.language_of(set_to) in vocabulary.covered


def _refusal(spoken: app_language.Spoken, package: str, vocabulary: Vocabulary, why: str) -> ScriptFailed:
    covered = " and ".join(app_language.name_of(language) for language in vocabulary.covered)
    wanted = vocabulary.covered[0] if vocabulary.covered else "en"
    whose = "speaks" if spoken.by_app else "speaks the phone's language,"
    remedy = f"set the language of the app or of the phone to {app_language.name_of(wanted)}"
    if spoken.can_set and not why:
        remedy += f', or write set_app_language = "{wanted}" into [phones] of the config'
    elif not spoken.can_set:
        remedy = f"set the phone's language to {app_language.name_of(wanted)}: its Android sets none for one app alone"
    told = f"{why}; " if why else ""
    return ScriptFailed(
        ErrorCode.APP_LANGUAGE,
        f"{package} {whose} {app_language.name_of(spoken.language)} ({spoken.tag}); posts are made in {covered} only: {told}{remedy}",
        step=STEP,
    )

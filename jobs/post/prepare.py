"""Everything before the publishing tap: the phone awake, the app's language covered, the form filled and read back."""

from __future__ import annotations

from collections.abc import Callable

from jobs.phone import app_language
from jobs.post.flow.flow import Flow, ReadyToPublish
from jobs.post.language import ensure_covered, language_to_be


def prepare(
    flow: Flow,
    set_language: str,
    *,
    admit: Callable[[str, str], None] = lambda _version, _language: None,
    publishes: bool = True,
) -> ReadyToPublish:
    """Bring the flow to its publishing button; nothing is published.

    Args:
        flow: of one attempt.
        set_language: `phones.set_app_language`; "" leaves the app's language alone.
        admit: is given the app's version and language before anything is touched; it raises what keeps the attempt off.
        publishes: False for a rehearsal, which goes on in a language that is not covered.

    Raises:
        ScriptFailed: a person is needed, the screen stays unknown, or nothing moves forward.
        OnHold: as `admit` raises it.
        PhoneError, StopRequested, LeaseLost: as the phone's session and the attempt raise them.
    """
    attempt, phone, plan = flow.attempt, flow.phone, flow.plan
    vocabulary = flow.driver.vocabulary
    with attempt.step("wake"):
        phone.wake()
        version, spoken = app_language.read_with_version(phone, plan.package)
    language = language_to_be(spoken, vocabulary, set_language)
    attempt.set_app_version(version, language)
    admit(version, language)
    readable = ensure_covered(
        attempt,
        phone,
        plan.package,
        vocabulary,
        set_to=set_language,
        spoken=spoken,
        publishes=publishes,
    )
    flow.driver.app_version, flow.driver.language = version, language
    grants = phone.grant_media(plan.package, camera=not readable)
    if grants.granted or grants.refused:
        attempt.note("permissions", granted=grants.granted, refused=grants.refused)
    return flow.drive(flow.begin())

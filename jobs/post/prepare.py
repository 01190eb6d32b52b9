"""Everything before the publishing tap: the phone awake, the app's language covered, the form filled and read back."""

from __future__ import annotations

from jobs.post.flow.flow import Flow, ReadyToPublish
from jobs.post.language import ensure_covered


def prepare(flow: Flow, set_language: str) -> ReadyToPublish:
    """Bring the flow to its publishing button; nothing is published.

    Args:
        flow: of one attempt.
        set_language: `phones.set_app_language`; "" leaves the app's language alone.

    Raises:
        ScriptFailed: a person is needed, the screen stays unknown, or nothing moves forward.
        PhoneError, StopRequested, LeaseLost: as the phone's session and the attempt raise them.
    """
    attempt, phone, plan = flow.attempt, flow.phone, flow.plan
    with attempt.step("wake"):
        phone.wake()
        version = phone.app_version(plan.package)
    readable = ensure_covered(attempt, phone, plan.package, flow.driver.vocabulary, set_to=set_language)
    flow.driver.app_version = version
    attempt.set_app_version(version)
    grants = phone.grant_media(plan.package, camera=not readable)
    if grants.granted or grants.refused:
        attempt.note("permissions", granted=grants.granted, refused=grants.refused)
    return flow.drive(flow.begin())

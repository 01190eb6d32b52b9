"""The post script: from a stored task to a verdict, with one publishing tap at most."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from jobs.content.plan import make_plan
from jobs.hub.settings import Settings
from jobs.phone import app_language
from jobs.phone.errors import InputForbidden, LeaseLost, PhoneError, StopRequested, TapUncertain
from jobs.phone.protocol import PhoneSession
from jobs.post.apps import APPS
from jobs.post.flow.draft_memory import DraftMemory
from jobs.post.flow.flow import Flow, ReadyToPublish
from jobs.post.flow.getting_files import PhoneFiles
from jobs.post.flow.proof import published, refused, unknown
from jobs.post.language import ensure_covered, language_to_be
from jobs.post.prepare import prepare
from jobs.post.screens.screens_file import Vocabulary
from jobs.post.screens.vocabularies import of_package
from jobs.task.attempt import Attempt, ScriptFailed, Verdict
from storage.error_codes import ErrorCode
from storage.errors import StoreError
from storage.records import MediaFile, Outcome, Task
from storage.tables.meta import MetaStore


class PostScript:
    """Publishes videos and images through the official apps; implements `jobs.task.attempt.Script`."""

    def __init__(
        self,
        settings: Settings,
        meta: MetaStore | None = None,
        check: Callable[[MediaFile], None] = lambda _: None,
        *,
        vocabularies: Mapping[str, Vocabulary],
        admit: Callable[[Task, str, str], None] = lambda _task, _version, _language: None,
    ) -> None:
        """Prepare.

        Args:
            settings: the daemon's settings.
            meta: small store of the daemon, for what was typed and not published; None forgets at the end of an attempt.
            check: raises MediaRejected for a file that is no longer what was accepted; asked before each push.
            vocabularies: what the screens files say, by platform.
            admit: raises OnHold for a task that must not be posted yet with this version and language of its app.
        """
        self._posting = settings.posting
        self._set_language = settings.phones.set_app_language
        self._vocabularies = vocabularies
        self._meta = meta
        self._check = check
        self._admit = admit

    def reload(self, vocabularies: Mapping[str, Vocabulary]) -> None:
        """Use these screens from the next attempt on; an attempt that runs goes on with those it began with."""
        self._vocabularies = vocabularies

    def vocabulary(self, platform: str, package: str) -> Vocabulary:
        """The app's screens; a package that is named counts as the app."""
        return of_package(self._vocabularies[platform], package)

    def language_to_be(self, platform: str, package: str, spoken: app_language.Spoken) -> str:
        """In which language an attempt would drive an app that speaks this now, as "en"."""
        return language_to_be(spoken, self.vocabulary(platform, package), self._set_language)

    def covers(self, platform: str, language: str) -> bool:
        """Whether attempts are made in a language: all its refusals are understood."""
        return language in self._vocabularies[platform].covered

    def _flow(self, attempt: Attempt, phone: PhoneSession) -> Flow:
        if not attempt.task.materials:
            raise ScriptFailed(ErrorCode.NO_MATERIAL, "the task has no file to publish", step="plan")
        plan = make_plan(attempt.task)
        files = PhoneFiles(attempt, phone, self._check)
        drafts = DraftMemory(self._meta, phone.serial, plan.package)
        flow: Flow = APPS[plan.platform].flow(
            attempt,
            phone,
            plan,
            drafts=drafts,
            vocabulary=self.vocabulary(plan.platform, plan.package),
            posting=self._posting,
            files=files,
        )
        return flow

    def run(self, attempt: Attempt, phone: PhoneSession) -> Verdict:
        """Publish the task's post. See `jobs.task.attempt.Script`."""
        flow = self._flow(attempt, phone)
        ready = prepare(flow, self._set_language, admit=partial(self._admit, attempt.task))
        verdict = self._publish(flow, ready)
        if verdict.outcome is Outcome.PUBLISHED:
            verdict = published(verdict.remark + "".join(flow.told))
            attempt.enter_published(verdict.remark)
        self._after(flow, verdict)
        return verdict

    # The commit point and after

    def _publish(self, flow: Flow, ready: ReadyToPublish) -> Verdict:
        attempt = flow.attempt
        button = flow.driver.uncovered(ready.button, whole=True)
        if button is None:
            raise ScriptFailed(
                ErrorCode.UI_CHANGED,
                f"another screen came when {ready.button.name} was to be tapped",
                step="commit",
                passing=True,
            )
        attempt.note("ready to publish", trips=dict(flow.driver.trips), account=flow.account_seen)
        flow.about_to_publish()
        with attempt.step("commit"):
            attempt.enter_committing(then_wait_s=flow.plan.config.upload_wait_time)
            try:
                flow.driver.tap_once(button)
            except TapUncertain as error:
                attempt.note(f"the tap may have arrived: {error}")
            except InputForbidden as error:
                return refused(error.code, f"the publishing tap was not made: {error}", step="commit")
            except (PhoneError, StopRequested, LeaseLost) as error:
                return unknown(
                    getattr(error, "code", ErrorCode.STOPPED),
                    f"the publishing tap was cut off: {error}",
                    step="commit",
                )
            attempt.enter_verifying()
        try:
            with attempt.step("proof"):
                verdict: Verdict = APPS[flow.plan.platform].watch(flow).run(ready.sight)
                return verdict
        except ScriptFailed as error:
            return unknown(error.code, f"after the tap: {error}", step=error.step or "proof")
        except PhoneError as error:
            return unknown(error.code, f"after the tap the phone was lost: {error}")
        except (StopRequested, LeaseLost) as error:
            return unknown(ErrorCode.STOPPED, f"after the tap: {error}")

    def _after(self, flow: Flow, verdict: Verdict) -> None:
        """What is left to do when the outcome stands; nothing here can change it."""
        attempt = flow.attempt
        attempt.note("round trips to the phone", **dict(flow.driver.trips))
        if verdict.outcome is not Outcome.PUBLISHED:
            return  # what was typed stays known: an app that did not post brings it up again in the next form
        try:
            flow.drafts.forget()
        except StoreError as error:  # known for too long, a text does no harm
            attempt.note(f"published; what was typed could not be forgotten: {error}")
        try:
            with attempt.step("evidence"):
                self._keep_proof(flow)
            with attempt.step("clean up"):
                flow.files.remove_all()
            wait_s = flow.plan.config.upload_wait_time
            if wait_s:
                with attempt.step("wait after upload", seconds=wait_s):
                    attempt.wait(wait_s)
        except (PhoneError, StopRequested, LeaseLost) as error:
            attempt.note(f"published; what follows was cut off: {error}")

    @staticmethod
    def _keep_proof(flow: Flow) -> None:
        """The tree and screenshot on which the proof rests, before anything is cleaned up."""
        attempt = flow.attempt
        tree = flow.driver.last_tree
        if tree is not None:
            attempt.keep_evidence("tree.xml", tree.source.encode("utf-8", "replace"))
        screenshot = flow.phone.screenshot(timeout_s=5.0)
        if screenshot is not None:
            attempt.keep_evidence("screenshot.png", screenshot)

    # After a crash

    def look_for_post(self, attempt: Attempt, phone: PhoneSession) -> Verdict:
        """Look, without any tap that changes something, what became of the post. See `jobs.task.attempt.Script`."""
        flow = self._flow(attempt, phone)
        try:
            with attempt.step("wake"):
                phone.wake()
                version, spoken = app_language.read_with_version(phone, flow.plan.package)
            flow.driver.app_version = version
            # What is not understood proves nothing; and a look never changes the app's language.
            ensure_covered(attempt, phone, flow.plan.package, flow.driver.vocabulary, spoken=spoken)
            in_front = phone.foreground_package() == flow.plan.package
            flow.found_in_front = in_front and flow.drafts.is_as_left(attempt.task.id, attempt.clock.now())
            if not in_front:
                flow.drafts.note_changed(attempt.task.id)
                flow.open_app()
            with attempt.step("look for the post"):
                flow.driver.ignore = frozenset()
                verdict = APPS[flow.plan.platform].look_for_post(flow)
        except ScriptFailed as error:
            return unknown(error.code, f"looking for the post: {error}", step=error.step)
        if verdict.outcome is Outcome.PUBLISHED:
            return published(f"{verdict.remark} (seen after a restart)")
        return verdict

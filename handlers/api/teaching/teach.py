"""Teaching: the screens that wait for a lesson, what a lesson would become, and the lessons that were accepted."""

from __future__ import annotations

from typing import Any

import msgspec

from handlers.access.auth import WHO, Who
from handlers.api.services import Services
from handlers.api.task_view import moment
from handlers.api.teaching import objects as o
from handlers.api.teaching import shown
from handlers.request.call import Call, Result, Route, routes_below
from handlers.request.envelope import Code, Reply
from jobs.input.fields import Findings, read_object
from jobs.input.refusals import Invalid, Problem
from jobs.input.values import Unreadable, read_text
from jobs.post.teaching.kept_screens import KeptScreen
from jobs.post.teaching.lessons import Lesson, Wish
from jobs.post.teaching.teaching import toml_of
from jobs.post.teaching.trial import Tried
from jobs.post.teaching.waiting import Waiting

#: Texts of one screen that are taught at once.
MAX_TOGETHER = 40
#: A body that brings a file of lessons.
IMPORT_BYTES = 600_000


class TeachHandlers:
    """Everything about teaching."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._teaching = services.teaching
        self._book = services.teaching.book

    # -- screens -------------------------------------------------------------------------------------------

    def screens(self, call: Call) -> Result:
        asked = call.query(o.ScreensQuery)
        found = self._teaching.screens.all(asked.get("platform") or "", asked.get("serial", ""))
        return o.PendingList([self._pending(one) for one in found], len(found))

    def screen(self, call: Call) -> Result:
        waiting, sight = self._teaching.screens.read(call.args["name"])
        file = self._book.files(waiting.kept.platform)
        nodes = sight.tree.nodes
        return o.ScreenDetail(
            screen=self._pending(waiting),
            size=sight.tree.size,
            nodes=shown.nodes(sight),
            cut=len(nodes) > shown.MAX_NODES,
            screens=[
                o.ScreenChoice(name, s.kind, s.says or shown.words(name))
                for name, s in file.screens.items()
                if not s.off
            ],
            elements=shown.elements(file),
            languages=self._languages(waiting.kept),
            unread=[
                o.UnreadScreen(
                    one.screen,
                    [
                        o.UnreadText(a.element, shown.reads(file, a.element), a.needed, a.nodes)
                        for a in one.asks
                    ],
                )
                for one in self._teaching.screens.unread(waiting.kept.id)
            ],
        )

    def _languages(self, kept: KeptScreen) -> list[str]:
        known = [one.language for one in self._teaching.languages(kept.platform)]
        return list(dict.fromkeys(code for code in (kept.language, *known) if code))

    def propose(self, call: Call) -> Result:
        made = self._teaching.propose(self._wish(call))
        tried = made.tried
        return o.ProposalObject(
            toml=toml_of(made.chosen),
            sentence=made.chosen.sentence,
            steadiness=made.steadiness,
            rule=made.rule,
            reads=made.reads,
            known_screens=tried.known_screens,
            changed=_changes(tried),
            recognises=tried.recognised,
            refused=tried.refused,
            alternatives=[
                o.AlternativeObject(number, toml_of(lesson), lesson.sentence, steady)
                for number, lesson, steady in made.alternatives
            ],
        )

    def _wish(self, call: Call) -> Wish:
        return Wish(**self._fields(call, o.LessonRequest))

    def _fields(self, call: Call, struct: type[msgspec.Struct]) -> dict[str, Any]:
        findings = Findings()
        given = read_object(struct, call.fields(struct), findings, strict=True)
        findings.refuse()
        return given

    # -- lessons -------------------------------------------------------------------------------------------

    def teach(self, call: Call) -> Result:
        wish = self._wish(call)
        lesson = self._teaching.teach(wish, _by(call))
        return self._taught(*self._book.find(lesson.id))

    def words(self, call: Call) -> Result:
        asked = self._fields(call, o.WordsRequest)
        platform, language = asked["platform"], asked["language"]
        words = _wordings(asked["words"])
        dry = asked.get("dry_run", False)
        lessons = self._teaching.teach_words(platform, language, words, _by(call), dry_run=dry)
        covered, missing = self._teaching.covered(platform, language)
        return o.WordsObject([self._taught(platform, one) for one in lessons], missing, covered)

    def texts(self, call: Call) -> Result:
        asked = self._fields(call, o.TextsRequest)
        texts = asked["texts"]
        if not 0 < len(texts) <= MAX_TOGETHER:
            raise Invalid(Problem("texts", f"must name one to {MAX_TOGETHER} elements with their nodes"))
        kept, _ = self._teaching.screens.find(asked["screen"])
        language = asked.get("language") or kept.language
        lessons = self._teaching.translate(
            kept.id, language, texts, _by(call), dry_run=asked.get("dry_run", False)
        )
        covered, missing = self._teaching.covered(kept.platform, language)
        return o.WordsObject([self._taught(kept.platform, one) for one in lessons], missing, covered)

    def all(self, call: Call) -> Result:
        platform = call.query(o.TaughtQuery).get("platform") or ""
        found = [self._taught(p, lesson) for p, lesson in self._book.all(platform)]
        return o.TaughtList(found, len(found), self._book.left_out())

    def switch(self, call: Call) -> Result:
        asked = self._fields(call, o.SwitchRequest)
        return self._taught(*self._teaching.switch(call.id, on=asked["on"]))

    def delete(self, call: Call) -> Result:
        self._book.delete(call.id)
        return o.Nothing()

    def export(self, call: Call) -> Result:
        platform = call.query(o.TaughtFileQuery).get("platform")
        if not platform:
            raise Invalid(Problem("platform", "is missing: say whose lessons"))
        headers = (
            ("Content-Disposition", f'attachment; filename="taught-{platform}.toml"'),
            ("Cache-Control", "no-store"),
        )
        return Reply(200, self._book.export(platform).encode(), headers, "text/plain; charset=utf-8")

    def import_file(self, call: Call) -> Result:
        asked = self._fields(call, o.ImportRequest)
        platform, dry = asked["platform"], asked.get("dry_run", False)
        lessons, tried = self._teaching.import_file(platform, asked["toml"], _by(call), dry_run=dry)
        return o.ImportObject(
            platform=platform,
            lessons=[self._taught(platform, lesson) for lesson in lessons],
            known_screens=tried.known_screens,
            changed=_changes(tried),
            refused=tried.refused,
            imported=not dry,
        )

    def languages(self, call: Call) -> Result:
        asked = call.query(o.LanguagesQuery)
        return o.LanguageList(
            self._teaching.languages(asked.get("platform") or "", asked.get("language", ""))
        )

    # -- shown ---------------------------------------------------------------------------------------------

    def _pending(self, one: Waiting) -> o.PendingObject:
        kept = one.kept
        return o.PendingObject(
            id=kept.id,
            source=kept.source,  # type: ignore[arg-type]
            source_id=kept.source_id,
            serial=kept.serial,
            platform=kept.platform,
            app_version=kept.app_version,
            language=kept.language,
            read_as=one.read_as,
            kind=one.kind,
            sentence=kept.sentence,
            taken_at=moment(kept.taken_at, self._services.zone()) or "",
            picture=_address(kept.source, kept.source_id, kept.picture),
            tree=_address(kept.source, kept.source_id, kept.file),
            taught=one.taught,
        )

    def _taught(self, platform: str, lesson: Lesson) -> o.TaughtObject:
        return o.TaughtObject(
            id=lesson.id,
            platform=platform,
            means=lesson.means,
            name=lesson.name,
            sentence=lesson.sentence,
            toml=toml_of(lesson),
            on=lesson.on,
            taught_at=moment(lesson.taught_at, self._services.zone()) or "",
            by=lesson.by,
            screen=lesson.screen,
            picture=_address(lesson.source, lesson.source_id, lesson.picture),
            app_version=lesson.app_version,
            language=lesson.language,
            source=lesson.source,
            source_id=lesson.source_id,
        )

    def routes(self) -> list[Route]:
        """The routes of this resource."""
        missing, invalid = Code.NOT_FOUND, Code.INVALID
        teach = routes_below("/api/v1/teach", "teaching")
        taught = routes_below("/api/v1/taught", "teaching")
        return [
            teach("GET", "/screens", self.screens, "The screens that wait for a lesson", o.PendingList, query=o.ScreensQuery,
                  slow=True),
            teach("GET", "/screens/{name}", self.screen, "One kept screen with its nodes, and what a lesson may name",
                  o.ScreenDetail, missing, slow=True),
            teach("POST", "/proposals", self.propose, "What a lesson would become, tried on every known screen", o.ProposalObject,
                  invalid, missing, body=o.LessonRequest, slow=True),
            teach("GET", "/languages", self.languages, "How far each language is, and which words it lacks", o.LanguageList,
                  query=o.LanguagesQuery, slow=True),
            teach("POST", "/words", self.words, "Give the words by which refusals are recognised in another language", o.WordsObject,
                  invalid, Code.NO_SPACE, body=o.WordsRequest, slow=True),
            taught("GET", "", self.all, "The lessons that were accepted", o.TaughtList, query=o.TaughtQuery),
            taught("POST", "", self.teach, "Teach: the rule counts from the next post or rehearsal on", o.TaughtObject, invalid, missing,
                   Code.NO_SPACE, body=o.LessonRequest, slow=True),
            taught("POST", "/texts", self.texts, "Teach several texts of one screen in another language, all or none", o.WordsObject,
                   invalid, missing, Code.NO_SPACE, body=o.TextsRequest, slow=True),
            taught("PATCH", "/{id}", self.switch, "Switch a lesson on or off", o.TaughtObject, invalid, missing, Code.NO_SPACE,
                   body=o.SwitchRequest, slow=True),
            taught("DELETE", "/{id}", self.delete, "Forget a lesson", o.Nothing, missing, Code.NO_SPACE, slow=True),
            taught("GET", "/export", self.export, "What counts of the lessons, as a screens file", None, query=o.TaughtFileQuery,
                   media_type="text/plain"),
            taught("POST", "/import", self.import_file, "Take the lessons of such a file, all or none", o.ImportObject, invalid,
                   Code.NO_SPACE, body=o.ImportRequest, limit_bytes=IMPORT_BYTES, slow=True),
        ]  # fmt: skip


def _by(call: Call) -> str:
    """Who teaches, for people who read it later."""
    who: Who | None = call.environ.get(WHO)
    return "" if who is None else who.name or who.how


def _address(source: str, number: int, name: str) -> str:
    if not name:
        return ""
    return (
        f"/api/v1/rehearsals/{number}/{name}"
        if source == "rehearsal"
        else f"/api/v1/task/{number}/artifacts/{name}"
    )


def _changes(tried: Tried) -> list[o.ChangeObject]:
    return [o.ChangeObject(c.screen, c.was, c.now or "unknown") for c in tried.changed]


def _wordings(given: Any) -> dict[str, list[str]]:
    """The wordings of each word as they came. Raises Invalid."""
    found: dict[str, list[str]] = {}
    for word, texts in dict(given).items():
        listed = [texts] if isinstance(texts, str) else texts
        if not isinstance(listed, list):
            raise Invalid(Problem(f"words.{str(word)[:60]}", "must be a list of texts"))
        try:
            wordings = [read_text(text) for text in listed]
        except Unreadable as error:
            raise Invalid(Problem(f"words.{str(word)[:60]}", str(error))) from error
        if wordings:
            found[str(word)[:60]] = wordings
    if not found:
        raise Invalid(Problem("words", "is empty: give at least one word with its wordings"))
    if len(found) > 100:
        raise Invalid(Problem("words", "has more than 100 words"))
    return found

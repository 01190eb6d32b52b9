"""How a lesson is refused: the sentence with its field, and the answer that names both."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from jobs.input.refusals import Invalid, Problem
from jobs.post.screens.screens_file import ScreensInvalid

_LANGUAGE = re.compile(r"[a-z]{2,3}")


class Refused(ValueError):
    """A lesson that becomes no rule; `field` names what of the wish is wrong."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


@contextmanager
def answered() -> Iterator[None]:
    """Turn what a lesson is refused for into an answer that names the field. Raises Invalid."""
    try:
        yield
    except Refused as error:
        raise Invalid(Problem(error.field, str(error))) from error
    except ScreensInvalid as error:
        raise Invalid([Problem("", f"{error.file}: {problem}") for problem in error.problems]) from error


def refuse(field: str, sentences: Sequence[str]) -> None:
    """Refuse for each of these sentences, if there are any. Raises Invalid."""
    if sentences:
        raise Invalid([Problem(field, sentence) for sentence in sentences])


def check_language(code: str) -> None:
    """See that this may be the code of a language. Raises Refused."""
    if not _LANGUAGE.fullmatch(code):
        raise Refused("language", 'must be a code of two or three letters, as "nl"')

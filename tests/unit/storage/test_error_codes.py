"""One enum holds the words for failures: the manuals repeat it, and no other module spells one."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from jobs.post.screens.screens_file import ScreensInvalid
from storage.error_codes import ErrorCode, code_of
from storage.records import TaskError
from tests.support.error_docs import DOCS, operator, table
from tests.support.vocabularies import load
from tests.unit.test_import_rules import ROOT, modules

HOW = "the code says otherwise now: python -m tests.support.error_docs"
#: Where the same word means something else.
OTHER_MEANINGS = {
    ("jobs/phone/protocol.py", "unauthorized"): "the state of a phone",
    ("jobs/phone/adb/client.py", "unauthorized"): "what adb prints",
    ("jobs/phone/adb/listing.py", "unauthorized"): "what adb prints",
    ("handlers/api/accounts.py", "not_logged_in"): "the log-in mark of an account",
    ("handlers/api/objects/accounts.py", "not_logged_in"): "the log-in mark of an account",
    ("jobs/task/retry.py", "stopped"): "why a task is not tried again",
}


def test_the_manual_has_the_table_that_the_code_makes() -> None:
    shown = (DOCS / "operator.md").read_text("utf-8")
    assert table() in shown, HOW
    assert operator(shown) == shown, HOW


def test_the_other_manuals_name_only_codes_that_there_are() -> None:
    api = (DOCS / "api.md").read_text("utf-8")
    (sentence,) = re.findall(r"`error\.code` is a stable word: (.*?) and more", api, re.DOTALL)
    named = re.findall(r"`(\w+)`", sentence)
    assert named
    assert set(named) <= set(ErrorCode)


def spelled(path: Path) -> set[str]:
    """The codes that a module has as strings of their own."""
    return {
        node.value
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in set(ErrorCode)
    }


def test_no_other_module_spells_a_code() -> None:
    paths = [path for package in ("storage", "jobs", "handlers") for path in modules(package)]
    found = {
        (path.relative_to(ROOT).as_posix(), word)
        for path in [*paths, ROOT / "tikmatrixd.py"]
        if path != ROOT / "storage/error_codes.py"
        for word in spelled(path)
    }
    assert found == OTHER_MEANINGS.keys()


def test_every_code_is_used_by_the_code_or_by_a_screens_file() -> None:
    code = "".join(path.read_text("utf-8") for path in [*modules("jobs"), *modules("storage")])
    screens = "".join(path.read_text("utf-8") for path in (ROOT / "jobs/post/screens").glob("*.toml"))
    used = {ErrorCode[name] for name in re.findall(r"\bErrorCode\.([A-Z_]+)\b", code)}
    used |= {ErrorCode(word) for word in re.findall(r'^error = "(\w+)"', screens, re.MULTILINE)}
    assert set(ErrorCode) - used == set()


def test_the_page_asks_only_for_codes_that_there_are() -> None:
    asked = [
        word
        for path in (ROOT / "handlers/page/static").rglob("*.js")
        for word in re.findall(r"error\??\.code === \"(\w+)\"", path.read_text("utf-8"))
    ]
    assert asked
    assert set(asked) <= set(ErrorCode)


def test_every_code_says_what_happened_and_all_but_a_stop_what_to_do() -> None:
    assert [code for code in ErrorCode if not code.meaning] == []
    assert [code for code in ErrorCode if not code.remedy] == [ErrorCode.STOPPED]


def test_a_stored_word_that_this_version_does_not_know_pauses_nothing_and_is_kept() -> None:
    assert code_of("of_tomorrow") is ErrorCode.INTERNAL
    assert ErrorCode.INTERNAL.scope is None
    assert TaskError("of_tomorrow", "?").code == "of_tomorrow"


def test_a_screens_file_with_a_code_that_there_is_not_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "tiktok.toml").write_text(
        '[screens.odd]\nkind = "human"\nlayer = 90\nall = ["editor_next"]\nerror = "not_loged_in"\n'
    )
    with pytest.raises(ScreensInvalid, match="not_loged_in"):
        load("tiktok", tmp_path)

"""An app is one value in one table: nothing else asks which app it is, and an app that is not known is an error."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.hub.platforms import FACTS, PLATFORMS, facts, platform_of
from jobs.hub.settings import Media, Posting
from jobs.post.apps import APPS
from jobs.post.screens.screens_file import SHIPPED, read_file

ROOT = Path(__file__).resolve().parents[4]
#: Where an app may be named: its facts, the settings of each, the table, and its own folder.
MAY_NAME = (
    "jobs/hub/platforms.py",
    "jobs/hub/settings.py",
    "jobs/post/apps.py",
    *(f"jobs/post/{platform}/" for platform in PLATFORMS),
)


def product_code(*words: str) -> Iterator[tuple[str, ast.AST]]:
    """Each node of each module in whose text one of these words stands, with the module's path."""
    for folder in ("handlers", "jobs", "storage"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            text = path.read_text()
            if any(word in text for word in words):
                for node in ast.walk(ast.parse(text)):
                    yield str(path.relative_to(ROOT)), node


def names_an_app(node: ast.AST) -> bool:
    """`"tiktok"`, `media.tiktok` or `posting.tiktok_package`."""
    named = (
        node.value if isinstance(node, ast.Constant) else node.attr if isinstance(node, ast.Attribute) else ""
    )
    return isinstance(named, str) and named.removesuffix("_package") in PLATFORMS


def test_only_the_facts_the_settings_the_table_and_an_apps_own_folder_name_it() -> None:
    named = [
        (path, getattr(node, "lineno", 0)) for path, node in product_code(*PLATFORMS) if names_an_app(node)
    ]
    assert named, "this test looks at nothing"
    assert [f"{path}:{line}" for path, line in named if not path.startswith(MAY_NAME)] == []


def test_nothing_asks_of_which_class_a_flow_is() -> None:
    asked = [
        f"{path}:{node.lineno}"
        for path, node in product_code("Flow")
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "isinstance"
        and any(isinstance(n, ast.Name) and n.id.endswith("Flow") for n in ast.walk(node.args[1]))
    ]
    assert asked == []


def test_each_app_has_its_facts_its_flow_its_settings_and_its_screens() -> None:
    assert set(FACTS) == set(APPS) == set(PLATFORMS)
    for platform in PLATFORMS:
        assert platform_of(Posting().package(platform)) == platform
        assert Media().limits(platform).max_video_s > 0
        assert read_file(SHIPPED / f"{platform}.toml").platform == platform


@pytest.mark.parametrize("of", [facts, APPS.__getitem__, Posting().package, Media().limits])
def test_an_app_that_is_not_known_is_an_error_and_not_silently_another_one(of: object) -> None:
    with pytest.raises(KeyError):
        of("threads")  # type: ignore[operator]

"""In what the files on disk differ from the config in force is said, and nothing is taken over by halves."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobs.hub.config_file import ConfigInvalid, load_config
from jobs.post.screens.screens_file import ScreensInvalid
from jobs.upkeep.config_state import ConfigState

GOOD = '[server]\nhosts = ["hub"]\n'
OVERLAY = '[elements]\n[[elements.my_button]]\ntext = "Mine"\n'
BROKEN_OVERLAYS = {
    "no TOML": "[elements",
    "unknown word": '[[elements.my_button]]\ntxet = "Mine"\n',
    "contradiction": '[screens.mine]\nkind = "path"\nlayer = 1\nall = ["nowhere"]\n',
    "bytes": "\xff",
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "screens").mkdir()
    config = tmp_path / "config.toml"
    config.write_text(f'{GOOD}[posting]\nscreens_dir = "{tmp_path / "screens"}"\n')
    return config


@pytest.fixture
def state(path: Path) -> ConfigState:
    return ConfigState(load_config(path))


def test_as_long_as_the_files_are_as_they_were_there_is_nothing_to_say(state: ConfigState) -> None:
    assert state.notices() == []
    assert 'hosts = ["hub"]' in state.text()


def test_what_can_be_taken_over_and_what_waits_for_a_restart_is_named_with_the_command(
    state: ConfigState, path: Path
) -> None:
    path.write_text(
        path.read_text().replace('"hub"', '"other"').replace("[posting]", "threads = 3\n[posting]")
    )
    reload, restart = state.notices()
    assert "server.hosts" in reload
    assert "systemctl reload" in reload
    assert "server.threads" in restart
    assert "systemctl restart" in restart
    text = state.text()
    assert 'hosts = ["hub"]  # as before; what is at' in text
    assert "threads = 12  # as before" in text
    state.take(state.read())
    assert state.notices() == [restart]
    assert f'hosts = ["other"]  # {path}:2' in state.text()
    path.write_text(path.read_text().replace("threads = 3\n", ""))
    assert state.notices() == []


def test_comments_are_no_difference_and_the_lines_are_those_of_now(state: ConfigState, path: Path) -> None:
    path.write_text("# a comment\n" + path.read_text())
    assert state.notices() == []
    assert f'hosts = ["hub"]  # {path}:3' in state.text()


def test_a_file_with_mistakes_is_told_and_cannot_be_read(state: ConfigState, path: Path) -> None:
    good = path.read_text()
    path.write_text(good + "proof_timeout_s = -1\nretry = 1\n")
    (notice,) = state.notices()
    assert "stays in force" in notice
    assert "line 5: posting.proof_timeout_s" in notice
    assert "and 1 more" in notice
    with pytest.raises(ConfigInvalid):
        state.read()
    assert "proof_timeout_s = 300.0  # default" in state.text()
    path.unlink()
    assert "there is no such file" in state.notices()[0]
    path.write_text(good)
    assert state.notices() == []


@pytest.mark.parametrize("what", BROKEN_OVERLAYS)
def test_a_screens_file_with_mistakes_is_told_and_refused_as_the_config_is(
    state: ConfigState, path: Path, what: str
) -> None:
    overlay = path.parent / "screens" / "tiktok.toml"
    overlay.write_bytes(BROKEN_OVERLAYS[what].encode("latin-1"))
    (notice,) = state.notices()
    assert "stays in force" in notice
    assert str(overlay) in notice
    with pytest.raises(ConfigInvalid, match=r"tiktok\.toml"):
        state.read()


@pytest.mark.parametrize("what", BROKEN_OVERLAYS)
@pytest.mark.parametrize("name", ["tiktok", "android"])
def test_a_hub_starts_with_the_shipped_screens_where_the_operators_are_refused_and_says_so_until_they_are_good(
    path: Path, name: str, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    overlay = path.parent / "screens" / f"{name}.toml"
    (overlay.parent / "instagram.toml").write_text(OVERLAY)
    overlay.write_bytes(BROKEN_OVERLAYS[what].encode("latin-1"))
    started = ConfigState(load_config(path))
    assert "my_button" not in started.vocabularies["tiktok"].elements
    assert ("my_button" in started.vocabularies["instagram"].elements) is (name == "tiktok")
    notices = started.notices()
    assert str(overlay) in notices[0]
    assert "left out, posts go with the shipped screens" in notices[0]
    assert not any("stays in force" in notice for notice in notices)
    assert notices[0] in caplog.text
    with pytest.raises(ConfigInvalid, match=rf"{name}\.toml"):
        started.read()
    path.write_text(path.read_text().replace('"hub"', '"other hub"'))
    assert started.notices()[0] == notices[0]
    path.write_text(path.read_text().replace('"other hub"', '"hub"'))
    overlay.write_text(OVERLAY)
    assert "the screens files" in started.notices()[-1]
    started.take(started.read())
    assert started.notices() == []
    assert "my_button" in started.vocabularies["tiktok"].elements


def test_a_hub_whose_screens_folder_is_gone_starts_as_well(path: Path) -> None:
    (path.parent / "screens").rmdir()
    started = ConfigState(load_config(path))
    (notice,) = started.notices()
    assert "is not a folder" in notice
    assert set(started.vocabularies) == {"tiktok", "instagram"}


def test_a_language_that_only_a_refused_file_may_cover_is_no_reason_not_to_start(path: Path) -> None:
    text = f'{path.read_text()}[phones]\nset_app_language = "nl"\n'
    path.write_text(text)
    with pytest.raises(ScreensInvalid, match="set_app_language"):
        ConfigState(load_config(path))
    (path.parent / "screens" / "tiktok.toml").write_text(BROKEN_OVERLAYS["no TOML"])
    assert "nl" not in ConfigState(load_config(path)).vocabularies["tiktok"].covered


def test_screens_files_are_read_again_and_until_then_the_difference_is_told(
    state: ConfigState, path: Path
) -> None:
    before = state.vocabularies
    (path.parent / "screens" / "tiktok.toml").write_text(OVERLAY)
    (notice,) = state.notices()
    assert "the screens files" in notice
    candidate = state.read()
    assert candidate.screens_changed
    state.take(candidate)
    assert state.notices() == []
    assert "my_button" in state.vocabularies["tiktok"].elements
    assert "my_button" not in before["tiktok"].elements
    assert not state.read().screens_changed


def test_a_screens_folder_that_is_gone_is_told(state: ConfigState, path: Path) -> None:
    (path.parent / "screens" / "tiktok.toml").write_text(OVERLAY)
    state.take(state.read())
    (path.parent / "screens" / "tiktok.toml").unlink()
    (path.parent / "screens").rmdir()
    assert "is not a folder" in state.notices()[0]


def test_what_the_command_line_says_is_in_force_also_after_a_reload_and_is_no_difference(path: Path) -> None:
    state = ConfigState(load_config(path).overridden({"server.listen": "127.0.0.1:7"}))
    assert state.notices() == []
    candidate = state.read()
    assert candidate.change.changed == []
    state.take(candidate)
    assert 'listen = "127.0.0.1:7"  # command line' in state.text()


def test_secrets_are_masked_in_what_is_in_force(path: Path) -> None:
    path.write_text(
        '[[notify]]\nkind = "webhook"\nurl = "https://u:pass@example.org/hook?key=abc"\nsecret = "s3cret"\n'
    )
    state = ConfigState(load_config(path))
    assert "example.org" in state.text()
    assert not any(secret in state.text() for secret in ("s3cret", "pass", "abc"))


def test_without_a_file_there_is_nothing_to_differ_from() -> None:
    state = ConfigState(load_config(None))
    assert state.notices() == []
    assert "# default" in state.text()


@pytest.mark.parametrize(
    "left", ['[lessons.1]\non = false\n[lessons.1.words]\nnext = [{ nl = "Verder" }]\n', "[lessons"]
)
def test_lessons_that_do_not_count_any_more_do_not_keep_the_daemon_from_starting(
    path: Path, tmp_path: Path, left: str
) -> None:
    path.write_text(
        f'{path.read_text()}[phones]\nset_app_language = "nl"\n[storage]\nstate_dir = "{tmp_path / "state"}"\n'
    )
    with pytest.raises(ScreensInvalid, match="set_app_language"):
        ConfigState(load_config(path))
    folder = tmp_path / "state" / "taught"
    folder.mkdir(parents=True)
    (folder / "tiktok.toml").write_text(left)
    assert "nl" not in ConfigState(load_config(path)).vocabularies["tiktok"].covered

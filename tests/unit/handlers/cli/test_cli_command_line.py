"""Where tokens are looked for, and how the daemon of this box is asked."""

import time
from urllib.parse import urlsplit

import msgspec
import pytest
from click.testing import CliRunner

from handlers.access.hosts import OwnNames, split_host
from handlers.access.tokens import new_token
from handlers.cli.asking import TOKEN_VARIABLE, DaemonSilent, ask_daemon
from handlers.cli.command_line import EX, tokens_are_beside, tokens_path
from handlers.cli.token_commands import token
from jobs.hub.config_file import LoadedConfig
from jobs.hub.settings import Server, Settings, Storage
from tests.support.http_side import HttpSide
from tikmatrixd import cli


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "etc" / "config.toml"
    path.parent.mkdir()
    return LoadedConfig(Settings(storage=Storage(state_dir=str(tmp_path / "state"))), path)


def test_tokens_lie_in_the_state_directory_unless_somebody_says_otherwise(config, tmp_path, monkeypatch):
    assert tokens_path(config) == tmp_path / "state" / "tokens.json"
    beside = tmp_path / "etc" / "tokens.json"
    beside.write_text("{}")
    assert tokens_path(config) == beside
    assert tokens_are_beside(config)
    # R65: a copy that the service manager made at the start of the daemon knows no token that came later.
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials" / "tokens.json").write_text("{}")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))
    assert tokens_path(config) == beside
    settings = msgspec.structs.replace(config.settings, server=Server(tokens_file="/elsewhere/t.json"))
    named = msgspec.structs.replace(config, settings=settings)
    assert str(tokens_path(named)) == "/elsewhere/t.json"
    assert not tokens_are_beside(named)


@pytest.mark.parametrize("listen", ["127.0.0.1:1", "0.0.0.0:1", "[::]:1"])
def test_a_daemon_that_does_not_answer_is_said_in_one_sentence(config, listen):
    settings = msgspec.structs.replace(config.settings, server=Server(listen=listen))
    with pytest.raises(DaemonSilent, match=r"does not answer at http://\S+:1: is it running\? \(\[Errno"):
        ask_daemon(msgspec.structs.replace(config, settings=settings), "GET", "/api/v1/task/stats")


def test_a_daemon_that_wants_a_token_from_the_box_itself_gets_it_from_a_variable(tmp_path, monkeypatch):
    monkeypatch.delenv(TOKEN_VARIABLE, raising=False)
    made = new_token(tmp_path / "state" / "tokens.json", "box")
    with HttpSide(tmp_path, server=Server(listen="127.0.0.1:0", trust_loopback=False)) as side:
        side.serve()
        settings = msgspec.structs.replace(
            side.settings, server=Server(listen=f"127.0.0.1:{side.server.port}")
        )
        config = LoadedConfig(settings, tmp_path / "config.toml")
        with pytest.raises(
            DaemonSilent, match=r"trust_loopback is false.* needs a token: set TIKMATRIXD_TOKEN"
        ):
            ask_daemon(config, "GET", "/api/v1/task/stats")
        monkeypatch.setenv(TOKEN_VARIABLE, made)
        assert ask_daemon(config, "GET", "/api/v1/task/stats")["total"] == 0


@pytest.mark.parametrize(
    "listen", ["127.0.0.1:50809", "0.0.0.0:50809", ":50809", "[::]:50809", "[::1]:50809"]
)
def test_the_line_that_comes_with_a_new_token_calls_the_box_by_an_address_that_it_answers_to(
    listen, tmp_path
):
    path = tmp_path / "config.toml"
    path.write_text(f'[server]\nlisten = "{listen}"\n[storage]\nstate_dir = "{tmp_path}"\n')
    said = CliRunner().invoke(token, ["new", "laptop"], obj=path).output
    urls = [word for word in said.split() if word.startswith("http://")]
    assert len(urls) == 2
    for url in urls:
        host = split_host(urlsplit(url).netloc)
        assert host is not None
        assert host[1] == 50809
        assert OwnNames(time.monotonic).known(host[0], ())


@pytest.mark.parametrize("option", ["--seed", "--latency"])
def test_an_option_of_simulated_phones_is_refused_where_there_are_none(option):
    done = CliRunner().invoke(cli, ["serve", "--listen", "nowhere", option, "5"])
    assert done.exit_code == EX.USAGE
    assert "give --demo, too" in done.stderr

"""The config file: the example cannot rot, and every problem is reported at once."""

import re
from pathlib import Path

import msgspec
import pytest

from jobs.config_file import ConfigInvalid, describe, load_config, parse_config_text
from jobs.settings import AccountEntry, NotifyTarget, Settings

EXAMPLE = Path(__file__).parents[3] / "config.example.toml"


def problems_of(text: str) -> list[str]:
    with pytest.raises(ConfigInvalid) as caught:
        parse_config_text(text)
    return [str(problem) for problem in caught.value.problems]


def test_the_example_holds_exactly_the_defaults():
    assert load_config(EXAMPLE).settings == Settings()


def test_the_example_names_every_key():
    loaded = load_config(EXAMPLE)
    for section in msgspec.structs.fields(Settings):
        if section.name in {"accounts", "notify"}:
            continue
        for field in msgspec.structs.fields(section.type):
            assert f"{section.name}.{field.name}" in loaded.lines


def test_the_commented_entries_of_the_example_name_every_key_and_are_valid():
    text = EXAMPLE.read_text()
    start = text.index("# [[accounts]]")
    entries = re.sub(r"^# ?(?=\[\[|\w+ = )", "", text[start:], flags=re.MULTILINE)
    settings = parse_config_text(entries).settings
    assert settings.accounts[0].username == "@alice"
    for name, struct in (("accounts", AccountEntry), ("notify", NotifyTarget)):
        for field in msgspec.structs.fields(struct):
            assert re.search(rf"^{field.name} = ", entries, re.MULTILINE), f"{name}.{field.name}"


def test_all_problems_are_reported_together_with_their_lines():
    text = '[server]\nlistn = "x"\n[posting]\nmax_retry_count = "3"\ntimezone = "Europe/Berlni"\n[srver]\n'
    found = problems_of(text)
    assert found == [
        "line 2: server.listn: there is no such key; did you mean 'listen'?",
        "line 4: posting.max_retry_count: expected a whole number, got a text",
        "line 5: posting.timezone: 'Europe/Berlni' is no time zone; write e.g. Europe/Berlin",
        "line 6: srver: there is no such section; did you mean 'server'?",
    ]


def test_a_value_out_of_range_names_the_range():
    assert problems_of("[posting]\nmax_retry_count = 11") == [
        "line 2: posting.max_retry_count: must be between 0 and 10"
    ]


def test_an_account_without_a_name_is_reported():
    assert problems_of('[[accounts]]\nserial = "A"\n') == ["line 1: accounts[0].username: is missing"]


def test_an_account_that_stands_twice_is_reported_where_it_stands_again():
    text = '[[accounts]]\nusername = "x"\n[[accounts]]\nusername = "@X"\n'
    assert problems_of(text) == ["line 4: accounts[1].username: '@X' stands twice for tiktok"]


def test_broken_toml_is_one_problem_with_its_line():
    (problem,) = problems_of("[server]\nlisten = \n")
    assert problem.startswith("line 2: is not valid TOML")


def test_a_missing_file_is_said_in_words(tmp_path):
    with pytest.raises(ConfigInvalid, match="there is no such file"):
        load_config(tmp_path / "none.toml")


def test_the_effective_config_says_where_values_come_from_and_masks_secrets(tmp_path):
    path = tmp_path / "c.toml"
    path.write_text('[server]\nthreads = 8\n[[notify]]\nkind = "ntfy"\nurl = "http://x"\nsecret = "hush"\n')
    text = describe(load_config(path), {"server.listen": "command line"})
    assert f"threads = 8  # {path}:2" in text
    assert 'listen = "127.0.0.1:50809"  # command line' in text
    assert "max_json_bytes = 1048576  # default" in text
    assert "hush" not in text


def test_the_effective_config_is_valid_toml_that_means_the_same():
    text = describe(load_config(EXAMPLE))
    assert parse_config_text(text).settings == Settings()

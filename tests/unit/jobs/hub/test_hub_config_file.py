"""The config file: the example cannot rot, and every problem is reported at once."""

import re
from pathlib import Path

import msgspec
import pytest

from jobs.hub.config_file import ConfigInvalid, describe, load_config, parse_config_text
from jobs.hub.platforms import VIDEO_CODECS
from jobs.hub.settings import AccountEntry, AdbServerEntry, NotifyTarget, Settings
from jobs.media.look import codecs

EXAMPLE = Path(__file__).parents[4] / "config.example.toml"


def problems_of(text: str) -> list[str]:
    with pytest.raises(ConfigInvalid) as caught:
        parse_config_text(text)
    return [str(problem) for problem in caught.value.problems]


def test_the_example_holds_exactly_the_defaults():
    assert load_config(EXAMPLE).settings == Settings()


def test_the_example_names_every_key():
    loaded = load_config(EXAMPLE)
    for section in msgspec.structs.fields(Settings):
        if section.name in {"adb_servers", "accounts", "notify"}:
            continue
        for field in msgspec.structs.fields(section.type):
            assert f"{section.name}.{field.name}" in loaded.lines


def test_the_commented_entries_of_the_example_name_every_key_and_are_valid():
    text = EXAMPLE.read_text()
    start = text.index("# [[adb_servers]]")
    entries = re.sub(r"^# ?(?=\[\[|\w+ = )", "", text[start:], flags=re.MULTILINE)
    settings = parse_config_text(entries).settings
    assert settings.accounts[0].username == "@alice"
    assert settings.adb_servers == (AdbServerEntry(name="shelf-2", port=5038),)
    for name, struct in (
        ("adb_servers", AdbServerEntry),
        ("accounts", AccountEntry),
        ("notify", NotifyTarget),
    ):
        for field in msgspec.structs.fields(struct):
            assert re.search(rf"^{field.name} = ", entries, re.MULTILINE), f"{name}.{field.name}"


def test_all_problems_are_reported_together_with_their_lines():
    text = '[server]\nlistn = "x"\n[posting]\nmax_retry_count = "3"\ntimezone = "Europe/Berlni"\n[srver]\n'
    found = problems_of(text)
    assert found == [
        "line 2: server.listn: there is no such key; did you mean 'listen'?",
        "line 4: posting.max_retry_count: expected a whole number, got a text; write it without quotes: 3",
        'line 5: posting.timezone: "Europe/Berlni" is not a time zone; did you mean "Europe/Berlin"?',
        "line 6: srver: there is no such section; did you mean 'server'?",
    ]


def test_a_value_out_of_range_names_the_range():
    assert problems_of("[posting]\nmax_retry_count = 11") == [
        "line 2: posting.max_retry_count: must be between 0 and 10"
    ]


def test_a_range_of_bytes_is_written_out():
    assert problems_of("[server]\nmax_json_bytes = 1") == [
        "line 2: server.max_json_bytes: must be between 1024 and 67108864"
    ]


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('listen = "0.0.0.0:80"\n', "listen: stands outside of a section: it belongs below [server]"),
        ("port = 5037\n[server]\n", "port: stands outside of a section: it belongs below [adb]"),
    ],
)
def test_a_key_above_every_section_is_told_where_it_belongs(text: str, where: str) -> None:
    assert problems_of(text) == [f"line 1: {where}"]


@pytest.mark.parametrize(
    ("key", "name", "said"),
    [
        ("video_codecs", "h264", "did you mean 'AVC'?"),
        ("video_codecs", "H.265", "did you mean 'HEVC'?"),
        ("warn_codecs", "vp9", "did you mean 'VP9'?"),
        ("video_codecs", "DV", "known: AVC, HEVC, VP9, AV1, "),
    ],
)
def test_a_codec_by_another_name_is_refused_as_it_would_refuse_every_video_or_warn_of_none(
    key: str, name: str, said: str
) -> None:
    [problem] = problems_of(f'[media.tiktok]\n{key} = ["AVC", "{name}"]\n')
    assert problem.startswith(f"line 2: media.tiktok.{key}: '{name}' is not the name of a codec here; {said}")


def test_the_config_knows_every_name_that_a_look_into_a_video_gives():
    assert {*codecs.VIDEO_ENTRIES.values()} <= {*VIDEO_CODECS}
    assert {*VIDEO_CODECS} <= {*codecs.VIDEO_ENTRIES.values(), *codecs.OBJECT_TYPES.values()}


def test_a_section_in_double_brackets_is_told_by_its_line():
    assert problems_of("\n[[server]]\nthreads = 4\n") == [
        "line 2: server: must be a section: write [server] and its keys below"
    ]


def test_a_date_is_called_a_date():
    assert problems_of("[server]\nlisten = 2027-01-31\n") == [
        "line 2: server.listen: expected a text, got a date"
    ]


def test_a_value_of_the_wrong_type_is_shown_as_it_is_written_right():
    assert problems_of(
        '[server]\nlisten = 50809\nhosts = "hub"\n[posting]\nmax_per_day = "3"\nrehearse_new_versions = "True"\n'
    ) == [
        'line 2: server.listen: expected a text, got a whole number; write it in quotes: "50809"',
        'line 3: server.hosts: expected a list, got a text; write it in brackets: ["hub"]',
        "line 5: posting.max_per_day: expected a whole number, got a text; write it without quotes: 3",
        "line 6: posting.rehearse_new_versions: expected true or false, got a text; write it without quotes: true",
    ]


def test_an_account_without_a_name_is_reported():
    assert problems_of('[[accounts]]\nserial = "A"\n') == ["line 1: accounts[0].username: is missing"]


def test_an_account_that_stands_twice_is_reported_where_it_stands_again():
    text = '[[accounts]]\nusername = "x"\n[[accounts]]\nusername = "@X"\n'
    assert problems_of(text) == ["line 4: accounts[1].username: '@X' stands twice for tiktok"]


def test_an_account_copied_with_an_invisible_character_is_reported():
    text = '[[accounts]]\nusername = "kim\u200b"\n'
    [problem] = problems_of(text)
    assert problem.startswith(
        "line 2: accounts[0].username: 'kim\\u200b' holds the invisible character U+200B"
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("https://www.tiktok.com/@kim", 'is an address; write the name alone, "kim"'),
        ("kim,bob", "without blanks, commas"),
        ("kim bob", "without blanks, commas"),
        ("@@kim", "further @"),
    ],
)
def test_CLI_12_a_name_that_no_account_can_have_is_reported(name: str, said: str) -> None:
    [problem] = problems_of(f'[[accounts]]\nusername = "{name}"\n')
    assert problem.startswith("line 2: accounts[0].username: ")
    assert said in problem


def test_a_broken_entry_hides_no_problem_of_its_neighbours_or_its_own():
    text = (
        '[[accounts]]\nserial = "A"\n[[accounts]]\nusername = "x"\npackage = "no package"\n'
        '[[notify]]\nkind = "ntfi"\nurl = "topic"\nevents = ["disc"]\n[[notify]]\nkind = "ntfy"\nurl = "ftp://x"\n'
    )
    assert problems_of(text) == [
        "line 1: accounts[0].username: is missing",
        "line 5: accounts[1].package: is not a package name, e.g. com.instagram.android",
        "line 7: notify[0].kind: must be one of webhook, ntfy, apprise; did you mean 'ntfy'?",
        "line 9: notify[0].events: there is no event 'disc'; did you mean 'disk'?",
        "line 12: notify[1].url: must start with http:// or https://",
    ]


def test_a_dotted_key_has_its_line():
    assert problems_of('\nserver.listen = "here"\n') == [
        "line 2: server.listen: 'here' is not HOST:PORT, e.g. 127.0.0.1:50809"
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[media.tiktok]\nmax_video_s = 0", "media.tiktok.max_video_s: must be more than 0"),
        ("[media.tiktok]\nmax_video_s = nan", "media.tiktok.max_video_s: must be more than 0"),
        ("[media.instagram]\nmin_width = -1", "media.instagram.min_width: must not be below 0"),
        (
            "[media.instagram]\nmin_video_s = 901",
            "media.instagram.min_video_s: must not be larger than max_video_s",
        ),
        (
            "[media.tiktok]\nvideo_codecs = []",
            "media.tiktok.video_codecs: must name at least one, e.g. AVC",
        ),
        (
            '[phones]\nconnect = ["192.168.1.50"]',
            "phones.connect: '192.168.1.50' is not HOST:PORT, e.g. 192.168.1.50:5555",
        ),
        (
            '[server]\nhosts = ["http://hub.lan"]',
            "server.hosts: 'http://hub.lan' is not the name of a host alone, e.g. hub.example.org",
        ),
        ('[adb]\nhost = ""', "adb.host: must not be empty; the adb server of this box is 127.0.0.1"),
        (
            '[posting]\ntiktok_package = ""',
            "posting.tiktok_package: is not a package name, e.g. com.instagram.android",
        ),
        (
            '[[notify]]\nkind = "webhook"\nurl = "https:///hook"',
            "notify[0].url: names no host: write e.g. https://example.org/hook",
        ),
        (
            '[[notify]]\nkind = "ntfy"\nurl = "https://ntfy.sh/x"\nsecret = "пароль"',
            "notify[0].secret: is not an access token of ntfy: those have neither spaces nor letters beyond ASCII",
        ),
    ],
)
def test_what_would_fail_only_later_is_refused_at_once(text, problem):
    (found,) = problems_of(text)
    assert found.partition(": ")[2] == problem


@pytest.mark.parametrize(
    "text",
    [
        '[phones]\nconnect = ["[fd00::7]:5555", "phone-3.lan:5555", "192.168.1.50:40001"]',
        '[server]\nhosts = ["hub", "hub.example.org", "fd00::2", "192.168.1.2"]',
        *(
            f'[[notify]]\nkind = "webhook"\nurl = "{url}"'
            for url in (
                "http://x", "https://me:pass@hub.lan:8443/a?b=c", "http://[fd00::1]:80/x", "https://bücher.example/",
            )
        ),
    ],
)  # fmt: skip
def test_what_is_odd_but_good_is_accepted(text):
    parse_config_text(text)


def test_broken_toml_is_one_problem_with_its_line():
    (problem,) = problems_of("[server]\nlisten = \n")
    assert problem.startswith("line 2: is not valid TOML")


def test_a_missing_file_is_said_in_words(tmp_path):
    with pytest.raises(ConfigInvalid, match="there is no such file"):
        load_config(tmp_path / "none.toml")


def test_the_effective_config_says_where_values_come_from_and_masks_secrets(tmp_path):
    path = tmp_path / "c.toml"
    path.write_text('[server]\nthreads = 8\n[[notify]]\nkind = "ntfy"\nurl = "http://x"\nsecret = "hush"\n')
    text = describe(load_config(path))
    assert f"threads = 8  # {path}:2" in text
    assert "max_json_bytes = 1048576  # default" in text
    assert "hush" not in text


def test_the_effective_config_is_valid_toml_that_means_the_same():
    text = describe(load_config(EXAMPLE))
    assert parse_config_text(text).settings == Settings()


def server(name: str = '"shelf-2"', port: int = 5038, **more: str) -> str:
    """One further adb server as it stands in the file."""
    lines = [f"name = {name}", f"port = {port}", *(f"{key} = {value}" for key, value in more.items())]
    return "\n".join(["[[adb_servers]]", *lines, ""])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            server() + server(port=5039),
            "line 5: adb_servers[1].name: 'shelf-2' stands twice",
        ),
        (
            server('"local"'),
            "line 2: adb_servers[0].name: 'local' is the server of [adb]; choose another name",
        ),
        (
            server('"Shelf 2"'),
            "line 2: adb_servers[0].name: 'Shelf 2' is no name: 1 to 32 of a to z, 0 to 9 and -, e.g. shelf-2",
        ),
        (
            server(port=5037, host='"localhost"'),
            "line 3: adb_servers[0].port: localhost:5037 is the adb server 'local' already",
        ),
        (
            server() + server('"b"'),
            "line 6: adb_servers[1].port: 127.0.0.1:5038 is the adb server 'shelf-2' already",
        ),
        (server(port=70000), "line 3: adb_servers[0].port: must be between 1 and 65535"),
        (
            server(max_concurrent_pushes="0"),
            "line 4: adb_servers[0].max_concurrent_pushes: must be between 1 and 100",
        ),
        (
            server(connect='["192.168.2.50"]'),
            "line 4: adb_servers[0].connect: '192.168.2.50' is not HOST:PORT, e.g. 192.168.1.50:5555",
        ),
        (
            server(connect='["a:1"]') + server('"b"', 5039, connect='["a:1"]'),
            "line 8: adb_servers[1].connect: 'a:1' stands twice: one adb server connects to it",
        ),
        (
            server(link='"wireguard"', host='"8.8.8.8"'),
            "line 5: adb_servers[0].host: '8.8.8.8' is an address of the Internet, where anyone can reach it",
        ),
        (
            server(link='"cable"', host='"box2.lan"'),
            "line 5: adb_servers[0].host: 'box2.lan' is not an address, and a name would be looked up at each call",
        ),
        (
            server(link='"cable"', host='"0.0.0.0"'),
            "line 5: adb_servers[0].host: '0.0.0.0' is not the address of one machine",
        ),
        (
            server(link='"vpn"'),
            "line 4: adb_servers[0].link: must be one of ssh, wireguard, cable",
        ),
        (
            "".join(server(f'"b{n}"', 6000 + n) for n in range(17)),
            "line 1: adb_servers: holds 17 entries, 16 at most",
        ),
        ("[[adb_servers]]\nport = 5038", "line 1: adb_servers[0].name: is missing"),
        ('[[adb_servers]]\nname = "b"', "line 1: adb_servers[0].port: is missing"),
    ],
)
def test_a_further_adb_server_that_cannot_be_meant_is_refused_by_its_line(text, problem):
    assert problems_of(text) == [problem]


@pytest.mark.parametrize("host", ["192.168.2.2", "box2.lan", "10.0.0.2", "0.0.0.0", "fd00::2"])
def test_an_adb_server_on_another_machine_is_refused_unless_the_file_says_what_keeps_others_off(host):
    (problem,) = problems_of(server(host=f'"{host}"'))
    assert "adb's server has no password: whoever reaches it owns all its phones" in problem
    assert problem.startswith("line 4: adb_servers[0].host: ")


@pytest.mark.parametrize(
    "text",
    [
        server() + server('"shelf-3"', 5039, host='"localhost"'),
        server(link='"wireguard"', host='"10.7.0.2"') + server('"b"', link='"cable"', host='"fd00::2"'),
        server(link='"wireguard"', host='"100.100.2.3"'),
        server("'a'", 1, connect='["192.168.2.50:5555"]'),
    ],
)
def test_further_adb_servers_are_read(text):
    assert parse_config_text(text).settings.adb_servers[0].as_adb.start_server is False


HIDDEN = {"a blank at the end": "{} ", "a blank before it": " {}", "zero width": "{}\u200b", "no break": "{}\u00a0", "BOM": "\ufeff{}",
          "soft hyphen": "{}\u00ad", "left to right": "\u200e{}", "tab": "{}\t"}  # fmt: skip


@pytest.mark.parametrize(
    ("key", "text", "good"),
    [
        ("phones.known", "[phones]\nknown = [%s]", "R58M12ABCDE"),
        ("phones.connect", "[phones]\nconnect = [%s]", "192.168.1.50:5555"),
        ("server.hosts", "[server]\nhosts = [%s]", "hub.example.org"),
        ("server.trusted_networks", "[server]\ntrusted_networks = [%s]", "192.168.1.0/24"),
        ("media.roots", "[media]\nroots = [%s]", "/srv/media"),
        ("media.path_map", '[media.path_map]\n"C:/Videos" = %s', "/srv/media"),
        ("media.tiktok.video_codecs", "[media.tiktok]\nvideo_codecs = [%s]", "AVC"),
        ("media.instagram.warn_codecs", "[media.instagram]\nwarn_codecs = [%s]", "VP9"),
        ("accounts[0].serial", '[[accounts]]\nusername = "x"\nserial = %s', "R58M12ABCDE"),
        ("accounts[0].tags", '[[accounts]]\nusername = "x"\ntags = [%s]', "news"),
        ("notify[0].events", '[[notify]]\nkind = "webhook"\nurl = "http://x.y/"\nevents = [%s]', "disk"),
        ("posting.screens_dir", "[posting]\nscreens_dir = %s", "/etc/tikmatrixd/screens"),
        ("storage.state_dir", "[storage]\nstate_dir = %s", "/var/lib/tikmatrixd"),
    ],
)
def test_CLI_12_what_nobody_sees_and_nothing_matches_is_refused_in_every_list_and_path(key, text, good):
    def toml(value: str) -> str:
        return text % msgspec.json.encode(value).decode()

    parse_config_text(toml(good))
    for what, form in HIDDEN.items():
        said = problems_of(toml(form.format(good)))
        assert any(key in problem for problem in said), what


def test_CLI_12_the_sentence_shows_what_cannot_be_seen():
    (said,) = problems_of('[phones]\nknown = ["R58\\u200B"]\n')
    assert said == "line 2: phones.known: 'R58\\u200b' holds an invisible character (U+200B)"
    (said,) = problems_of('[phones]\nknown = ["R58 "]\n')
    assert said == "line 2: phones.known: 'R58 ' begins or ends with a blank"
    (said,) = problems_of('[phones]\nknown = ["R58 M12"]\n')
    assert "holds a blank" in said
    (said,) = problems_of('[phones]\nknown = [""]\n')
    assert "is empty" in said


def test_CLI_12_blanks_inside_and_joined_emoji_are_somebodys_names():
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    parse_config_text(
        f'[media]\nroots = ["/srv/my media"]\n[[accounts]]\nusername = "x"\ndisplay_name = "{family}"\ntags = ["two words"]\n'
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[storage]\nstate_dir = "/"', "must be a folder of its own"),
        (
            "[media.path_map]\n'C:/Videos' = 'videos'",
            "'C:/Videos' leads to 'videos', which must be an absolute path",
        ),
        ("[media.path_map]\n'/mnt' = 'D:\\x'", "which must be an absolute path on this box"),
    ],
)
def test_a_path_that_leads_nowhere_or_everywhere_is_refused(text, said):
    (problem,) = problems_of(text)
    assert said in str(problem)

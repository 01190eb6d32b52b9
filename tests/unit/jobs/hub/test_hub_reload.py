"""A reload takes over what may change while running and names what waits for a restart."""

from jobs.hub.config_file import parse_config_text
from jobs.hub.reload import LIVE, merge
from jobs.hub.settings import Settings


def settings(text=""):
    return parse_config_text(text).settings


def test_nothing_changed_is_nothing_to_do():
    change = merge(Settings(), Settings())
    assert change.changed == change.restart_needed == []
    assert change.settings == Settings()


def test_accounts_and_limits_change_at_once():
    new = settings('[phones]\nmax_concurrent_devices = 3\n[[accounts]]\nusername = "x"\n')
    change = merge(Settings(), new)
    assert change.changed == ["accounts", "phones.max_concurrent_devices"]
    assert change.restart_needed == []
    assert change.settings.accounts[0].username == "x"
    assert change.settings.phones.max_concurrent_devices == 3


def test_another_port_waits_for_a_restart_and_the_old_one_stays_in_force():
    change = merge(
        Settings(),
        settings(
            '[server]\nlisten = "127.0.0.1:1"\nhosts = ["hub"]\n[posting]\nauto_retry = false\n[media.tiktok]\nmin_width = 9\n'
        ),
    )
    assert change.restart_needed == ["posting.auto_retry", "server.listen"]
    assert change.settings.server.listen == Settings().server.listen
    assert change.settings.server.hosts == ("hub",)
    assert change.settings.posting == Settings().posting
    assert change.settings.media.tiktok.min_width == 9


def test_another_adb_server_waits_for_a_restart():
    change = merge(Settings(), settings('[[adb_servers]]\nname = "shelf-2"\nport = 5038\n'))
    assert change.changed == change.restart_needed == ["adb_servers"]
    assert change.settings.adb_servers == ()


def test_every_live_key_exists():
    for key in LIVE:
        target = Settings()
        for part in key.split("."):
            target = getattr(target, part)

"""One file holds a hub; putting it back is all or nothing, and what was there is kept."""

import hashlib
import io
import tarfile

import msgspec
import pytest

from jobs.hub.config_file import LoadedConfig, load_config
from jobs.upkeep.backup import Places, back_up
from jobs.upkeep.backup_archive import unpack
from jobs.upkeep.restore import make_plan, put_back
from jobs.upkeep.usb_boxes.folder import Boxes
from jobs.upkeep.usb_boxes.pasted import BoxLine
from storage.errors import BackupUnreadable, StateLocked, StoreFailed
from storage.store import Store
from tests.support import usb_boxes
from tests.support.http_side import new_task

NOW = 1_800_000_000.0


class Hub:
    """A state directory with a task, a config, tokens, an adb key and a screen file."""

    def __init__(self, folder):
        self.folder = folder
        self.state = folder / "state"
        self.config_path = folder / "etc" / "config.toml"
        self.screens = folder / "screens"
        self.adb = folder / "adb"
        for made in (self.config_path.parent, self.screens, self.adb):
            made.mkdir(parents=True)
        self.config_path.write_text(
            f'[storage]\nstate_dir = "{self.state}"\n[posting]\nscreens_dir = "{self.screens}"\n'
        )
        self.tokens = self.config_path.with_name("tokens.json")
        self.tokens.write_text('{"tokens": []}')
        (self.screens / "tiktok.toml").write_text("# mine\n")
        (self.adb / "adbkey").write_text("private")
        (self.adb / "adbkey.pub").write_text("public")
        with Store.open(self.state) as store:
            store.tasks.create([new_task("A1", at=NOW)])
        library = self.state / "library"
        library.mkdir()
        (library / "1.mp4").write_bytes(b"video")
        self.taught = self.state / "taught" / "tiktok.toml"
        self.taught.parent.mkdir()
        self.taught.write_text("[lessons.1]\n")

    @property
    def config(self):
        return load_config(self.config_path)

    def back_up(self, **options):
        target = self.folder / "hub.tar"
        return back_up(self.config, Places(self.tokens, True, self.adb), target, NOW, **options), target

    def plan(self, path, into, config_path=None, adb_dir=None):
        unpacked = unpack(path, into, config_path or self.config_path)
        present = LoadedConfig(self.config.settings)
        return make_plan(
            unpacked, present, config_path=config_path or self.config_path, adb_dir=adb_dir or self.adb
        )

    def put_back(self, path, into, config_path, adb_dir):
        return put_back(self.plan(path, into, config_path, adb_dir), NOW)


def forged(path, target, *, drop=(), **entries):
    """A copy of the backup with other files in it, and a manifest that fits them; values are bytes or TarInfo."""
    with tarfile.open(path) as old, tarfile.open(target, "w") as new:
        sums = {}

        def add(name, data):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            new.addfile(member, io.BytesIO(data))
            sums[name] = hashlib.sha256(data).hexdigest()

        for member in old.getmembers():
            if member.name == "manifest.json":
                manifest = msgspec.json.decode(old.extractfile(member).read())
            elif member.name not in {*entries, *drop}:
                add(member.name, old.extractfile(member).read())
        for name, entry in entries.items():
            if isinstance(entry, tarfile.TarInfo):
                entry.name = name
                new.addfile(entry)
            else:
                add(name, entry)
        add("manifest.json", msgspec.json.encode({**manifest, "sha256": sums}))
    return target


@pytest.fixture
def hub(tmp_path):
    return Hub(tmp_path / "hub")


def test_everything_that_makes_a_hub_is_in_it_and_comes_back(hub, tmp_path):
    made, path = hub.back_up(library=True)
    assert made.missing == []
    assert made.holds == [
        "config.toml", "tokens/beside-config.json", "adb/adbkey", "adb/adbkey.pub", "screens/tiktok.toml", "taught/tiktok.toml",
        "library/1.mp4",
    ]  # fmt: skip
    for changed in (hub.config_path, hub.tokens, hub.adb / "adbkey", hub.screens / "tiktok.toml"):
        changed.write_text(changed.read_text().replace("state_dir", "state_dir ") + "\n# changed\n")
    (hub.state / "library" / "1.mp4").unlink()
    hub.taught.unlink()
    notes = hub.put_back(path, tmp_path, hub.config_path, hub.adb)
    assert sum("the one before is" in note for note in notes) == 4
    assert (hub.adb / "adbkey").read_text() == "private"
    assert (hub.screens / "tiktok.toml").read_text() == "# mine\n"
    assert (hub.state / "library" / "1.mp4").read_bytes() == b"video"
    assert hub.taught.read_text() == "[lessons.1]\n"
    with Store.open(hub.state) as store:
        assert store.tasks.get(1) is not None


def test_only_its_owner_can_read_it(hub):
    _, path = hub.back_up()
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.glob(".*")) == []


def test_what_cannot_be_read_is_named_and_the_rest_is_there(hub):
    (hub.adb / "adbkey").unlink()
    made, _ = hub.back_up()
    assert made.missing == [f"{hub.adb / 'adbkey'}: No such file or directory"]
    assert "adb/adbkey.pub" in made.holds


def test_a_file_that_shrinks_while_it_is_copied_makes_no_backup_that_cannot_be_read(hub, tmp_path):
    # The kernel says 4096 bytes for this one and gives a few: what a file looks like that is cut meanwhile.
    (hub.screens / "instagram.toml").symlink_to("/sys/class/net/lo/mtu")
    with pytest.raises(StoreFailed):
        hub.back_up()
    assert not (hub.folder / "hub.tar").exists()
    (hub.screens / "instagram.toml").unlink()
    _, path = hub.back_up()
    assert unpack(path, tmp_path, hub.config_path).config is not None


def test_while_the_daemon_runs_nothing_is_put_back(hub, tmp_path):
    _, path = hub.back_up()
    hub.config_path.write_text(hub.config_path.read_text() + "# newer\n")
    with Store.open(hub.state), pytest.raises(StateLocked):
        hub.put_back(path, tmp_path, hub.config_path, hub.adb)
    assert hub.config_path.read_text().endswith("# newer\n")
    assert [p.name for p in hub.config_path.parent.iterdir() if p.name.startswith(".")] == []


def test_a_folder_that_refuses_is_found_before_anything_is_replaced(hub, tmp_path):
    _, path = hub.back_up()
    before = (hub.state / "store").stat().st_ino
    blocked = tmp_path / "a-file"
    blocked.write_text("")
    with pytest.raises(StoreFailed, match="a-file"):
        hub.put_back(path, tmp_path, hub.config_path, blocked / "adb")
    assert (hub.state / "store").stat().st_ino == before


def snapshot_of(folder):
    return {str(p): p.read_bytes() if p.is_file() else b"" for p in sorted(folder.rglob("*"))}


@pytest.mark.parametrize(
    "name",
    ["../evil", "library/../../evil", "/etc/evil", "library//etc/evil", "./evil", "library/a/../b", "library\\..\\evil",
     "library/\x1b[2Jevil", "library/new\nline", "library/" + "x" * 2000],
)  # fmt: skip
def test_names_in_a_backup_that_lead_elsewhere_are_refused(hub, tmp_path, name):
    _, path = hub.back_up()
    with pytest.raises(BackupUnreadable, match="not a backup that this program made"):
        hub.plan(forged(path, tmp_path / "made.tar", **{name: b"evil"}), tmp_path)
    assert not list(tmp_path.parent.rglob("evil"))


def linked(kind, to=""):
    entry = tarfile.TarInfo()
    entry.type, entry.linkname = kind, to
    return entry


@pytest.mark.parametrize(
    "entry",
    [
        linked(tarfile.SYMTYPE, "/etc/passwd"), linked(tarfile.SYMTYPE, "library/evil"), linked(tarfile.LNKTYPE, "library/evil"),
        linked(tarfile.LNKTYPE, "store.tar"), linked(tarfile.CHRTYPE), linked(tarfile.BLKTYPE), linked(tarfile.FIFOTYPE),
        linked(tarfile.DIRTYPE), linked(tarfile.GNUTYPE_SPARSE), linked(b"Z"),
    ],
    ids=["link", "link to itself", "hard link to itself", "hard link", "device", "disk", "fifo", "folder", "sparse", "unknown"],
)  # fmt: skip
def test_nothing_but_regular_files_is_taken_from_a_backup(hub, tmp_path, entry):
    """A link to itself ended in a traceback."""
    _, path = hub.back_up()
    made = forged(path, tmp_path / "made.tar", **{"library/evil": entry})
    before = snapshot_of(hub.folder)
    with pytest.raises(BackupUnreadable, match=r"regular file|cannot be read"):
        hub.plan(made, tmp_path)
    assert snapshot_of(hub.folder) == before


def test_a_file_that_is_in_a_backup_twice_is_refused(hub, tmp_path):
    _, path = hub.back_up()
    with tarfile.open(path, "a") as tar:
        member = tarfile.TarInfo("config.toml")
        tar.addfile(member, io.BytesIO(b""))
    with pytest.raises(BackupUnreadable, match="twice"):
        hub.plan(path, tmp_path)


@pytest.mark.parametrize(
    "spoil", ["long name", "sparse", "two sizes", "negative", "huge config", "deep config", "deep tokens"]
)
def test_sizes_and_depths_in_a_backup_are_bounded(hub, tmp_path, spoil):
    _, path = hub.back_up()
    made = tmp_path / "made.tar"
    if spoil == "long name":
        forged(path, made, **{"library/" + "x" * 100_000: b""})
    elif spoil in {"sparse", "two sizes"}:
        headers = {"sparse": {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": str(2**50)},
                   "two sizes": {"size": str(2**40)}}[spoil]  # fmt: skip
        with tarfile.open(made, "w", format=tarfile.PAX_FORMAT) as tar:
            member = tarfile.TarInfo("library/a")
            member.pax_headers = headers
            tar.addfile(member, io.BytesIO(b""))
    elif spoil == "negative":
        forged(path, made)
        data = bytearray(made.read_bytes())
        data[124:136] = b"\xff" * 12
        data[148:156] = b"        "
        data[148:156] = b"%06o\0 " % sum(data[:512])
        made.write_bytes(data)
    elif spoil == "huge config":
        forged(path, made, **{"config.toml": b"#" * (5 * 1024**2)})
    elif spoil == "deep config":
        forged(path, made, **{"config.toml": b"a = " + b"[" * 100_000 + b"]" * 100_000})
    else:
        forged(path, made, **{"tokens/beside-config.json": b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}"})
    with pytest.raises(BackupUnreadable):
        hub.plan(made, tmp_path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("tokens/beside-config.json", b"[]"), ("tokens/beside-config.json", b'{"tokens": [{"name": "x"}]}'),
        ("tokens/beside-config.json", b'{"tokens": [{"name": "x", "sha256": "short", "created_at": ""}]}'),
        ("tokens/in-state-dir.json", b"root:x:0:0::/root:/bin/sh"), ("screens/tiktok.toml", b"* * * * * root id"),
        ("screens/evil.toml", b"\xff"), ("taught/tiktok.toml", b"[lessons"),
    ],
)  # fmt: skip
def test_tokens_of_a_backup_must_be_tokens_and_screens_must_be_toml(hub, tmp_path, name, content):
    _, path = hub.back_up()
    with pytest.raises(BackupUnreadable, match="is not"):
        hub.plan(forged(path, tmp_path / "made.tar", **{name: content}), tmp_path)


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("tokens/console.json", "tokens"),
        ("screens/tiktok.toml", r"a screens file \(TOML\)"),
        ("taught/tiktok.toml", r"a file of lessons \(TOML\)"),
        ("usb-boxes/shelf/link.env", "a file of a USB box"),
    ],
)
def test_what_is_damaged_in_a_backup_is_called_by_what_it_should_be(hub, tmp_path, name, what):
    _, path = hub.back_up()
    with pytest.raises(BackupUnreadable, match=f"{name} in the backup is not {what}: "):
        hub.plan(forged(path, tmp_path / "made.tar", **{name: b"[ \xff"}), tmp_path)


@pytest.mark.parametrize(
    "key", ["storage.state_dir", "server.tokens_file", "posting.screens_dir", "media.library_dir", "media.roots", "adb.binary",
            "media.path_map"],
)  # fmt: skip
def test_paths_of_the_backups_config_that_are_not_this_boxs_are_named(hub, tmp_path, key):
    _, path = hub.back_up()
    section, _, name = key.partition(".")
    value = {"roots": '["/etc"]', "path_map": '{"a" = "/etc"}'}.get(name, '"/etc/cron.d"')
    text = hub.config_path.read_text().replace(f"{name} = ", f"{name}_ = ")
    text = "".join(f"{line}\n" for line in text.splitlines() if "_ = " not in line)
    text = text.replace(f"[{section}]\n", f"[{section}]\n{name} = {value}\n")
    if f"[{section}]\n" not in text:
        text += f"\n[{section}]\n{name} = {value}\n"
    plan = hub.plan(forged(path, tmp_path / "made.tar", **{"config.toml": text.encode()}), tmp_path)
    (sentence,) = plan.other_paths
    assert sentence.startswith(f"{key}: here ")
    assert "/etc" in sentence


def test_a_plan_says_all_that_will_be_written_and_changes_nothing(hub, tmp_path):
    _, path = hub.back_up(library=True)
    (hub.adb / "adbkey").write_text("another")
    hub.tokens.unlink()
    text = hub.config_path.read_text() + '[server]\ntrusted_networks = ["0.0.0.0/0"]\n'
    token = {"name": "laptop", "sha256": "0" * 64, "created_at": ""}
    tokens = msgspec.json.encode({"tokens": [token]})
    made = forged(
        path,
        tmp_path / "made.tar",
        **{"config.toml": text.encode(), "tokens/beside-config.json": tokens, "adb/more": b""},
    )
    before = snapshot_of(hub.folder)
    plan = hub.plan(made, tmp_path)
    said = "\n".join(plan.lines())
    assert plan.other_paths == []
    for line in (
        f"replaces  {hub.config_path}", f"new       {hub.tokens}", f"replaces  {hub.adb / 'adbkey'}",
        f"same      {hub.adb / 'adbkey.pub'}", "1 materials below", "'adb/more': this box has no place for it",
        "tokens that count from then on: laptop",
        'config    server.trusted_networks: here [], in the backup ["0.0.0.0/0"]',
    ):  # fmt: skip
        assert line in said, said
    assert snapshot_of(hub.folder) == before


@pytest.mark.parametrize("where", ["library", "library/1.mp4", "etc/config.toml"])
def test_root_writes_through_no_link_that_others_may_have_made(hub, tmp_path, where):
    _, path = hub.back_up(library=True)
    (tmp_path / "outside").mkdir()
    place = hub.config_path if "config" in where else hub.state / where
    target = tmp_path / "outside" / "target"
    place.rename(target)
    place.symlink_to(target)
    if "config" in where:
        plan = make_plan(
            unpack(path, tmp_path, hub.config_path),
            LoadedConfig(hub.config.settings),
            config_path=hub.config_path,
            adb_dir=hub.adb,
        )
    else:
        plan = hub.plan(path, tmp_path)
    before = snapshot_of(tmp_path / "outside")
    with pytest.raises(StoreFailed, match="is a link"):
        put_back(plan, NOW)
    assert snapshot_of(tmp_path / "outside") == before


def test_what_a_backup_says_cannot_steer_the_terminal(hub, tmp_path):
    _, path = hub.back_up()
    escape = "\x1b[2J\x9b2J"
    folder = tmp_path / "unpacked"
    folder.mkdir()
    for key in (f'"{escape}" = 1\n', f'[server]\n"{escape}" = 1\n'):
        text = key.replace("\x1b", "\\u001b").replace("\x9b", "\\u009b").encode()
        made = forged(path, tmp_path / "made.tar", **{"config.toml": text})
        with pytest.raises(BackupUnreadable) as refused:
            hub.plan(made, folder)
        assert "2J" in str(refused.value)
        assert not {"\x1b", "\x9b"} & set(str(refused.value))
        for leftover in folder.iterdir():
            leftover.unlink()
    unpacked = unpack(path, folder, hub.config_path)
    facts = msgspec.structs.replace(unpacked.facts, records={f"tasks{escape}": 1})
    plan = make_plan(
        msgspec.structs.replace(unpacked, facts=facts),
        LoadedConfig(hub.config.settings),
        config_path=hub.config_path,
        adb_dir=hub.adb,
    )
    assert all(line.isprintable() for line in plan.lines())


def test_links_in_the_library_are_no_materials(hub, tmp_path):
    (hub.state / "library" / "2.mp4").symlink_to("/etc/hostname")
    made, _ = hub.back_up(library=True)
    assert [name for name in made.holds if name.startswith("library/")] == ["library/1.mp4"]


def test_a_restored_token_file_can_be_read_by_the_group_that_reads_the_config(hub, tmp_path):
    _, path = hub.back_up()
    hub.tokens.unlink()
    hub.config_path.chmod(0o640)
    hub.put_back(path, tmp_path, hub.config_path, hub.adb)
    assert hub.tokens.stat().st_mode & 0o777 == 0o640


def test_a_config_that_this_version_does_not_take_is_refused(hub, tmp_path):
    hub.back_up()
    config = hub.config
    hub.config_path.write_text("[server]\nnonsense = 1\n")
    target = tmp_path / "hub.tar"
    back_up(config, Places(None, False, None), target, NOW)
    with pytest.raises(BackupUnreadable, match="does not fit this version"):
        unpack(target, tmp_path, hub.config_path)


def test_what_the_console_made_and_took_back_of_tokens_comes_back_too(hub, tmp_path):
    console = hub.state / "console-tokens.json"
    entry = {"name": "tablet", "sha256": "a" * 64, "created_at": "2027-01-15T09:00:00+00:00"}
    text = msgspec.json.encode({"tokens": [entry], "version": 1, "revoked": ["b" * 64]})
    console.write_bytes(text)
    made, path = hub.back_up()
    assert "tokens/console.json" in made.holds
    console.unlink()
    plan = hub.plan(path, tmp_path)
    assert any("tokens that count from then on: tablet" in line for line in plan.lines())
    put_back(plan, NOW)
    assert console.read_bytes() == text
    assert console.stat().st_mode & 0o777 == 0o600


def with_a_usb_box(hub):
    boxes = Boxes(hub.config_path.with_name("usb-boxes"))
    boxes.begin("shelf-b")
    boxes.finish("shelf-b", BoxLine("192.168.1.20", 22, usb_boxes.key(3)), ())
    boxes.write(
        boxes.of("shelf-b") / "adbkey", b"-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n"
    )
    boxes.write(boxes.of("shelf-b") / "adbkey.pub", b"QAAAAA== root@usb")
    return boxes


def back_up_with_boxes(hub, boxes):
    target = hub.folder / "hub.tar"
    return back_up(hub.config, Places(hub.tokens, True, hub.adb, boxes.folder), target, NOW), target


def test_the_keys_of_usb_boxes_come_back_with_their_modes(hub, tmp_path):
    boxes = with_a_usb_box(hub)
    made, path = back_up_with_boxes(hub, boxes)
    assert made.missing == []
    before = {file.name: (file.read_bytes(), file.stat().st_mode) for file in boxes.files("shelf-b")}
    assert {name for name in made.holds if name.startswith("usb-boxes/")} == {
        f"usb-boxes/shelf-b/{name}" for name in before
    }
    boxes.remove("shelf-b")
    boxes.folder.chmod(0o700)
    plan = hub.plan(path, tmp_path)
    assert plan.usb_boxes == ["shelf-b"]
    put_back(plan, NOW)
    assert {file.name: (file.read_bytes(), file.stat().st_mode) for file in boxes.files("shelf-b")} == before
    # The user of the link must get to the host key.
    assert boxes.folder.stat().st_mode & 0o777 == boxes.of("shelf-b").stat().st_mode & 0o777 == 0o755


def test_a_box_whose_adb_key_was_never_fetched_is_named(hub):
    boxes = with_a_usb_box(hub)
    (boxes.of("shelf-b") / "adbkey").unlink()
    made, _ = back_up_with_boxes(hub, boxes)
    assert made.missing == ["the adb key of the USB box shelf-b: it was never fetched"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("usb-boxes/shelf-b/link.env", b"HOST=-oProxyCommand=id\nSSH_PORT=22\nLOCAL_PORT=5038\n"),
        ("usb-boxes/shelf-b/known_hosts", b"* ssh-ed25519 AAAA\n"),
        ("usb-boxes/shelf-b/config", b"Host *\n"),
        ("usb-boxes/Shelf/link.env", b"HOST=10.0.0.2\nSSH_PORT=22\nLOCAL_PORT=5038\n"),
        ("usb-boxes/link.env", b"HOST=10.0.0.2\nSSH_PORT=22\nLOCAL_PORT=5038\n"),
        ("usb-boxes/a/b/link.env", b"HOST=10.0.0.2\nSSH_PORT=22\nLOCAL_PORT=5038\n"),
    ],
)
def test_a_backup_cannot_tell_ssh_or_systemd_what_to_do(hub, tmp_path, name, content):
    _, path = back_up_with_boxes(hub, with_a_usb_box(hub))
    wrong = forged(path, tmp_path / "forged.tar", **{name: content})
    with pytest.raises(BackupUnreadable, match="is not a file of a USB box"):
        hub.plan(wrong, tmp_path)

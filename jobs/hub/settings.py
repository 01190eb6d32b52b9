"""Every setting of the daemon with its type and default; `config.example.toml` says the same for people."""

from __future__ import annotations

from typing import Literal

import msgspec

from jobs.hub.platforms import Platform

#: What becomes of more hashtags than TikTok takes: refused, left out, or left to the app.
HashtagRule = Literal["refuse", "trim", "warn"]
#: What keeps strangers off the way to a further adb server, which asks no one for a password: an SSH forward that ends on
#: this box, a WireGuard network, or a cable (or VLAN) on which there is no other machine.
SafeLink = Literal["ssh", "wireguard", "cable"]
#: What the adb server of `adb` is called beside further ones.
LOCAL_SERVER = "local"
#: What notifications can be about.
EventName = Literal[
    "task_failed",
    "unknown_outcome",
    "phone_lost",
    "hub_lost",
    "disk",
    "clock",
    "needs_hands",
    "slot",
    "media_missing",
    "paused",
    "rehearsal",
    "task_published",
]
#: Events that only receivers get that name them: one per post is too much for a receiver of troubles.
ONLY_WHEN_NAMED: frozenset[EventName] = frozenset({"task_published"})


class Server(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The HTTP side."""

    listen: str = "127.0.0.1:50809"
    threads: int = 12
    trust_loopback: bool = True  #: programs on the box itself need no token
    trusted_networks: tuple[str, ...] = ()  #: CIDR; peers that need no token besides loopback
    hosts: tuple[str, ...] = ()  #: further names under which the box is called; its own are known
    tokens_file: str = ""  #: "" means tokens.json in the state directory
    drain_s: float = 15.0  #: how long a stop may take
    max_json_bytes: int = 1024 * 1024
    max_upload_bytes: int = 4 * 1024**3


class Storage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where and how long things are kept."""

    state_dir: str = "/var/lib/tikmatrixd"
    retention_days: int = 30  #: finished tasks older than this move to the archive
    generations: int = 3  #: snapshots kept
    min_free_bytes: int = 64 * 1024**2  #: below this, new tasks are refused with 50701
    evidence_quota_bytes: int = 1024**3


class Adb(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The adb server to use; never another."""

    host: str = "127.0.0.1"
    port: int = 5037
    binary: str = ""  #: "" means the one that comes with adbutils
    start_server: bool = True  #: start it (with `binary`, on `port`) when none answers at start
    max_concurrent_pushes: int = 4


class AdbServerEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A further adb server: that of another box, whose phones are used like those of this one. It is never started from here."""

    name: str  #: stands beside its phones
    host: str = "127.0.0.1"  #: with the link "ssh" the end of the forward on this box, else the address of the other box
    port: int
    link: SafeLink = "ssh"
    connect: tuple[str, ...] = ()  #: host:port of phones on the network that this server connects to
    max_concurrent_pushes: int = 4

    @property
    def as_adb(self) -> Adb:
        """What there is to know of it as an adb server."""
        return Adb(
            host=self.host,
            port=self.port,
            start_server=False,
            max_concurrent_pushes=self.max_concurrent_pushes,
        )


class Phones(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The phones and their care."""

    known: tuple[str, ...] = ()  #: serials that are accepted while never seen
    connect: tuple[str, ...] = ()  #: host:port of phones on the network
    max_concurrent_devices: int = 0  #: 0 means the plan's number
    min_battery_percent: int = 15
    max_battery_celsius: float = 43.0
    allow_reboot: bool = False
    #: a language that apps get where theirs is not covered (Android 13 and later); "" leaves them alone
    set_app_language: str = ""

    def battery_problem(self, percent: int | None, celsius: float | None) -> str:
        """Why a phone with such a battery starts nothing now, "" when it may; what is not known is no obstacle."""
        if percent is not None and percent < self.min_battery_percent:
            return f"its battery is at {percent} %, tasks start from {self.min_battery_percent} %"
        if celsius is not None and celsius > self.max_battery_celsius:
            return f"its battery is at {celsius:.0f} °C, tasks start below {self.max_battery_celsius:.0f} °C"
        return ""


class Posting(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Defaults and bounds of the post script."""

    default_platform: Platform = "tiktok"
    tiktok_package: str = "com.zhiliaoapp.musically"
    instagram_package: str = "com.instagram.android"
    timezone: str = ""  #: IANA name; "" means the system's
    auto_retry: bool = True
    max_retry_count: int = 3
    retry_pause_min_s: float = 5.0
    retry_pause_max_s: float = 60.0
    max_interruptions: int = 3
    attempt_timeout_s: float = 1200.0
    unknown_screen_patience_s: float = 8.0
    proof_timeout_s: float = 300.0  #: how long after the tap proof is waited for
    duplicate_window_minutes: float = 10.0  #: 0 switches the refusal off
    duplicate_warning_hours: float = 24.0
    hashtags: HashtagRule = "refuse"  #: what becomes of the sixth hashtag on TikTok
    min_gap_minutes: int = (
        0  #: between two posts of one account, where it has no value of its own; 0 means none
    )
    max_per_day: int = (
        0  #: posts of one account in a day of the zone, where it has no value of its own; 0 means any number
    )
    quiet_hours: tuple[str, ...] = ()  #: "HH:MM-HH:MM" in the zone: no post starts then
    #: an app's version or language that is new to this hub is rehearsed before its first post
    rehearse_new_versions: bool = False
    screens_dir: str = ""  #: folder with corrected screen files that lie over the shipped ones

    def package(self, platform: str) -> str:
        """The app to which a platform's posts go where the account names none. Raises KeyError for an unknown one."""
        return {"tiktok": self.tiktok_package, "instagram": self.instagram_package}[platform]


class PlatformLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a platform's app accepts (refused outside) and likes (warned outside)."""

    max_video_s: float = 600.0
    min_video_s: float = 1.0
    max_video_bytes: int = 4 * 1024**3
    max_image_bytes: int = 30 * 1024**2
    min_width: int = 1
    warn_video_s: float = 600.0
    video_codecs: tuple[str, ...] = ("AVC", "HEVC", "VP9", "AV1")
    warn_codecs: tuple[str, ...] = ("VP9", "AV1")
    max_caption_chars: int = 2200  #: UTF-16 units
    warn_caption_chars: int = 2200
    warn_hashtags: int = 30


class Media(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where media may lie, and what the platforms take."""

    roots: tuple[str, ...] = ("/srv/tikmatrixd/media",)
    path_map: dict[str, str] = {}  #: prefix of a caller's path -> prefix on the box
    library_dir: str = ""  #: "" means `library` in the state directory
    library_quota_bytes: int = 0  #: 0 means that only free disk space counts
    probe_timeout_s: float = 20.0
    max_pixels: int = 250_000_000  #: of an image; cameras of phones make up to 200 megapixels
    tiktok: PlatformLimits = PlatformLimits(
        max_video_s=3600.0, warn_video_s=600.0, warn_hashtags=5, max_caption_chars=4000
    )
    instagram: PlatformLimits = PlatformLimits(max_video_s=900.0, min_video_s=3.0, warn_video_s=180.0)

    def limits(self, platform: str) -> PlatformLimits:
        """The limits of one app. Raises KeyError for one that is not known."""
        return {"tiktok": self.tiktok, "instagram": self.instagram}[platform]


class License(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The plan, as the license probe reports it."""

    plan: Literal["starter", "pro", "team", "business"] = "business"


class Compat(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Switches for clients written for the upstream API."""

    http_status: Literal["real", "always_200"] = "real"
    past_start_time: Literal["tomorrow", "now", "reject"] = "tomorrow"


class Log(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the daemon writes about itself."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "plain", "journal", "json"] = "auto"


class AccountEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An account named in the config file."""

    username: str
    serial: str = ""
    platform: Platform = "tiktok"
    package: str = ""
    enabled: bool = True
    display_name: str = ""
    tags: tuple[str, ...] = ()
    min_gap_minutes: int | None = None  #: None means that of `posting`
    max_per_day: int | None = None  #: likewise


class NotifyTarget(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One receiver of notifications."""

    kind: Literal["webhook", "ntfy", "apprise"]
    url: str
    secret: str = ""  #: signs webhooks (HMAC-SHA256); the access token of ntfy
    events: tuple[str, ...] = ()  #: empty means all but those of `ONLY_WHEN_NAMED`

    def wants(self, name: EventName) -> bool:
        """Whether this receiver gets events of this name."""
        return name in self.events if self.events else name not in ONLY_WHEN_NAMED

    @property
    def shown(self) -> str:
        """The receiver for logs and people, without the secrets that addresses may hold."""
        scheme, _, rest = self.url.partition("://")
        host = rest.partition("/")[0].rpartition("@")[2]
        return f"{scheme}://***" if self.kind == "apprise" else f"{scheme}://{host}/***"


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole config file."""

    server: Server = Server()
    storage: Storage = Storage()
    adb: Adb = Adb()
    phones: Phones = Phones()
    posting: Posting = Posting()
    media: Media = Media()
    license: License = License()
    compat: Compat = Compat()
    log: Log = Log()
    adb_servers: tuple[AdbServerEntry, ...] = ()
    accounts: tuple[AccountEntry, ...] = ()
    notify: tuple[NotifyTarget, ...] = ()

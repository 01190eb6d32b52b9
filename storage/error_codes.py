"""Every word that says why a task failed, with what it means and what follows from it. The manuals are made from it."""

from __future__ import annotations

from enum import Enum, StrEnum


class Scope(StrEnum):
    """What tasks that fail alike have in common, and what the breaker pauses after several of them."""

    APP = "app version"  #: on every phone
    ACCOUNT = "account"
    PHONE = "phone"
    APP_ON_PHONE = "app on phone"


class Then(Enum):
    """What else follows from a failure."""

    RETRY = "retry"  #: another attempt can help, unless what raises it knows better
    NOTIFY = "notify"  #: people are notified that the phone or the account needs them


class ErrorCode(StrEnum):
    """A stable word, as stored and shown; its meaning; what to do about it; what follows from it."""

    meaning: str
    remedy: str
    scope: Scope | None
    retryable: bool
    needs_person: bool

    def __new__(cls, word: str, meaning: str = "", remedy: str = "", *follows: Scope | Then) -> ErrorCode:  # noqa: PYI034
        code = str.__new__(cls, word)
        code._value_ = word
        code.meaning, code.remedy = meaning, remedy
        code.scope = next((what for what in follows if isinstance(what, Scope)), None)
        code.retryable, code.needs_person = Then.RETRY in follows, Then.NOTIFY in follows
        return code

    DEVICE_OFFLINE = (
        "device_offline",
        "the phone or the adb server was not there",
        "cable, hub, power; it retries by itself",
        Scope.PHONE,
        Then.RETRY,
    )
    UNAUTHORIZED = (
        "unauthorized",
        "the phone forgot this box",
        "accept the question on the phone",
        Then.RETRY,
        Then.NOTIFY,
    )
    DEVICE_TIMEOUT = (
        "device_timeout",
        "the phone did not answer in time",
        "it retries; if it repeats, restart the phone",
        Scope.PHONE,
        Then.RETRY,
    )
    DEVICE_NOT_READY = (
        "device_not_ready",
        "locked, in a call, without a network, too hot, battery low",
        "unlock, connect, cool, charge",
        Scope.PHONE,
        Then.RETRY,
    )
    INPUT_FORBIDDEN = (
        "input_forbidden",
        "the phone refuses touches and keys from a program; nothing was touched; it needs hands",
        (
            "switch on *USB debugging (Security settings)* in its developer options (Xiaomi, Redmi, POCO; "
            "with a Mi account), or *Disable permission monitoring* (Oppo, Realme, OnePlus), plug it in again, retry"
        ),
        Scope.PHONE,
    )
    DEVICE_STORAGE_FULL = (
        "device_storage_full",
        "no room on the phone",
        "free some storage",
        Scope.PHONE,
        Then.NOTIFY,
    )
    AUTOMATION_LOST = (
        "automation_lost",
        "the helper on the phone died",
        "it retries; if it repeats, let nothing else automate this phone",
        Scope.PHONE,
        Then.RETRY,
    )
    COMMAND_FAILED = (
        "command_failed",
        "the phone refused, or broke off, what it was asked to do",
        "see `message`; it retries; if it repeats, restart the phone",
        Scope.PHONE,
        Then.RETRY,
    )
    PUSH_FAILED = (
        "push_failed",
        "the file did not arrive whole",
        "cable, hub; it retries",
        Scope.PHONE,
        Then.RETRY,
    )
    NOT_INDEXED = (
        "not_indexed",
        "the phone's gallery does not show the file",
        "it retries; if it repeats, restart the phone",
        Then.RETRY,
    )
    APP_MISSING = (
        "app_missing",
        "the app is not installed",
        "install it, log in",
        Scope.APP_ON_PHONE,
        Then.NOTIFY,
    )
    APP_CRASHED = (
        "app_crashed",
        "the app closed itself",
        "it retries; if it repeats, update the app",
        Scope.APP,
        Then.RETRY,
    )
    APP_LANGUAGE = (
        "app_language",
        (
            "the app speaks a language whose words for refusals and log-ins are not all known; "
            "nothing was touched"
        ),
        (
            'set the app or the phone to English by hand, or `set_app_language = "en"` in `[phones]` '
            "(Android 13 and later); `tikmatrixd phone restore SERIAL` gives the app its language back. "
            "No task may run on the phone then"
        ),
        Scope.PHONE,
    )
    NOT_LOGGED_IN = (
        "not_logged_in",
        "the app asks for a log-in",
        "log in by hand",
        Scope.ACCOUNT,
        Then.NOTIFY,
    )
    WRONG_ACCOUNT = (
        "wrong_account",
        "the account is not on this phone, or could not be switched to",
        "look at the phone, correct the config",
        Scope.ACCOUNT,
        Then.NOTIFY,
    )
    SECURITY_CHECK = (
        "security_check",
        "TikTok asks for its security check, often after Post",
        "answer it on the phone, then look whether the post came out",
        Scope.ACCOUNT,
        Then.NOTIFY,
    )
    VERIFICATION_NEEDED = (
        "verification_needed",
        "the app wants a captcha, a code or an ID",
        "do it by hand",
        Scope.ACCOUNT,
        Then.NOTIFY,
    )
    ACCOUNT_BLOCKED = (
        "account_blocked",
        "the platform has blocked the account",
        "look at the account",
        Scope.ACCOUNT,
        Then.NOTIFY,
    )
    ACCOUNT_RESTRICTED = (
        "account_restricted",
        "the platform limits the account for now",
        "wait, look at the account",
        Scope.ACCOUNT,
        Then.NOTIFY,
    )
    PERSON_NEEDED = (
        "person_needed",
        "the app asks something that only you may answer",
        "look at the phone",
        Scope.ACCOUNT,
        Then.NOTIFY,
    )
    ALREADY_POSTED = (
        "already_posted",
        "another task has posted the same media on this account meanwhile; nothing was posted",
        "look at the account; if the post is wanted all the same, confirm the retry (`confirm=true`)",
    )
    NO_MATERIAL = (
        "no_material",
        "nothing unused is left, or the file is gone",
        "add files, or reset the used marks",
    )
    MEDIA_REJECTED = ("media_rejected", "the app refused the file", "see `message`, convert the file")
    CAPTION_LIMIT = (
        "caption_limit",
        "the app cut the caption, or the sixth hashtag lost its `#`",
        "shorten it; lower `max_caption_chars` so that it is refused at creation",
    )
    CAPTION_ALTERED = (
        "caption_altered",
        "the app shows another caption than was typed",
        "see `message`; hashtags and mentions may be the reason",
        Scope.APP,
    )
    OPTION_NOT_SET = (
        "option_not_set",
        "an option that was asked for could not be set; nothing was posted",
        "see `message`; leave the option out",
    )
    SOUND_NOT_FOUND = ("sound_not_found", "the app does not find the sound", "another name or link")
    LEFTOVER_DRAFT = (
        "leftover_draft",
        "the app holds a draft that is not ours",
        "finish or discard it by hand",
    )
    UPLOAD_PENDING = ("upload_pending", "an earlier upload still runs", "it retries", Then.RETRY)
    UPLOAD_FAILED = (
        "upload_failed",
        "the app says that the upload failed; nothing was posted",
        "look at the phone's network, then retry: after the publishing tap nothing is repeated by itself",
        Scope.PHONE,
    )
    PUBLISH_REFUSED = (
        "publish_refused",
        "the form still stood after the publishing tap; nothing was posted",
        "the evidence; then retry",
    )
    UPLOAD_TIMEOUT = (
        "upload_timeout",
        "after the publishing tap came neither proof nor a refusal: outcome `unknown`",
        "look at the account, then mark it as published or confirm the retry (`confirm=true`)",
        Scope.APP,
    )
    UNPROVEN = (
        "unproven",
        "nothing shows whether the post is up: the account had a story before, or the app was started anew; outcome `unknown`",
        "look at the account, then mark it as published or confirm the retry (`confirm=true`)",
    )
    UI_CHANGED = (
        "ui_changed",
        "an unknown screen; nothing was posted",
        "the evidence; `tikmatrixd inspect`; [screens.md](screens.md)",
        Scope.APP,
    )
    TIMEOUT = (
        "timeout",
        "the attempt took longer than `posting.attempt_timeout_s`",
        "it retries; look at its log",
        Scope.PHONE,
        Then.RETRY,
    )
    STOPPED = ("stopped", "stopped on request", "")
    INTERRUPTED = (
        "interrupted",
        (
            "the daemon was interrupted too often; with outcome `unknown`, it cannot be told after a crash, "
            "a loss or a restore whether it was posted"
        ),
        "`journalctl`, then retry; with `unknown` look at the account first",
    )
    STORAGE_FAILED = (
        "storage_failed",
        "the hub's disk refused a write before anything was published",
        "make room on the hub; it retries",
        Then.RETRY,
    )
    INTERNAL = ("internal", "a fault of the daemon", "report it with the evidence")


def code_of(word: str) -> ErrorCode:
    """The code that a stored word is; one of another version or of an own screens file counts as a fault of the daemon."""
    try:
        return ErrorCode(word)
    except ValueError:
        return ErrorCode.INTERNAL

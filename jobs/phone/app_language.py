"""Which language an app speaks on a phone, and setting it where Android can do that per app (13 and later)."""

from __future__ import annotations

import re
from typing import NamedTuple

from jobs.phone.protocol import PhoneSession, ShellResult

#: `cmd locale get-app-locales` (AOSP LocaleManagerShellCommand): "Locales for com.x for user 0 are [de-DE,en]".
_APP_LOCALES = re.compile(r"are \[([^\[\]\n]*)\]")
#: The first line of `am get-config`: "config: mcc262-mnc01-de-rDE-ldltr-sw411dp-…", or "b+sr+Latn+RS" (AAPT2's Locale).
_CONFIG = re.compile(r"^config: (\S+)", re.MULTILINE)
_CONFIG_LOCALE = re.compile(
    r"(?:^|-)(?:b\+(?P<tag>[a-z]{2,3}(?:\+\w{2,8})*)|(?P<language>[a-z]{2,3})(?:-r(?P<region>[A-Z]{2}))?)(?=-|$)"
)
_CONFIG_QUESTION = ("am", "get-config")
#: What stands before the locale in a configuration (mobile country and network).
_NETWORK = re.compile(r"^(?:mcc\d+-?)?(?:mnc\d+-?)?")
_TAG = re.compile(r"[A-Za-z]{2,3}(?:[-_#]{1,3}[A-Za-z0-9]{1,8}){0,8}")
#: Where an app's languages from before ours are kept: on the phone itself, so that they survive this box.
_BEFORE = "tikmatrixd_locales_before_"
#: What stands there for an app that had none of its own and followed the phone.
_FOLLOWED = "phone"


_NAMES = {
    "ar": "Arabic", "de": "German", "en": "English", "es": "Spanish", "fr": "French", "hi": "Hindi",
    "id": "Indonesian", "in": "Indonesian", "it": "Italian", "ja": "Japanese", "ko": "Korean", "ms": "Malay",
    "nl": "Dutch", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "th": "Thai",
    "tr": "Turkish", "uk": "Ukrainian", "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip


class Spoken(NamedTuple):
    """The language that an app speaks."""

    tag: str = ""  #: a BCP 47 tag as "de-DE"; "" where the phone does not tell
    by_app: bool = False  #: set for this app alone; else the phone's
    can_set: bool = False  #: the phone's Android can set it for this app alone
    phone: str = ""  #: the phone's own language, where it was told along with the app's

    @property
    def language(self) -> str:
        """The language alone, as "de"."""
        return language_of(self.tag)


def language_of(tag: str) -> str:
    """The language alone, as "de"."""
    return tag.partition("-")[0].lower()


def name_of(language: str) -> str:
    """A language for people; its tag where it has no name here."""
    return _NAMES.get(language, language)


def tags_of(text: str) -> list[str]:
    """The tags of a list like "de-DE,en_US"; what is no tag is left out."""
    words = (word.strip() for word in text.split(","))
    return [re.sub("[_#]+", "-", word) for word in words if _TAG.fullmatch(word)]


def config_tag(output: str) -> str:
    """The locale of a configuration as `am get-config` prints it, "" when there is none in it."""
    found = _CONFIG.search(output)
    if found is None:
        return ""
    match = _CONFIG_LOCALE.match(_NETWORK.sub("", found[1]))
    if match is None:
        return ""
    if match["tag"]:
        return match["tag"].replace("+", "-")
    return "-".join(part for part in (match["language"], match["region"]) if part)


def app_tags(phone: PhoneSession, package: str) -> list[str] | None:
    """The languages set for this app alone, preferred first; None where Android cannot do that."""
    return own_tags(phone.shell(*_own_question(package)))


def _own_question(package: str) -> tuple[str, ...]:
    return ("cmd", "locale", "get-app-locales", package)


def own_tags(answer: ShellResult) -> list[str] | None:
    """The languages that were set for an app alone, of `cmd locale`'s answer; None where the phone does not say."""
    found = _APP_LOCALES.search(answer.output)
    return None if answer.exit_code or found is None else tags_of(found[1])


def phone_tag(phone: PhoneSession) -> str:
    """The phone's own language, from whichever of its sources says one; "" when none does."""
    return config_tag(phone.shell(*_CONFIG_QUESTION).output) or _other_tag(phone)


def _other_tag(phone: PhoneSession) -> str:
    asked = (
        ("settings", "get", "system", "system_locales"),
        ("getprop", "persist.sys.locale"),
        ("getprop", "ro.product.locale"),
    )
    for words in asked:
        output = phone.shell(*words).output.strip()
        tags = tags_of(output) if output != "null" else []
        if tags:
            return tags[0]
    return ""


def read(phone: PhoneSession, package: str) -> Spoken:
    """The language that the app speaks: its own where it has one, else the phone's."""
    return _spoken(phone, *phone.shell_all(_own_question(package), _CONFIG_QUESTION))


def read_with_version(phone: PhoneSession, package: str) -> tuple[str, Spoken]:
    """The app's version and the language that it speaks, in one round trip. Raises AppMissing."""
    version, answers = phone.app_version_and(package, _own_question(package), _CONFIG_QUESTION)
    return version, _spoken(phone, *answers)


def _spoken(phone: PhoneSession, answer: ShellResult, config: ShellResult) -> Spoken:
    own, tag = own_tags(answer), config_tag(config.output)
    if own:
        return Spoken(own[0], by_app=True, can_set=True, phone=tag)
    tag = tag or _other_tag(phone)
    return Spoken(tag, can_set=own is not None, phone=tag)


def set_app(phone: PhoneSession, package: str, tag: str) -> bool:
    """Set the app's language, and remember the one before; True when the phone says that it has it now.

    The app must be stopped before it is used again: a running one keeps the texts it has.
    """
    before = app_tags(phone, package)
    if before is None:
        return False
    key = _BEFORE + package
    if not setting(phone, "global", key):  # the first one that was found is the operator's
        phone.shell("settings", "put", "global", key, ",".join(before) or _FOLLOWED)
        if not setting(phone, "global", key):
            return False  # what cannot be remembered could not be given back
    phone.shell("cmd", "locale", "set-app-locales", package, "--locales", tag)
    return app_tags(phone, package) == [tag]


def restore_app(phone: PhoneSession, package: str) -> str | None:
    """Give the app the languages back that it had before `set_app`.

    Returns:
        What it has now ("" when it follows the phone); None when nothing was changed here.
    """
    key = _BEFORE + package
    kept = setting(phone, "global", key)
    if not kept:
        return None
    tags = [] if kept == _FOLLOWED else tags_of(kept)
    words = ("--locales", ",".join(tags)) if tags else ()
    phone.shell("cmd", "locale", "set-app-locales", package, *words)
    if app_tags(phone, package) != tags:
        raise ValueError(f"the phone does not give {package} its language back ({kept})")
    phone.shell("settings", "delete", "global", key)
    return ",".join(tags)


def changed_apps(phone: PhoneSession) -> list[str]:
    """The apps on this phone whose language was set from here and not given back yet."""
    listed = phone.shell("settings", "list", "global").output
    return sorted(re.findall(rf"^{_BEFORE}([\w.]+)=", listed, re.MULTILINE))


def setting(phone: PhoneSession, table: str, key: str) -> str:
    """One of Android's settings, "" where it is not set. Raises PhoneError."""
    value = phone.shell("settings", "get", table, key).output.strip()
    return "" if value == "null" else value

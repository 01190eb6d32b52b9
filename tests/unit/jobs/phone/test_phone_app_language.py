"""The language of an app, read from what phones really print (AOSP's formats), and set and given back."""

from __future__ import annotations

import pytest

from jobs.phone import app_language
from jobs.phone.app_language import Spoken, config_tag, tags_of
from jobs.phone.protocol import ShellResult

APP = "com.zhiliaoapp.musically"


class Phone:
    """A phone's shell that knows languages: `own` of the app (None before Android 13), and its own sources."""

    def __init__(self, own: list[str] | None = None, **sources: str) -> None:
        self.own = own
        self.sources = {"config": "", "system_locales": "null", "persist": "", "product": "en-US"} | sources
        self.kept: dict[str, str] = {}
        self.takes = True

    def shell_all(self, *commands: tuple[str, ...]) -> list[ShellResult]:
        return [self.shell(*words) for words in commands]

    def shell(self, *argv: str, timeout_s: float = 10.0) -> ShellResult:
        match argv:
            case ("cmd", "locale", *_) if self.own is None:
                return ShellResult("cmd: Can't find service: locale\n", 20)
            case ("cmd", "locale", "get-app-locales", package):
                return ShellResult(f"Locales for {package} for user 0 are [{','.join(self.own or [])}]\n", 0)
            case ("cmd", "locale", "set-app-locales", _, *more):
                if self.takes:
                    self.own = more[1].split(",") if more else []
                return ShellResult("", 0)
            case ("am", "get-config"):
                return ShellResult(self.sources["config"], 0)
            case ("settings", "get", "system", "system_locales"):
                return ShellResult(self.sources["system_locales"] + "\n", 0)
            case ("getprop", "persist.sys.locale"):
                return ShellResult(self.sources["persist"] + "\n", 0)
            case ("getprop", "ro.product.locale"):
                return ShellResult(self.sources["product"] + "\n", 0)
            case ("settings", "get", "global", key):
                return ShellResult(self.kept.get(key, "null") + "\n", 0)
            case ("settings", "put", "global", key, value):
                self.kept[key] = value
                return ShellResult("", 0)
            case ("settings", "delete", "global", key):
                return ShellResult(f"Deleted {int(self.kept.pop(key, None) is not None)} rows\n", 0)
            case ("settings", "list", "global"):
                return ShellResult("adb_enabled=1\n" + "".join(f"{k}={v}\n" for k, v in self.kept.items()), 0)
        raise AssertionError(argv)


@pytest.mark.parametrize(
    ("line", "tag"),
    [
        ("config: en-rUS-ldltr-sw411dp-w411dp-h866dp", "en-US"),
        ("config: mcc262-mnc01-de-rDE-ldltr-sw411dp", "de-DE"),
        ("config: mcc510-mnc10-in-rID-ldltr-sw360dp-w360dp", "in-ID"),
        ("config: b+sr+Latn+RS-ldltr-sw411dp", "sr-Latn-RS"),
        ("config: mcc310-mnc260-b+es+419-ldltr-sw411dp", "es-419"),
        ("config: fil-rPH-ldltr-sw411dp", "fil-PH"),
        ("config: ja-ldltr-sw411dp\nabi: arm64-v8a", "ja"),
        ("config: ldltr-sw411dp-w411dp", ""),
        ("config: mcc310-mnc260-ldltr-sw411dp", ""),
        ("Error: unknown command", ""),
        ("", ""),
    ],
)
def test_the_phone_s_language_is_read_from_its_configuration(line: str, tag: str) -> None:
    assert config_tag(line) == tag


def test_a_list_of_tags_is_read_in_both_spellings_and_rubbish_is_left_out() -> None:
    assert tags_of("en-US,de_DE, zh_TW_#Hant,;rm -rf,") == ["en-US", "de-DE", "zh-TW-Hant"]
    assert tags_of("") == []


@pytest.mark.parametrize(
    ("phone", "spoken"),
    [
        (
            Phone(["de-DE", "en"], config="config: en-rUS-ldltr"),
            Spoken("de-DE", by_app=True, can_set=True, phone="en-US"),
        ),
        (Phone([], config="config: in-rID-ldltr"), Spoken("in-ID", can_set=True, phone="in-ID")),
        (Phone(None, config="config: fr-rFR-ldltr"), Spoken("fr-FR", phone="fr-FR")),
        (Phone(None, system_locales="es-ES,en-US"), Spoken("es-ES", phone="es-ES")),
        (Phone(None, persist="pt-BR"), Spoken("pt-BR", phone="pt-BR")),
        (Phone(None), Spoken("en-US", phone="en-US")),  # the maker's: better than nothing, and asked last
        (Phone(None, product=""), Spoken("")),
    ],
)
def test_the_app_s_own_language_comes_before_the_phone_s(phone: Phone, spoken: Spoken) -> None:
    assert app_language.read(phone, APP) == spoken  # type: ignore[arg-type]


@pytest.mark.parametrize("before", [[], ["de-DE"], ["de-DE", "fr"]])
def test_a_language_is_set_read_back_and_given_back(before: list[str]) -> None:
    phone = Phone(list(before))
    assert app_language.set_app(phone, APP, "en")  # type: ignore[arg-type]
    assert phone.own == ["en"]
    assert app_language.set_app(phone, APP, "en-GB")  # type: ignore[arg-type]
    assert app_language.changed_apps(phone) == [APP]  # type: ignore[arg-type]
    assert app_language.restore_app(phone, APP) == ",".join(before)  # type: ignore[arg-type]
    assert phone.own == before  # the operator's, not our first
    assert app_language.restore_app(phone, APP) is None  # type: ignore[arg-type]
    assert phone.kept == {}


def test_a_phone_that_does_not_take_or_cannot_keep_it_is_not_believed() -> None:
    phone = Phone([])
    phone.takes = False
    assert not app_language.set_app(phone, APP, "en")  # type: ignore[arg-type]
    assert not app_language.set_app(Phone(None), APP, "en")  # type: ignore[arg-type]
    phone.own = ["en"]
    with pytest.raises(ValueError, match="does not give"):
        app_language.restore_app(phone, APP)  # type: ignore[arg-type]
    assert app_language.changed_apps(phone) == [APP]  # type: ignore[arg-type]

"""The command `post`: uploads files, makes tasks of them for accounts or phones, and waits for their end if asked to."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from handlers.cli.asking import DaemonSilent, NoAnswer
from handlers.cli.command_line import EX, end, filled, json_text, status_of
from handlers.cli.completion import complete_accounts, complete_serials
from handlers.cli.hub_options import Hub, asks_hub
from handlers.cli.posting.following import Follower, exit_status
from handlers.cli.posting.uploading import Sent, take_back, upload
from handlers.cli.tables import clean
from handlers.cli.task_words import minute
from jobs.hub.platforms import PLATFORMS
from jobs.media.paths import IMAGE_SUFFIXES, VIDEO_SUFFIXES, kind_of

#: Keys of the config that the rest of the command line says.
_TOLD = {
    "captions": "the caption is said by --caption or --caption-file",
    **dict.fromkeys(
        ("content_type", "image_count", "material_ids", "material_list"), "the files of the command say it"
    ),
}
#: As of a program that Ctrl-C ended.
_INTERRUPTED = 130


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--account",
    "accounts",
    multiple=True,
    shell_complete=complete_accounts,
    help="Account that posts, with or without @; may be given several times.",
)
@click.option(
    "--serial",
    "serials",
    multiple=True,
    shell_complete=complete_serials,
    help="Phone that posts, with whichever account is current there; may be given several times.",
)
@click.option("--platform", type=click.Choice([*PLATFORMS, "all"]), help="App, where an account has several.")
@click.option("--caption", help="The caption; {a|b} becomes one of both.")
@click.option(
    "--caption-file",
    type=click.Path(path_type=Path, allow_dash=True),
    help="File that holds the caption, UTF-8; - is standard input.",
)
@click.option(
    "--at", "start", callback=filled, help="HH:MM or 'YYYY-MM-DD HH:MM' in the hub's zone; default: now."
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="A key of script_config, for example ai_label=true or placement=story.",
)
@click.option("--force", is_flag=True, help="Also if the account was given the same media before.")
@click.option("--dry-run", is_flag=True, help="Upload and check everything, create nothing.")
@click.option("--wait", "waits", is_flag=True, help="Show each step as it happens, and end as the posts did.")
@click.option(
    "--key",
    callback=filled,
    help="The key of an earlier call whose answer was lost: what that made is not made again.",
)
@asks_hub
def post(  # noqa: PLR0917 - one parameter per option
    hub: Hub,
    files: tuple[Path, ...],
    accounts: tuple[str, ...],
    serials: tuple[str, ...],
    platform: str | None,
    caption: str | None,
    caption_file: Path | None,
    start: str | None,
    settings: tuple[str, ...],
    force: bool,
    dry_run: bool,
    waits: bool,
    key: str | None,
) -> None:
    """Post one video, or one or more images, now or later.

    With --wait the exit status is 0 when all posts are published, 1 when one failed, 3 when one may be published and a
    person has to look.
    """
    if bool(accounts) == bool(serials):
        raise click.UsageError("name who posts: --account, or --serial for whichever account is current")
    if dry_run and waits:
        raise click.UsageError("--dry-run creates nothing that --wait could wait for")
    config: dict[str, Any] = {
        **_settings(settings),
        **_kind(files),
        "captions": _caption(caption, caption_file),
    }
    sent: list[Sent] = []
    body = {
        "script_name": "post",
        **({"usernames": accounts} if accounts else {"serials": serials}),
        "script_config": config,
        "start_time": "" if start in (None, "now") else start,
        **({"platform": platform} if platform else {}),
        "force": force,
        "dry_run": dry_run,
    }
    try:
        sent += (upload(hub, file) for file in files)
        config["material_ids"] = [one.id for one in sent]
        created = _create(hub, body, key or str(uuid.uuid4()))
    except DaemonSilent:
        take_back(hub, sent)
        raise
    if dry_run:
        take_back(hub, sent)
    if not waits or not hub.as_json:
        hub.show(created, lambda: _lines(created))
    if waits:
        _wait(hub, created)


def _create(hub: Hub, body: dict[str, Any], key: str) -> dict[str, Any]:
    try:
        return hub.ask_surely("POST", "/api/v1/task", body, headers={"Idempotency-Key": key}, timeout_s=60.0)
    except NoAnswer as error:
        text = f"{error}. The post may be there: the same command with --key {key} makes it once at most"
        end(text, EX.UNAVAILABLE)


def _wait(hub: Hub, created: dict[str, Any]) -> None:
    follower = Follower(hub, created["task_ids"])
    try:
        follower.follow()
    except KeyboardInterrupt:
        ids = " ".join(map(str, created["task_ids"]))
        click.echo(f"no longer waiting; the daemon goes on with {ids}: tikmatrixd log ID -f", err=True)
        sys.exit(_INTERRUPTED)
    ended = [follower.ended[task_id] for task_id in created["task_ids"]]
    if hub.as_json:
        click.echo(json_text({**created, "tasks": ended}))
    sys.exit(exit_status(ended))


def _lines(created: dict[str, Any]) -> list[str]:
    def of(task: dict[str, Any]) -> str:
        name = f"task {task['id']}" if task["id"] else "would be a task"
        whose = f"@{task['username']} on {task['serial']}" if task["username"] else task["serial"]
        return clean(f"{name}: {whose}, {minute(task['start_time'])}, {', '.join(task['materials'])}")

    return [of(task) for task in created["tasks"]]


def _settings(given: Sequence[str]) -> dict[str, str]:
    pairs = [word.partition("=") for word in given]
    for name, equals, _ in pairs:
        if not name or not equals:
            raise click.UsageError(f"--set takes KEY=VALUE, not {name!r}")
        if name in _TOLD:
            raise click.UsageError(f"--set {name}: {_TOLD[name]}")
        if [other for other, _, _ in pairs].count(name) > 1:
            raise click.UsageError(f"--set {name} is given twice")
    return {name: value for name, _, value in pairs}


def _kind(files: Sequence[Path]) -> dict[str, int]:
    """What the files make together: one video, or images."""
    kinds = [kind_of(file.name) for file in files]
    for file, kind in zip(files, kinds, strict=True):
        if not kind:
            endings = ", ".join(VIDEO_SUFFIXES + IMAGE_SUFFIXES)
            raise click.UsageError(f"{file} is no video or image: its name must end in one of {endings}")
    if kinds == ["video"]:
        return {"content_type": 0}
    if "video" in kinds:
        raise click.UsageError("a post is one video, or one or more images: call once for each video")
    return {"content_type": 1, "image_count": len(files)}


def _caption(text: str | None, file: Path | None) -> str:
    if text is not None and file is not None:
        raise click.UsageError("the caption is given twice: --caption and --caption-file")
    if file is None:
        return text or ""
    try:
        data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        return data.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        end(f"the caption cannot be read from {file}: it is not UTF-8", EX.DATAERR)
    except OSError as error:
        end(f"the caption cannot be read from {file}: {error.strerror}", status_of(error))


ALL: tuple[click.Command, ...] = (post,)

#!/usr/bin/env python3
"""tikmatrixd's command line."""

from __future__ import annotations

import gc
import logging
import os
import sys
import tempfile
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

# Wherever it is started from, our packages lie beside this file.
sys.path.insert(0, str(Path(__file__).resolve().parent))

import click

from handlers.cli import (
    care_commands,
    commands,
    compat,
    completion,
    daily,
    daily_changes,
    man_page,
    phone_commands,
    rehearse,
    token_commands,
)
from handlers.cli.command_line import (
    DEFAULT_CONFIG,
    EX,
    config_is_named,
    end,
    note_config,
    print_what_the_terminal_can,
    read_config,
    take_config_anywhere,
    was_printing,
)
from handlers.cli.hub_options import WholeNumber
from handlers.cli.posting import post
from handlers.cli.usb import usb_box
from jobs.hub import logs
from jobs.hub.clock import SystemClock
from jobs.hub.config_checks import check_values
from jobs.hub.config_file import LoadedConfig
from jobs.hub.signals import Signals

_LOG = logging.getLogger("tikmatrixd")
VERSION = "0.8.0"
#: mallopt(3) for glibc, by the numbers of malloc.h: M_ARENA_MAX, M_MMAP_THRESHOLD, M_TRIM_THRESHOLD. The second also keeps
#: the threshold from growing with what is freed.
_MALLOC = ((-8, 2), (-3, 64 * 1024), (-1, 128 * 1024))


def main() -> None:
    """Entry point."""
    print_what_the_terminal_can()
    try:
        # The installed command has another name; its shell completion hangs on it.
        cli(prog_name=os.environ.get("TIKMATRIXD_NAME", "tikmatrixd.py"))
    except OSError as error:
        if not was_printing(error):
            raise
        # What is still in the buffer would be tried, and told, once more at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        end(f"what is printed cannot be written: {error.strerror}", EX.IOERR)


@click.group(
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="`serve` starts the daemon; so does --config FILE without a command.",
)
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    help=f"Config file; default {DEFAULT_CONFIG}, if it exists.",
)
@click.version_option(VERSION, message="tikmatrixd %(version)s")
@click.pass_context
def cli(context: click.Context, config_path: Path | None) -> None:
    """Publish your own videos and images through the TikTok and Instagram apps of your own phones."""
    note_config(context, config_path)
    if context.invoked_subcommand is not None:
        return
    if config_path is None:
        # Whoever types the bare name wants to know what there is, and no daemon on the defaults.
        raise click.exceptions.NoArgsIsHelpError(context)
    context.invoke(serve)


@cli.command()
@click.option(
    "--demo",
    "demo_phones",
    type=WholeNumber(1, 100),
    help="Start this many simulated phones and use only them.",
)
@click.option("--listen", help="HOST:PORT instead of the config's; port 0 takes a free one.")
@click.option("--state-dir", type=click.Path(path_type=Path), help="State directory instead of the config's.")
@click.option(
    "--ready-file", type=click.Path(path_type=Path), help="Write a JSON file there once everything is up."
)
@click.option("--seed", type=int, help="Of the simulated phones, with --demo; default 1.")
@click.option(
    "--latency",
    type=float,
    help="With --demo: milliseconds that one nominal second of the apps takes; default 0, at once.",
)
@click.pass_obj
def serve(  # noqa: PLR0917 - one parameter per option
    config_path: Path | None,
    demo_phones: int | None = None,
    listen: str | None = None,
    state_dir: Path | None = None,
    ready_file: Path | None = None,
    seed: int | None = None,
    latency: float | None = None,
) -> None:
    """Run the daemon."""
    from handlers.daemon.daemon import Daemon
    from handlers.daemon.running import bring_up, check_ready_file, serve_until_stopped

    if not demo_phones and (seed is not None or latency is not None):
        raise click.UsageError("--seed and --latency are those of simulated phones: give --demo, too")
    if demo_phones and config_is_named(click.get_current_context()):
        raise click.UsageError("--demo brings a config of its own: leave out --config")
    check_ready_file(ready_file)

    sys.setswitchinterval(0.0005)  # keeps HTTP answers quick beside busy phone threads
    # Every look at a phone makes and drops hundreds of objects in circles: with Python's own thresholds the collector
    # takes a fifth of the processor time when 50 phones post.
    gc.set_threshold(20_000, 20, 50)
    _give_memory_back()
    signals = Signals()
    signals.install()
    with ExitStack() as stack:
        simulated: dict[str, Any] = {}
        if demo_phones:
            from simulator.child import SimulatorChild, SimulatorFailed

            folder = (
                Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tikmatrixd-")))
                if state_dir is None
                else state_dir
            )
            extra = ("--seed", str(1 if seed is None else seed), "--latency", f"{latency or 0:g}")
            try:
                child = SimulatorChild(demo_phones, folder.resolve(), extra=extra)
            except SimulatorFailed as error:
                end(str(error), EX.UNAVAILABLE)
            stack.callback(child.stop)
            config_path, state_dir, simulated = child.config_path, None, child.ready
            listen = listen or "127.0.0.1:50809"
        config = override(read_config(config_path), listen=listen, state_dir=state_dir)
        logs.set_up(config.settings.log.level, config.settings.log.format)
        where = config.path or "defaults, no config file"
        _LOG.info(
            "tikmatrixd %s starts; config: %s; state: %s", VERSION, where, config.settings.storage.state_dir
        )

        daemon = bring_up(lambda: Daemon(config, SystemClock(), VERSION), config)
        stack.callback(daemon.stop)
        serve_until_stopped(daemon, signals, ready_file, simulated)


def _give_memory_back() -> None:
    """Have the C library keep little that nothing uses.

    glibc gives each thread a heap of its own, and thirty of them keep 30 MB; the threads share two. It also takes larger and larger blocks from these
    heaps once such a one was freed, and what lies between them keeps their room: while 25 phones post, that was 17 MB. Blocks of 64 KiB and more, such as
    screens and pictures, always come from the system, and go back to it at once.
    """
    import ctypes

    with suppress(AttributeError):  # other C libraries have no mallopt
        library = ctypes.CDLL(None)
        for parameter, value in _MALLOC:
            library.mallopt(parameter, value)


def override(config: LoadedConfig, *, listen: str | None, state_dir: Path | None) -> LoadedConfig:
    """The config with what the command line says instead; ends the program when that is wrong."""
    said = {"server.listen": listen, "storage.state_dir": state_dir and str(state_dir.resolve())}
    config = config.overridden({key: value for key, value in said.items() if value})
    for key, problem in check_values(config.settings):
        end(f"{key}: {problem}", EX.CONFIG)
    return config


for command in (
    *daily.ALL,
    *daily_changes.ALL,
    *post.ALL,
    *rehearse.ALL,
    *compat.ALL,
    *completion.ALL,
    *man_page.ALL,
    *commands.ALL,
    *care_commands.ALL,
    *token_commands.ALL,
    *phone_commands.ALL,
    *usb_box.ALL,
):
    cli.add_command(command)
for command in cli.commands.values():
    take_config_anywhere(command)


if __name__ == "__main__":
    main()

"""The man page says what `--help` says, of every command, in a language that man understands."""

from __future__ import annotations

import shutil
import subprocess

import click
import pytest
from click.testing import CliRunner

from handlers.cli.man_page import man_page
from tikmatrixd import cli


def test_every_command_and_option_is_in_it() -> None:
    page = CliRunner().invoke(cli, ["man"]).stdout
    assert page == man_page(cli)
    plain = page.replace("\\-", "-")
    for name, command in cli.commands.items():
        assert f".SS {name}" in plain, name
        for param in command.params:
            if isinstance(param, click.Option) and not param.hidden:
                assert param.opts[-1] in plain, (name, param.opts)
    assert "may be published, and a person has to look" in plain


def test_nothing_in_a_text_is_obeyed_by_roff() -> None:
    @click.group()
    def program() -> None:
        """.so /etc/passwd is the first word\\, and a-b stays."""

    said = man_page(program)
    assert "\n\\&.so /etc/passwd is the first word\\e, and a\\-b stays.\n" in said


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed here")
def test_man_formats_it_without_a_warning() -> None:
    done = subprocess.run(
        ["groff", "-man", "-Tascii", "-P-cbou", "-ww"],
        input=man_page(cli),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "tikmatrixd post" in done.stdout

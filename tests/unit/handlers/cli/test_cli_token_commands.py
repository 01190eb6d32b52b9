"""`token new` shows the address with the token in its fragment as a QR code (R65)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import segno
from click.testing import CliRunner, Result

from handlers.access.tokens import read_tokens
from handlers.cli.token_commands import qr_lines, token

ROOT = Path(__file__).parents[4]
#: Half blocks as (upper, lower) modules; True is dark.
_BLOCKS = {" ": (True, True), "▀": (False, True), "▄": (True, False), "█": (False, False)}


def modules(lines: list[str], border: int) -> list[list[bool]]:
    """The drawn code without its border."""
    rows = [[_BLOCKS[block][half] for block in line] for line in lines for half in (0, 1)]
    size = len(rows[0])
    return [row[border : size - border] for row in rows[border : size - border]]


def run(tmp_path: Path, *words: str, listen: str = "127.0.0.1:50809") -> Result:
    path = tmp_path / "config.toml"
    path.write_text(f'[server]\nlisten = "{listen}"\n[storage]\nstate_dir = "{tmp_path}"\n')
    return CliRunner().invoke(token, ["new", *words], obj=path)


def code_in(said: str) -> list[str]:
    return [line for line in said.splitlines() if line and set(line) <= set(_BLOCKS)]


def expected(link: str) -> list[list[bool]]:
    matrix = segno.make(link, error="l", micro=False).matrix
    return [[bool(module) for module in row] for row in matrix]


def test_R65_the_code_holds_the_address_with_the_token_in_its_fragment(tmp_path: Path) -> None:
    done = run(tmp_path, "phone")
    made = done.stdout.split()[0]
    assert made.startswith("tkm_")
    link = f"http://127.0.0.1:50809/#token={made}"
    assert link in done.stdout.splitlines()
    assert modules(code_in(done.stdout), 2) == expected(link)
    assert "works on this box alone" in done.stderr
    assert done.stdout.splitlines()[-1].startswith("curl -s -H ")


def test_beside_the_code_stands_what_the_console_says_beside_its_own(tmp_path: Path) -> None:
    texts = json.loads((ROOT / "handlers/page/static/texts.json").read_bytes())["system"]
    said = run(tmp_path, "phone").stdout.splitlines()
    assert texts["token_once"]["en"] in said
    assert texts["scan"]["en"] in said


def test_R65_the_address_of_a_proxy_can_be_named(tmp_path: Path) -> None:
    done = run(tmp_path, "phone", "--url", "https://hub.example.org/", listen="0.0.0.0:50809")
    made = done.stdout.split()[0]
    assert modules(code_in(done.stdout), 2) == expected(f"https://hub.example.org/#token={made}")
    assert "this box alone" not in done.stderr
    assert run(tmp_path, "other", "--url", "hub.example.org").exit_code == 64
    assert [entry.name for entry in read_tokens(tmp_path / "tokens.json").tokens] == ["phone"]


def test_quiet_prints_the_token_alone(tmp_path: Path) -> None:
    done = run(tmp_path, "phone", "--quiet")
    assert len(done.output.split()) == 1


def test_a_terminal_without_such_characters_gets_the_link(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f'[storage]\nstate_dir = "{tmp_path}"\n')
    done = CliRunner(charset="ascii").invoke(token, ["new", "phone"], obj=path)
    assert done.exit_code == 0
    assert "/#token=tkm_" in done.output


@pytest.mark.parametrize("colours", [False, True])
def test_the_code_fits_a_terminal_of_80_by_24(colours: bool) -> None:
    lines = qr_lines("http://192.168.100.200:50809/#token=tkm_" + "x" * 43, colours=colours)
    plain = [line.removeprefix("\x1b[40;97m").removesuffix("\x1b[0m") for line in lines]
    assert len(lines) <= 22
    assert max(map(len, plain)) <= 80
    assert colours == (plain != lines)

"""The figures that benchmarks keep are compared with the run before."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

import pytest

from benchmarks import record
from benchmarks.record import Figures


def run(memory_mb: float, posts_per_s: float, **options: int) -> list[str]:
    figures = Figures("posts", Namespace(**options))
    figures.add("memory", memory_mb, "MB")
    figures.add("posts", posts_per_s, "per second", more_is_better=True)
    return figures.close()


def test_what_got_worse_by_more_than_a_tenth_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TIKMATRIXD_BENCHMARKS", str(tmp_path))
    assert run(100.0, 50.0) == []
    assert "the first run" in capsys.readouterr().out
    assert run(109.0, 46.0) == []
    assert "nothing is worse" in capsys.readouterr().out
    assert run(130.0, 30.0) == [
        "memory is worse by 19%: 130 MB after 109",
        "posts is worse by 35%: 30 per second after 46",
    ]
    assert run(80.0, 60.0) == []


def test_a_record_that_cannot_be_read_is_begun_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIKMATRIXD_BENCHMARKS", str(tmp_path))
    run(100.0, 50.0)
    (path,) = tmp_path.rglob("posts.json")
    path.write_text("{half")
    assert run(200.0, 50.0) == []
    assert len(run(300.0, 50.0)) == 1


def test_only_runs_with_the_same_options_are_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TIKMATRIXD_BENCHMARKS", str(tmp_path))
    run(100.0, 50.0, phones=8)
    assert run(300.0, 50.0, phones=50) == []
    assert "the first run with these options" in capsys.readouterr().out
    assert run(100.0, 20.0, phones=8) == ["posts is worse by 60%: 20 per second after 50"]
    assert "at a load of" in capsys.readouterr().out


def test_a_person_sees_the_last_run_of_every_script(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TIKMATRIXD_BENCHMARKS", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["record"])
    record.main()
    assert "no benchmark has run here so far" in capsys.readouterr().out
    run(100.0, 50.0)
    record.main()
    assert "no earlier run with the same options" in capsys.readouterr().out
    run(200.0, 50.0)
    capsys.readouterr()
    record.main()
    shown = capsys.readouterr().out
    assert "memory" in shown
    assert "memory is worse by 100%: 200 MB after 100" in shown

"""Mutation testing: mutmut changes one module at a time, and the unit tests that mirror it must notice each change.

`python -m tests.support.mutation [--survivors] [--fresh] [--sample DIGITS] MODULE ...`; `make mutation` runs it in a virtual environment of
its own. Without a module it does all of MODULES. Each module gets a copy of the tree below `.mutation/`, so that nothing
in the tree itself is changed and what was measured before is kept: a second run measures only what is new,
`--survivors` runs the survivors again, after tests were added, `--fresh` forgets what was measured.
"""

from __future__ import annotations

import argparse
import filecmp
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / ".mutation"

#: The tests that drive a whole simulated app, and those of what counts as proof.
TIKTOK = ("jobs/post/tiktok/test_tiktok_ways.py", "jobs/post/tiktok/test_tiktok_trouble.py")
PROOF = (
    "jobs/post/tiktok/test_tiktok_proof.py",
    "jobs/post/instagram/test_instagram_proof.py",
    "jobs/post/flow/test_flow_indicators.py",
)
#: Those of teaching as a whole, on a hub that keeps screens and has no app.
TEACHING = ("jobs/post/teaching/test_teaching_words.py", "jobs/post/teaching/test_teaching_lessons.py")

#: The modules that keep the four promises, and the tests that must notice when one of them is changed.
MODULES: dict[str, tuple[str, ...]] = {
    "jobs/task/states.py": ("jobs/task/test_task_states.py",),
    "jobs/task/ending.py": ("jobs/task/test_task_ending.py",),
    "jobs/queue/turn.py": ("jobs/run/test_run_post_turn.py", "jobs/run/test_run_reads.py"),
    "jobs/run/turn_register.py": ("jobs/run/test_run_turn_register.py", "jobs/run/test_run_reads.py"),
    "jobs/run/post_turn.py": ("jobs/run/test_run_post_turn.py", "jobs/run/test_run_runner.py"),
    "jobs/run/claims.py": ("jobs/run/test_run_runner.py",),
    "jobs/run/endings.py": ("jobs/run/test_run_runner.py",),
    "jobs/run/holds.py": ("jobs/run/test_run_holds.py",),
    "jobs/run/control.py": ("jobs/run/test_run_control.py", "jobs/intake/test_intake_repeat_guard.py"),
    "jobs/run/recovery.py": ("jobs/run/test_run_recovery_turns.py",),
    "jobs/run/runner.py": ("jobs/run/test_run_runner.py", "jobs/run/test_run_reads.py"),
    "storage/engine/journal.py": ("storage/engine/test_engine_journal.py",),
    "storage/engine/commit.py": ("storage/engine/test_engine_transaction.py",),
    "storage/engine/load.py": ("storage/engine/test_engine_load.py", "storage/engine/test_engine_migrate.py"),
    "storage/tables/posts.py": (
        "storage/tables/test_tables_posts.py",
        "jobs/intake/test_intake_repeat_guard.py",
    ),
    "storage/backup.py": ("storage/test_storage_backup.py", "storage/test_storage_backup_edges.py"),
    "handlers/access/hosts.py": ("handlers/access/test_access_hosts.py",),
    "handlers/request/body.py": ("handlers/request/test_request_body_reading.py",),
    "handlers/access/auth.py": (
        "handlers/access/test_access.py",
        "handlers/access/test_access_auth.py",
        "handlers/page/test_page_session.py",
    ),
    "handlers/server/connection/channel.py": ("handlers/server/connection/test_connection_channel.py",),
    "handlers/server/connection/incoming.py": ("handlers/server/connection/test_connection_incoming.py",),
    "jobs/intake/intake.py": (
        "jobs/intake/test_intake_door.py",
        "jobs/intake/test_intake_files.py",
        "jobs/accounts/test_accounts.py",
        "jobs/intake/test_intake_request.py",
        "jobs/intake/test_intake_request_keys.py",
        "jobs/intake/test_intake_repeat_guard.py",
    ),
    "jobs/intake/changer.py": ("jobs/intake/test_intake_changes.py",),
    "jobs/intake/repeat_guard.py": (
        "jobs/intake/test_intake_repeats.py",
        "jobs/intake/test_intake_repeat_guard.py",
    ),
    "jobs/intake/request_keys.py": ("jobs/intake/test_intake_request_keys.py",),
    "jobs/intake/request.py": ("jobs/intake/test_intake_reading.py", "jobs/intake/test_intake_request.py"),
    "jobs/intake/targets.py": ("jobs/intake/test_intake_targets.py", "jobs/accounts/test_accounts.py"),
    "jobs/compat/compat.py": ("jobs/compat/test_compat_table.py", "jobs/compat/test_compat_new_versions.py"),
    "jobs/compat/known.py": ("jobs/compat/test_compat_known.py", "jobs/compat/test_compat_new_versions.py"),
    "jobs/compat/new_versions.py": ("jobs/compat/test_compat_new_versions.py",),
    "jobs/compat/trial.py": ("jobs/compat/test_compat_known.py", "jobs/compat/test_compat_new_versions.py"),
    "jobs/compat/ways.py": ("jobs/compat/test_compat_known.py", "jobs/compat/test_compat_new_versions.py"),
    "jobs/post/flow/sound_page.py": (
        "jobs/post/tiktok/test_tiktok_sound_page.py",
        "jobs/post/instagram/test_instagram_audio.py",
    ),
    "jobs/post/flow/proof.py": PROOF,
    "jobs/post/flow/look_for_post.py": PROOF,
    "jobs/post/flow/draft_memory.py": ("jobs/post/flow/test_flow_draft_memory.py",),
    "jobs/post/flow/flow.py": (
        "jobs/post/flow/test_flow_guards.py",
        "jobs/post/tiktok/test_tiktok_trouble.py",
        "jobs/post/instagram/test_instagram_trouble.py",
    ),
    "jobs/post/tiktok/flow.py": (
        "jobs/post/tiktok/test_tiktok_flow.py",
        "jobs/post/flow/test_flow_guards.py",
    ),
    "jobs/post/tiktok/options.py": ("jobs/post/tiktok/test_tiktok_options.py",),
    "jobs/post/tiktok/picking.py": (
        "jobs/post/tiktok/test_tiktok_picking_drawn.py",
        "jobs/post/tiktok/test_tiktok_picking.py",
        *TIKTOK,
    ),
    "jobs/post/tiktok/sound_page.py": ("jobs/post/tiktok/test_tiktok_sound_page.py",),
    "jobs/post/tiktok/sound_sheet.py": ("jobs/post/tiktok/test_tiktok_sound_sheet.py",),
    "jobs/post/tiktok/proof.py": PROOF,
    "jobs/post/instagram/flow.py": ("jobs/post/instagram/test_instagram_flow.py",),
    "jobs/post/instagram/audio.py": ("jobs/post/instagram/test_instagram_audio.py",),
    "jobs/post/instagram/options.py": ("jobs/post/instagram/test_instagram_options.py",),
    "jobs/post/instagram/picking.py": ("jobs/post/instagram/test_instagram_picking_drawn.py",),
    "jobs/post/instagram/reading.py": ("jobs/post/instagram/test_instagram_reading.py",),
    "jobs/post/screens/checks/additions.py": ("jobs/post/screens/checks/test_checks_additions.py",),
    "jobs/post/screens/checks/guarded.py": ("jobs/post/screens/checks/test_checks_guarded.py",),
    "jobs/post/screens/checks/readings.py": ("jobs/post/screens/checks/test_checks_readings.py",),
    "jobs/post/rehearsal/driver.py": (
        "jobs/post/rehearsal/test_rehearsal_driver.py",
        "jobs/post/rehearsal/test_rehearsal_seen.py",
    ),
    "jobs/post/rehearsal/walk.py": ("jobs/post/rehearsal/test_rehearsal_way.py",),
    "jobs/post/teaching/lesson_book.py": TEACHING,
    "jobs/post/teaching/teaching.py": TEACHING,
    "jobs/post/teaching/trial.py": (
        "jobs/post/teaching/test_teaching_trial.py",
        "jobs/post/teaching/test_teaching_lessons.py",
    ),
    "jobs/post/teaching/unread.py": ("jobs/post/teaching/test_teaching_unread.py",),
    "jobs/post/teaching/proposals.py": ("jobs/post/teaching/test_teaching_proposals.py",),
    "jobs/post/instagram/proof.py": ("jobs/post/instagram/test_instagram_profile_proof.py", *PROOF),
}

#: Only the plugins that pyproject.toml asks for: the others cost each mutant more time than its tests do.
PLUGINS = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_PLUGINS": "xdist.plugin,pytest_timeout"}

#: What mutmut's exit codes mean (mutmut/stats.py): pytest's own, and its signals for a mutant that ran too long.
KILLED = {1, 3, -24, 24, 36, 37, 152, 255}
SURVIVED = {0}
NO_TESTS = {5, 33}
ALIVE = {"alive", "no test"}


def tree_files() -> list[str]:
    """What belongs to the tree: everything that git knows or would add."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return sorted(name for name in listed.split("\0") if name and (ROOT / name).is_file())


def settings(module: str, tests: Iterable[str]) -> str:
    """The table that mutmut reads from pyproject.toml."""
    table = {
        "source_paths": ["handlers", "jobs", "storage"],
        "only_mutate": [module],
        "also_copy": ["simulator", "tikmatrixd.py", "config.example.toml", "docs", "systemd"],
        "pytest_add_cli_args": ["-n", "0", "-p", "no:cacheprovider", "-p", "no:schemathesis"],
        "pytest_add_cli_args_test_selection": list(tests),
        # A mutant may wait for an end that never comes. CPU seconds and wall time: (usual + constant) * multiplier.
        "timeout_multiplier": 4.0,
        "timeout_constant": 5.0,
        "use_git_change_detection": False,
    }
    return "\n[tool.mutmut]\n" + "".join(
        f"{key} = {json.dumps(value) if not isinstance(value, float) else value}\n"
        for key, value in table.items()
    )


def prepare(module: str) -> Path:
    """The copy of the tree for one module, brought up to date; unchanged files keep their times, for mutmut."""
    folder = WORK / module.removesuffix(".py").replace("/", "-")
    for name in tree_files():
        source, target = ROOT / name, folder / name
        if name == "pyproject.toml" or (target.exists() and filecmp.cmp(source, target, shallow=False)):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        if source.suffix != ".py" and (second := folder / "mutants" / name).exists():
            shutil.copyfile(source, second)  # mutmut copies it once, and brings only modules up to date
    tests = [f"tests/unit/{test}" for test in MODULES[module]]
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    (folder / "pyproject.toml").write_text(text + settings(module, tests), "utf-8")
    return folder


def exit_codes(folder: Path, module: str) -> dict[str, int | None]:
    """Each mutant's exit code as mutmut keeps it; None where it was not measured."""
    kept = folder / "mutants" / f"{module}.meta"
    if not kept.exists():
        return {}
    codes: dict[str, int | None] = json.loads(kept.read_text("utf-8"))["exit_code_by_key"]
    return codes


def verdict(code: int | None) -> str:
    """One word for an exit code; an interrupted or unexplained one says nothing about the tests."""
    if code in KILLED:
        return "killed"
    if code in SURVIVED:
        return "alive"
    return "no test" if code in NO_TESTS else "not measured"


def measure(module: str, *, survivors: bool, children: int, sample: str = "") -> dict[str, int | None]:
    """Run mutmut for one module and return each mutant's exit code."""
    folder = prepare(module)
    again = [f"*__mutmut_*{digit}" for digit in sample]
    if survivors:
        again = [name for name, code in exit_codes(folder, module).items() if verdict(code) in ALIVE]
        if not again:
            return exit_codes(folder, module)
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", str(children), *again]
    subprocess.run(command, cwd=folder, check=True, stdout=sys.stderr, env=os.environ | PLUGINS)
    return exit_codes(folder, module)


def report(module: str, codes: dict[str, int | None]) -> None:
    """Print each survivor with what it changes, and the module's line of figures."""
    folder = WORK / module.removesuffix(".py").replace("/", "-")
    for name, code in codes.items():
        if verdict(code) in ALIVE:
            shown = subprocess.run(
                [sys.executable, "-m", "mutmut", "show", name],
                cwd=folder,
                check=False,
                capture_output=True,
                text=True,
            )
            changed = [
                line
                for line in shown.stdout.splitlines()
                if line[:1] in "+-" and line[:3] not in {"+++", "---"}
            ]
            print(f"{verdict(code)}: {name}", *changed, sep="\n    ")
    count = Counter(map(verdict, codes.values()))
    alive = sum(count[word] for word in ALIVE)
    share = 100 * alive / max(1, len(codes) - count["not measured"])
    print(
        f"| `{module}` | {len(codes)} | {count['killed']} | {alive} | {share:.1f} % | {count['not measured']} |",
        flush=True,
    )


def main() -> int:
    """Returns 1 when more than `--most` per cent of a module's mutants live."""
    parser = argparse.ArgumentParser(
        prog="tests.support.mutation", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument(
        "modules", nargs="*", metavar="MODULE", help=f"of {', '.join(MODULES)}; all by default"
    )
    parser.add_argument("--survivors", action="store_true", help="run what survived before once more")
    parser.add_argument("--fresh", action="store_true", help="forget what was measured before")
    parser.add_argument(
        "--sample", default="", metavar="DIGITS", help="only changes whose number ends so; 37: a fifth of all"
    )
    parser.add_argument("--children", type=int, default=1, help="processes at a time")
    parser.add_argument("--most", type=float, default=15.0, help="how many per cent may live")
    given = parser.parse_args()
    if unknown := set(given.modules) - set(MODULES):
        parser.error(f"no tests are named for {', '.join(sorted(unknown))}: add them to MODULES")
    too_many = []
    for module in given.modules or MODULES:
        if given.fresh:
            shutil.rmtree(WORK / module.removesuffix(".py").replace("/", "-"), ignore_errors=True)
        codes = measure(module, survivors=given.survivors, children=given.children, sample=given.sample)
        report(module, codes)
        living = sum(verdict(code) in ALIVE for code in codes.values())
        measured = sum(verdict(code) != "not measured" for code in codes.values())
        if living > measured * given.most / 100:
            too_many.append(module)
    if too_many:
        print(f"more than {given.most:g} % live in: {', '.join(too_many)}")
    return 1 if too_many else 0


if __name__ == "__main__":
    sys.exit(main())

"""Runs the examples of docs/api.md against the real server and writes the answers into it; also docs/openapi.json.

python -m tests.support.api_docs
"""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from pathlib import Path

import msgspec

from handlers.api.openapi.document import make_document
from jobs.hub.settings import AccountEntry
from tests.support.http_side import PNG, HttpSide, ShownPhones
from tikmatrixd import VERSION

DOCS = Path(__file__).parents[2] / "docs"
BOX = "http://hub.local:50809"
_EXAMPLE = re.compile(r"```bash\n(?P<command>curl .*?)```\n\n```json\n(?P<answer>.*?)```", re.DOTALL)


def refreshed(text: str, folder: Path) -> str:
    """The document with the answers that its commands really get, in order, on a hub as the document describes it."""
    phones = ShownPhones("R58M12ABCDE", "R58M34FGHIJ")
    facts = {"model": "Pixel 7", "android": "14", "battery_celsius": 29.5, "last_seen": 1_800_000_000.0}
    phones.set("R58M12ABCDE", battery_percent=81, **facts)
    phones.since(1_799_996_400.0)
    phones.pictures["R58M12ABCDE"] = PNG
    accounts = (
        AccountEntry(username="@alice", serial="R58M12ABCDE", tags=("workshop",)),
        AccountEntry(username="@bob", serial="R58M12ABCDE"),
    )
    with HttpSide(folder, phones=phones, accounts=accounts, seed=1) as side:
        (side.media / "bench.mp4").write_bytes((side.media / "clip.mp4").read_bytes())
        address = f"http://127.0.0.1:{side.serve().port}"

        def run(match: re.Match[str]) -> str:
            command = match["command"]
            done = subprocess.run(
                ["bash", "-c", 'curl() { command curl -sS "$@"; }\n' + command.replace(BOX, address)],
                cwd=side.media, capture_output=True, check=False, timeout=30,
            )  # fmt: skip
            if done.returncode or not done.stdout:
                raise RuntimeError(f"{command}\n{done.stderr.decode()}")
            answer = json.dumps(json.loads(done.stdout), indent=2, ensure_ascii=False)
            after(side, command)
            return f"```bash\n{command}```\n\n```json\n{shorter(answer)}\n```"

        return _EXAMPLE.sub(run, text)


def after(side: HttpSide, command: str) -> None:
    """What happens on the hub after a step of the document's story."""
    if "{Fresh|New} from the workshop" in command:
        from storage.records import Outcome, Stage, TaskError

        now = side.clock.now()
        error = TaskError("ui_changed", "an unknown screen stayed for 8 s", "caption")
        side.store.tasks.change(
            1,
            stage=Stage.FAILED,
            finished_at=now,
            started_at=now,
            remark=error.message,
            error=error,
            app_version="43.1.4",
            app_language="en",
        )
        side.store.tasks.change(
            2,
            stage=Stage.PUBLISHED,
            outcome=Outcome.PUBLISHED,
            finished_at=now,
            started_at=now,
            app_version="43.1.4",
            app_language="en",
        )
        writer = side.evidence.writer(1, 1)
        writer.line("open app", seconds=1.2)
        writer.line("caption", error="an unknown screen stayed for 8 s")
        writer.keep("screenshot.png", PNG)
        writer.close()
    elif "/task/batch" in command:
        (task,) = side.store.tasks.many([2])
        # The size of its line must not follow from where this hub's folder happens to be.
        files = [
            msgspec.structs.replace(file, path=f"/srv/media/{file.name}", root="") for file in task.materials
        ]
        side.store.archive.append([msgspec.structs.replace(task, materials=tuple(files))])
        side.store.tasks.remove([2])


def shorter(answer: str) -> str:
    """Short lists and objects on one line."""

    def join(match: re.Match[str]) -> str:
        flat = re.sub(r"\s*\n\s*", " ", match[0])
        flat = f"[{flat[2:-2]}]" if flat.startswith("[ ") else flat
        return flat if len(flat) <= 100 else match[0]

    return re.sub(r"[\[{][^\[\]{}]*[\]}]", join, answer)


def document() -> bytes:
    """The OpenAPI document as it is shipped."""
    with tempfile.TemporaryDirectory() as folder, HttpSide(Path(folder)) as side:
        return make_document(side.app.table, VERSION)


def main() -> None:
    path = DOCS / "api.md"
    with tempfile.TemporaryDirectory() as folder:
        path.write_text(refreshed(path.read_text("utf-8"), Path(folder)), "utf-8")
    (DOCS / "openapi.json").write_bytes(document())
    print("docs/api.md and docs/openapi.json are as the code answers now")


if __name__ == "__main__":
    main()

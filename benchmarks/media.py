"""Measures what media files cost: looks, used files, and creating tasks from a folder or library of thousands.

    python -m benchmarks.media [--files 10000] [--tasks 100] [--looks 200] [--folder DIR]

Each figure is of a first request, of the next one, and of the first after a restart. Where `ffprobe` is installed,
looks are measured against one `ffprobe` run per file.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.record import Figures
from benchmarks.timing import unit
from jobs.hub.clock import SystemClock
from jobs.hub.settings import Media, Posting, Settings
from jobs.intake.intake import Intake
from jobs.library.library import Library
from jobs.media.looker import Looker
from storage.store import Store

MEDIA = Path(__file__).parents[1] / "tests" / "media"
#: More than the probe holds in memory.
_USED = 4_109
_FFPROBE = ("ffprobe", "-v", "error", "-show_streams", "-show_format")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--tasks", type=int, default=100)
    parser.add_argument("--looks", type=int, default=200)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    figures = Figures("media", options)
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="media-") as name:
        folder = Path(name)
        looks(folder / "looks", options.looks, figures)
        creating(folder / "folder", options.files, options.tasks, figures, library=False)
        creating(folder / "library", options.files, options.tasks, figures, library=True)
        used(folder / "used", min(_USED, options.files), figures)
    figures.close()


def looks(folder: Path, count: int, figures: Figures) -> None:
    """A look into each of `count` files that nobody has seen, without their checksum."""
    for name in ("clip.mp4", "photo.jpg", "photo.png", "photo.webp"):
        paths = fill(folder, count, name)
        looker = Looker()
        with contextlib.closing(looker):
            kind = "video" if name.endswith(".mp4") else "image"

            def look(path: Path, looker: Looker = looker, kind: str = kind) -> None:
                with path.open("rb") as file:
                    looker.look(file.fileno(), kind, max_pixels=250_000_000, timeout_s=20)

            print(f"first look, with the start of its process, {name}: {unit(timed(lambda: look(paths[0])))}")  # noqa: B023
            taken = [timed(lambda path=path: look(path)) for path in paths[1:]]  # type: ignore[misc]
        figures.add(f"look into {name}", statistics.median(taken) * 1000, "ms")
        line = f"look into {name} ({paths[0].stat().st_size} bytes): {unit(statistics.median(taken))}"
        if shutil.which("ffprobe"):
            others = [
                timed(lambda path=path: subprocess.run([*_FFPROBE, path], capture_output=True, check=False))  # type: ignore[misc]
                for path in paths[:20]
            ]
            line += f"; one ffprobe run: {unit(statistics.median(others))}"
        print(line)


def creating(folder: Path, files: int, tasks: int, figures: Figures, *, library: bool) -> None:
    """One request for `tasks` tasks where there are `files` files to choose from, all of them free."""
    fill(folder / "media", files, "clip.mp4")
    with hub(folder) as (intake, shelf):
        if library:
            begun = time.perf_counter()
            for path in sorted((folder / "media").iterdir()):
                shelf.upload([path.read_bytes()], path.name)
            print(f"upload to the library: {unit((time.perf_counter() - begun) / files)} each")
    where = "library" if library else "folder"
    config = {} if library else {"material_source": "localFolder", "material_path": "."}
    body = {"serials": [f"S{n}" for n in range(tasks)], "script_name": "post", "script_config": config}
    for when in ("first request", "first after a restart"):
        with hub(folder) as (intake, _):
            for again in ("", ", the next one"):
                taken = timed(lambda: intake.create(body))
                print(f"{tasks} tasks from a {where} of {files} files, {when}{again}: {unit(taken)}")
                figures.add(f"{tasks} tasks from a {where}, {when}{again}", taken, "s")


def used(folder: Path, count: int, figures: Figures) -> None:
    """A request for one more file where `count` files are used and one is not."""
    paths = fill(folder / "media", count, "photo.jpg")
    config = {"material_source": "localFolder", "material_path": ".", "content_type": 1, "image_count": 35}
    with hub(folder) as (intake, _):
        for _ in range(count // 35):
            intake.create({"serials": ["S1"], "script_name": "post", "script_config": config})
    for path in paths[count // 35 * 35 :]:
        path.unlink()
    for when in ("first after a restart", "the next one"):
        (folder / "media" / f"sort_0_{when[:5]}.jpg").write_bytes(
            (MEDIA / "photo.jpg").read_bytes() + when.encode()
        )
        with hub(folder) as (intake, _):
            one = {"serials": ["S1"], "script_name": "post", "script_config": {**config, "image_count": 1}}
            full = {**one, "script_config": config}
            begun = time.perf_counter()
            intake.create(one)
            taken = time.perf_counter() - begun
            print(f"one of {count} images that are used but one, {when}: {unit(taken)}")
            figures.add(f"one of {count} images that are used but one, {when}", taken * 1000, "ms")
            with contextlib.suppress(Exception):
                begun = time.perf_counter()
                intake.create(full)
            print(
                f"refusal because all of {count} images are used, {when}: {unit(time.perf_counter() - begun)}"
            )


@contextlib.contextmanager
def hub(folder: Path):  # type: ignore[no-untyped-def]  # noqa: ANN201
    """An intake and a library, as the daemon has them; a restart each time."""
    settings = Settings(
        media=Media(roots=(str(folder / "media"),)),
        posting=Posting(duplicate_window_minutes=0, duplicate_warning_hours=0),
    )
    clock = SystemClock()
    with Store.open(folder / "state") as store:
        intake = Intake(
            settings,
            clock,
            store,
            lambda: [f"S{n}" for n in range(1000)],
            lambda: None,
            choice=random.Random(1),
        )
        yield intake, Library(settings, store, clock, intake.probe)
        intake.probe.close()


def fill(folder: Path, count: int, name: str) -> list[Path]:
    """Files of one kind, each with content of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    data = (MEDIA / name).read_bytes()
    paths = []
    for number in range(count):
        path = folder / f"{number:05}{Path(name).suffix}"
        path.write_bytes(data + number.to_bytes(4))
        paths.append(path)
    return paths


def timed(action: Callable[[], object]) -> float:
    begun = time.perf_counter()
    action()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()

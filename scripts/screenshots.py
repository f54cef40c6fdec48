"""Writes screenshots/*.svg from the demo: `make screenshots`. To add one, add a line to SHOTS.

The demo is built and looked at as it truly is; then its Snapshot is made a still (`opsconsole/demo/still.py`), so that
a second run on the same code changes no file. Where rsvg-convert is there, PNGs are written beside the SVGs.
"""

from __future__ import annotations

import asyncio
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec
from rich.console import Console
from rich.segment import Segment
from rich.terminal_theme import TerminalTheme
from textual.pilot import Pilot

from opsconsole.act.planning import make_plan
from opsconsole.config.load import load
from opsconsole.config.types import LoadedConfig
from opsconsole.demo.sandbox import Sandbox
from opsconsole.demo.still import NOW, Scene, Still, still
from opsconsole.demo.still_past import record_past
from opsconsole.engine import Engine
from opsconsole.engine.history import KEEP, History
from opsconsole.model.alert import Held, Notes, TargetSample
from opsconsole.model.plan import VERBS, Plan, Refused
from opsconsole.model.snapshot import Snapshot
from opsconsole.ui.acting import Wish
from opsconsole.ui.app import ConsoleApp
from opsconsole.ui.theme import THEMES, TOKENS

FOLDER = Path(__file__).resolve().parent.parent / "screenshots"
WITHIN_S = 30.0
FONTS = "'DejaVu Sans Mono', Menlo, Consolas, 'Liberation Mono', monospace"


class Shot(msgspec.Struct, frozen=True):
    name: str
    """Of the file."""
    columns: int
    rows: int
    sees: str
    """A text that is on the screen when it is ready."""
    keys: tuple[str, ...] = ()
    """Pressed one after the other, in the toolkit's names."""
    watch: bool = False
    healthy: bool = False
    past: Literal["", "done", "under way"] = ""
    """With hours before it, in which the plan was carried out, or is being: keys are pressed as the screens come."""
    theme: str = "dark"


SHOTS = (
    Shot("console", 200, 50, "Load"),
    Shot("console-120x40", 120, 40, "Load"),
    Shot("console-80x24", 80, 24, "Architect"),
    Shot("watch", 120, 36, "READ-ONLY", watch=True),
    Shot("healthy", 120, 36, "3 up", healthy=True),
    Shot("workers-tree", 120, 30, "auto_confirm_keep", keys=("2", "z", "t")),
    Shot("details", 120, 40, "sessions taken", keys=("2", "j", "j", "enter")),
    Shot("log", 120, 30, "No available ports", keys=("2", "j", "l")),
    Shot("actions", 120, 36, "end a process", keys=("2", "j", "j", "x")),
    Shot("findings", 120, 36, "end duplicates", keys=("8",)),
    Shot("report", 120, 40, "Executive Summary", keys=("E",)),
    Shot("plan", 120, 40, "Cancel", keys=("2", "j", "j", "D")),
    Shot("running", 120, 40, "running  ", keys=("J", "enter"), past="under way"),
    Shot("history", 140, 44, "Swap", keys=("5", "h", "full_stop"), past="done"),
    Shot("timeline", 120, 24, "confirmed", keys=("i",), past="done"),
    Shot("help", 140, 74, "Views", keys=("?",)),
    Shot("workers-80x24", 80, 24, "assigner", keys=("2",)),
    Shot("findings-80x24", 80, 24, "critical", keys=("8",)),
    Shot("plan-80x24", 80, 24, "Cancel", keys=("2", "j", "j", "D")),
    Shot("light", 120, 36, "Load", theme="light"),
    Shot("night", 120, 36, "Load", theme="night"),
    Shot("colour-blind", 120, 36, "Load", theme="colour-blind"),
    Shot("monochrome", 120, 36, "Load", theme="monochrome"),
)


class StillFeed:
    """Shows one Snapshot, for ever."""

    def __init__(self, snapshot: Snapshot, loaded: LoadedConfig) -> None:
        self._snapshot = snapshot
        self.loaded = loaded
        self.latest: Snapshot | None = snapshot
        self.history = History()
        for _ in range(KEEP):
            self.history.record(snapshot)

    def start(self, on_snapshot: Callable[[Snapshot], None]) -> None:
        on_snapshot(self._snapshot)

    def stop(self) -> None: ...

    def refresh_now(self) -> None: ...

    def probe_now(self, keys: Iterable[str] = ()) -> None: ...

    def notes(self) -> Notes:
        return Notes()

    def take_notes(self, notes: Notes) -> None: ...

    def take_held(self, held: Mapping[str, Held]) -> None: ...

    def take_samples(self, oldest: Mapping[str, TargetSample]) -> None: ...


class StillOffer:
    """A plan that is asked about, for ever."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    def changed(self) -> str:
        return ""

    def submit(self) -> str:
        return "this is a picture"

    def withdraw(self) -> None: ...


class StillDoor:
    """A console that may act, and has one plan to offer: what was made in the sandbox."""

    verbs = frozenset[str](VERBS)

    def __init__(self, plan: Plan | None) -> None:
        self._plan = plan

    def refused(self, loaded: LoadedConfig) -> str:
        return ""

    def plan(self, wish: Wish) -> StillOffer | Refused:
        return StillOffer(self._plan) if self._plan is not None else Refused(wish.verb, "this is a picture")


class StillLog:
    """A log that does not grow."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = list(lines)

    def poll(self) -> tuple[list[str], str]:
        lines, self._lines = self._lines, []
        return lines, ""


def main(names: Sequence[str]) -> int:
    """All shots, or those named."""
    os.environ["TZ"] = "UTC"
    time.tzset()
    os.environ["LC_ALL"] = "C.UTF-8"
    wanted = [shot for shot in SHOTS if not names or shot.name in names]
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="ocp-") as folder:
        for healthy in sorted({shot.healthy for shot in wanted}):
            taken, loaded = take_still(healthy)
            for shot in wanted:
                if shot.healthy is healthy:
                    write(shot, asyncio.run(picture(shot, taken, loaded, Path(folder, shot.name))))
    return 0


def take_still(healthy: bool) -> tuple[Still, LoadedConfig]:
    with Sandbox.build(healthy=healthy) as sandbox:
        loaded = load(sandbox.config_path)
        snapshot = look(sandbox, loaded)
        made = make_plan("kill-duplicates", ("worker:auto_confirm",), snapshot, loaded) if not healthy else None
        plan = made if isinstance(made, Plan) else None
        logs = {str(path): tuple(path.read_text().splitlines()) for path in sandbox.layout.tmp.glob("*.log")}
        scene = Scene(
            directory=str(sandbox.directory),
            socket_directory=str(sandbox.tmux_socket.parent),
            port_base=sandbox.expected.pool.first - 1,
            pids=frozenset(process.pid for process in sandbox.pids() - {sandbox.holder}),
            working=frozenset(one.name for one in sandbox.expected.sessions if one.state == "working"),
            system=sandbox.expected.system,
            logs=logs,
        )
    return still(snapshot, scene, loaded.config, plan), loaded


def look(sandbox: Sandbox, loaded: LoadedConfig) -> Snapshot:
    """A Snapshot in which everything has been read, some seconds after all was up."""
    engine = Engine(loaded, refresh_s=1.0)
    engine.start(lambda _snapshot: None)
    until = time.monotonic() + WITHIN_S
    try:
        while True:
            time.sleep(0.5)
            snapshot = engine.latest
            if snapshot is not None and time.time() > sandbox.expected.built_at + 9 and complete(snapshot, sandbox):
                return snapshot
            if time.monotonic() > until:
                raise SystemExit("the demo could not be read as a whole; is this machine very busy?")
    finally:
        engine.stop()


def complete(snapshot: Snapshot, sandbox: Sandbox) -> bool:
    """Whether every source has told what the sandbox knows it built."""
    readings = [getattr(snapshot, name) for name in ("services", "workers", "sessions", "sites", "queue")]
    if not all(reading.ok for reading in [*readings, snapshot.environments, snapshot.system]):
        return False
    return all(
        {one.name: one.state for one in getattr(snapshot, name).value}
        == {one.name: one.state for one in getattr(sandbox.expected, name)}
        for name in ("services", "workers", "sessions", "sites")
    )


async def picture(shot: Shot, taken: Still, loaded: LoadedConfig, folder: Path) -> str:
    """The SVG of this shot; the console's state is in the folder."""
    console = msgspec.structs.replace(loaded.config.console, theme=shot.theme)
    loaded = msgspec.structs.replace(loaded, config=msgspec.structs.replace(loaded.config, console=console))
    folder.mkdir(mode=0o700)
    (folder / "screen.json").write_text('{"tour_seen": true}')
    now = record_past(taken, folder, under_way=shot.past == "under way") if shot.past else NOW
    app = ConsoleApp(
        StillFeed(taken.snapshot, loaded),
        read_only=shot.watch,
        loaded=loaded,
        ascii_only=False,
        acting=StillDoor(taken.plan),
        wall=lambda: now,
        open_log=lambda path: StillLog(taken.logs.get(path, ())),
        state_dir=folder,
    )
    async with app.run_test(size=(shot.columns, shot.rows)) as pilot:
        await pilot.pause(0.5)
        for key in shot.keys:
            await pilot.press(key)
            await pilot.pause(1.0 if shot.past else 0.1)
        await settled(pilot, app, shot)
        return svg(recorded(app), shot.theme)


async def settled(pilot: Pilot[None], app: ConsoleApp, shot: Shot) -> None:
    """Wait until the text is there and nothing moves any more."""
    until = time.monotonic() + WITHIN_S
    before = ""
    while True:
        await pilot.pause(0.3)
        text = recorded(app).export_text()
        if shot.sees in text and text == before:
            return
        before = text
        if time.monotonic() > until:
            raise SystemExit(f"{shot.name}: {shot.sees!r} did not come on the screen:\n{text}")


def recorded(app: ConsoleApp) -> Console:
    """What is on the app's screen, as the toolkit's own screenshots take it."""
    width, height = app.size
    console = Console(
        width=width, height=height, file=io.StringIO(), force_terminal=True, color_system="truecolor", record=True
    )
    console.print(app.screen._compositor.render_update(full=True, screen_stack=app._background_screens))
    return console


def svg(console: Console, theme_name: str) -> str:
    """With the fonts of whoever looks at it, instead of one from the net."""
    look = THEMES[theme_name]
    # One without colours of its own has those of a terminal.
    tokens = look.tokens if look.coloured else TOKENS
    theme = TerminalTheme(_rgb(tokens["ground"]), _rgb(tokens["text"]), [(0, 0, 0)] * 8)
    # Drawn from its own place each, words stay in their columns whatever the viewer makes of leading spaces.
    console._record_buffer[:] = [piece for segment in console._record_buffer for piece in words(segment)]
    text = console.export_svg(title="opsconsole", theme=theme, unique_id="screen")
    text = re.sub(r"\s*@font-face \{.*?\n    \}", "", text, flags=re.DOTALL)
    text = text.replace("font-family: Fira Code, monospace;", f"font-family: {FONTS};")
    # A cell is 12.2 wide: at this size so is a letter of DejaVu or Menlo, also for a viewer without textLength.
    text = text.replace("font-size: 20px;", "font-size: 20.27px;")
    return text.replace("font-family: arial;", "font-family: sans-serif;")


def words(segment: Segment) -> list[Segment]:
    """The segment, cut where two or more spaces stand, and at its ends; a curve, of letters of any width, often."""
    text, style, control = segment
    pieces = [text] if control else re.split(r"(^ +| +$| {2,}|[\u2800-\u28ff]{1,2})", text)
    return [Segment(piece, style, control) for piece in pieces if piece]


def _rgb(colour: str) -> Any:
    return tuple(bytes.fromhex(colour.removeprefix("#")))


def write(shot: Shot, text: str) -> None:
    path = FOLDER / f"{shot.name}.svg"
    changed = not path.exists() or path.read_text() != text
    path.write_text(text)
    sys.stdout.write(f"{path.relative_to(FOLDER.parent)} {'written' if changed else 'as it was'}\n")
    if converter := shutil.which("rsvg-convert"):
        subprocess.run([converter, path, "-o", path.with_suffix(".png")], check=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

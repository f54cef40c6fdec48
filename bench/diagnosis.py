"""How soon the incident is understood and put right: `make bench`, `make bench-diagnosis` (about two minutes).

Three figures, each on a sandbox of real processes that ends with this: when all seven of the report's issues stand,
how many findings a healthy fleet gives in a hundred cycles, and time and keystrokes from the console's first screen
until every remedy that it can carry out itself was carried out and verified by evidence collected again.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable

from textual.pilot import Pilot

from opsconsole.config.load import load
from opsconsole.demo.sandbox import Sandbox
from opsconsole.diagnose.order import in_order
from opsconsole.engine import Engine
from opsconsole.model.finding import Finding
from opsconsole.model.snapshot import Snapshot
from opsconsole.ui.acting import open_door
from opsconsole.ui.app import ConsoleApp
from opsconsole.ui.dialogs.plan import PlanBox

SEVEN = {
    "worker-missing": "critical",
    "worker-failing": "critical",
    "system-load": "high",
    "worker-duplicates": "medium",
    "env-ports-exhausted": "medium",
    "worker-pidfile": "low",
    "port-shared": "low",
}
CYCLES = 100
WITHIN_S = 60.0
TRIES = 3
"""Of each finding: a plan may be refused while the one before it is still watched."""
AGENTS_SETTLE_S = 16.0
"""No agent is put to sleep in its first seconds: those of the incident had run for hours."""


def main() -> int:
    with Sandbox.build() as sandbox:
        find(sandbox)
        time.sleep(AGENTS_SETTLE_S)
        asyncio.run(put_right(sandbox))
    with Sandbox.build(healthy=True) as sandbox:
        watch_healthy(sandbox)
    return 0


def find(sandbox: Sandbox) -> None:
    """From the engine's start until the seven stand; and whether the first complete Snapshot has them."""
    began = time.monotonic()
    first = Engine(load(sandbox.config_path)).collect_once()
    told = {one.rule: one.severity for one in first.diagnosis.findings} if first.diagnosis is not None else {}
    right = sum(told.get(rule) == severity for rule, severity in SEVEN.items())
    say(
        f"first complete snapshot: {right} of {len(SEVEN)} issues with the report's severities, "
        f"after {time.monotonic() - began:.1f} s"
    )
    stand = threading.Event()
    engine = Engine(load(sandbox.config_path))
    began = time.monotonic()
    engine.start(lambda snapshot: stand.set() if SEVEN.keys() <= rules(snapshot) else None)
    found = stand.wait(WITHIN_S)
    say(f"in the console: all of them after {time.monotonic() - began:.1f} s" if found else "in the console: not all")
    engine.stop()


def watch_healthy(sandbox: Sandbox) -> None:
    seen: set[str] = set()
    cycles = threading.Semaphore(0)
    engine = Engine(load(sandbox.config_path), refresh_s=0.2)

    def note(snapshot: Snapshot) -> None:
        seen.update(one.id for one in snapshot.diagnosis.findings if snapshot.diagnosis is not None)
        cycles.release()

    engine.start(note)
    for _ in range(CYCLES):
        cycles.acquire(timeout=WITHIN_S)
    engine.stop()
    say(f"healthy fleet: {len(seen)} findings in {CYCLES} cycles" + "".join(f"\n  {one}" for one in sorted(seen)))


class Keyboard:
    """Presses keys and counts them."""

    def __init__(self, pilot: Pilot[None]) -> None:
        self._pilot = pilot
        self.pressed = 0

    async def press(self, *keys: str) -> None:
        self.pressed += len(keys)
        await self._pilot.press(*keys)

    async def until(self, holds: Callable[[], bool], within_s: float = WITHIN_S) -> bool:
        deadline = time.monotonic() + within_s
        while not holds() and time.monotonic() < deadline:
            await self._pilot.pause(0.05)
        return holds()


async def put_right(sandbox: Sandbox) -> None:
    """As an operator does: findings, cursor, fix, confirm, back; the next once this one has closed."""
    loaded = load(sandbox.config_path)
    engine = Engine(loaded)
    app = ConsoleApp(
        engine,
        read_only=False,
        loaded=loaded,
        ascii_only=False,
        acting=open_door(sandbox.state_dir),
        state_dir=sandbox.state_dir,
    )
    async with app.run_test(size=(160, 50)) as pilot:
        keyboard = Keyboard(pilot)
        await keyboard.until(lambda: SEVEN.keys() <= (rules(engine.latest) if engine.latest is not None else set()))
        began, score = time.monotonic(), score_of(engine)
        await keyboard.press("8")
        tries: Counter[str] = Counter()
        while todo := [one for one in automatic(engine) if tries[one.id] < TRIES]:
            tries[todo[0].id] += 1
            await fix(app, engine, keyboard, todo[0])
        left = [one.id for one in findings(engine)]
        done = "not all automatic remedies verified" if automatic(engine) else "all automatic remedies verified"
        say(
            f"{done}: {time.monotonic() - began:.0f} s and {keyboard.pressed} keystrokes from "
            f"the first screen, health {score:.1f} -> {score_of(engine):.1f}"
        )
        say(f"left: {', '.join(left) or 'nothing'}")
    engine.stop()


async def fix(app: ConsoleApp, engine: Engine, keyboard: Keyboard, finding: Finding) -> None:
    key = f"finding:{finding.id}"
    await to_main(app, keyboard)
    if app.main.active != "findings":
        await keyboard.press("8")
    if not await keyboard.until(lambda: any(row.key == key for row in app.main.table.rows), 10.0):
        say(f"  {finding.id}: not on the screen")
        return
    await keyboard.press("g")
    for _ in app.main.table.rows:
        if app.main.cursor_row is None or app.main.cursor_row.key == key:
            break
        await keyboard.press("j")
    began = time.monotonic()
    await keyboard.press("f")
    if not await keyboard.until(lambda: isinstance(app.screen, PlanBox), 10.0):
        say(f"  {finding.id}: no plan: {app.main.footer.said or type(app.screen).__name__}")
        return
    await keyboard.press("y")
    await keyboard.until(lambda: not isinstance(app.screen, PlanBox))
    closed = await keyboard.until(lambda: finding.id not in {one.id for one in findings(engine)})
    await to_main(app, keyboard)
    say(f"  {finding.id}: {'closed' if closed else 'still open'} after {time.monotonic() - began:.1f} s")


async def to_main(app: ConsoleApp, keyboard: Keyboard) -> None:
    while app.screen is not app.main:
        await keyboard.press("escape")


def rules(snapshot: Snapshot) -> set[str]:
    return {one.rule for one in snapshot.diagnosis.findings} if snapshot.diagnosis is not None else set()


def findings(engine: Engine) -> tuple[Finding, ...]:
    latest = engine.latest
    return latest.diagnosis.findings if latest is not None and latest.diagnosis is not None else ()


def automatic(engine: Engine) -> list[Finding]:
    return [one for one in in_order(findings(engine)) if one.remedy.automatic]


def score_of(engine: Engine) -> float:
    latest = engine.latest
    return latest.diagnosis.score if latest is not None and latest.diagnosis is not None else 0.0


def say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())

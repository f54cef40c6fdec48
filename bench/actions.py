"""How long an action takes to begin and to be proved: python bench/actions.py [--rounds N]

In the demo's sandbox: from the confirmation to the first signal, with an executor that waits (as the console has it),
with one that is started then, and with one that is started while the plan is made (as commands have it); and from the
targets' end to the verified result. Then one plan of fifty processes: from the first SIGTERM that arrives to the last.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from opsconsole.act.glance import glance
from opsconsole.act.journal_reader import JournalReader
from opsconsole.act.planning import make_plan
from opsconsole.act.submit import ReadyExecutor, submit
from opsconsole.config.load import load
from opsconsole.demo.sandbox import Sandbox
from opsconsole.model.plan import Plan

AT_ONCE = 50
TELLS_WHEN = """
import os, signal, sys, time
def asked(_number, _frame):
    print(time.clock_gettime(time.CLOCK_REALTIME), flush=True)
    os._exit(0)
signal.signal(signal.SIGTERM, asked)
print("up", flush=True)
time.sleep(600)
"""


def one_round(how: str) -> tuple[float, float]:
    """Seconds from confirmation to the first step, and from the last target's end to verified."""
    with Sandbox.build() as sandbox:
        loaded = load(sandbox.config_path)
        ready = ReadyExecutor(sandbox.state_dir) if how == "while planning" else None
        plan = make_plan("kill-duplicates", ("auto_confirm",), glance(loaded, "kill-duplicates"), loaded, watch_s=0.0)
        if not isinstance(plan, Plan):
            raise SystemExit(plan.reason)
        if how == "waiting":
            ready = ReadyExecutor(sandbox.state_dir)
            time.sleep(1.0)  # the operator reads the dialog
        confirmed = time.time()
        submit(plan, sandbox.state_dir, ready=ready)
        reader = JournalReader(sandbox.state_dir)
        while (entry := reader.entry(plan.id).value) is None or entry.result is None:
            time.sleep(0.005)
        return entry.steps[0].began - confirmed, time.time() - (entry.steps[-1].ended or confirmed)


def fifty() -> tuple[float, float]:
    """Seconds from the confirmation to the first SIGTERM that arrives, and from that to the last, of one plan."""
    python = os.path.realpath(sys.executable)
    with tempfile.TemporaryDirectory(prefix="fifty-") as folder, contextlib.ExitStack() as ground:
        place, config = Path(folder), "[console]\nallow_root = true\n"
        for number in range(AT_ONCE):
            (place / f"w{number}.py").write_text(TELLS_WHEN)
            config += f'\n[[worker]]\nname = "w{number}"\ncommand = ["{python}", "w{number}.py"]\ncwd = "{place}"\n'
        (place / "opsconsole.toml").write_text(config)
        (place / "opsconsole.toml").chmod(0o600)
        children = [_started(ground, place, python, f"w{number}.py") for number in range(AT_ONCE)]
        for child in children:
            assert child.stdout is not None
            child.stdout.readline()
        loaded = load(place / "opsconsole.toml")
        names = tuple(f"w{number}" for number in range(AT_ONCE))
        plan = make_plan("stop", names, glance(loaded, "stop"), loaded, watch_s=0.0)
        if not isinstance(plan, Plan):
            raise SystemExit(plan.reason)
        ready = ReadyExecutor(place / "state")
        time.sleep(1.0)
        confirmed = time.time()
        submit(plan, place / "state", ready=ready)
        arrived = sorted(float(child.stdout.readline()) for child in children if child.stdout is not None)
        reader = JournalReader(place / "state")
        while (entry := reader.entry(plan.id).value) is None or entry.state != "finished":
            time.sleep(0.01)
        return arrived[0] - confirmed, arrived[-1] - arrived[0]


def _started(ground: contextlib.ExitStack, place: Path, *argv: str) -> subprocess.Popen[bytes]:
    child = subprocess.Popen(argv, cwd=place, stdout=subprocess.PIPE, start_new_session=True)
    ground.enter_context(child)
    ground.callback(child.kill)
    return child


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    for how in ("waiting", "started", "while planning"):
        signals, proofs = zip(*(one_round(how) for _ in range(rounds)), strict=True)
        print(
            f"executor {how}: first signal {statistics.median(signals) * 1000:.0f} ms after the confirmation"
            f" (worst {max(signals) * 1000:.0f}), verified {statistics.median(proofs):.2f} s after the targets' end"
            f" (worst {max(proofs):.2f})"
        )
    firsts, spreads = zip(*(fifty() for _ in range(rounds)), strict=True)
    print(
        f"{AT_ONCE} targets in one plan: first SIGTERM arrives {statistics.median(firsts) * 1000:.0f} ms after the"
        f" confirmation (worst {max(firsts) * 1000:.0f}), the last {statistics.median(spreads) * 1000:.0f} ms after"
        f" the first (worst {max(spreads) * 1000:.0f})"
    )


if __name__ == "__main__":
    main()

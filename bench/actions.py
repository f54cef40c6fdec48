"""How long an action takes to begin and to be proved: python bench/actions.py [--rounds N]

In the demo's sandbox: from the confirmation to the first signal, with an executor that waits (as the console has it)
and with one that is started then, and from the targets' end to the verified result.
"""

from __future__ import annotations

import argparse
import statistics
import sys
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


def one_round(waiting: bool) -> tuple[float, float]:
    """Seconds from confirmation to the first step, and from the last target's end to verified."""
    with Sandbox.build() as sandbox:
        loaded = load(sandbox.config_path)
        plan = make_plan("kill-duplicates", ("auto_confirm",), glance(loaded, "kill-duplicates"), loaded, watch_s=0.0)
        if not isinstance(plan, Plan):
            raise SystemExit(plan.reason)
        ready = ReadyExecutor(sandbox.state_dir) if waiting else None
        time.sleep(1.0)  # the operator reads the dialog
        confirmed = time.time()
        submit(plan, sandbox.state_dir, ready=ready)
        reader = JournalReader(sandbox.state_dir)
        while (entry := reader.entry(plan.id).value) is None or entry.result is None:
            time.sleep(0.005)
        return entry.steps[0].began - confirmed, time.time() - (entry.steps[-1].ended or confirmed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    for waiting in (True, False):
        signals, proofs = zip(*(one_round(waiting) for _ in range(rounds)), strict=True)
        which = "executor waiting" if waiting else "executor started"
        print(
            f"{which}: first signal {statistics.median(signals) * 1000:.0f} ms after the confirmation"
            f" (worst {max(signals) * 1000:.0f}), verified {statistics.median(proofs):.2f} s after the targets' end"
            f" (worst {max(proofs):.2f})"
        )


if __name__ == "__main__":
    main()

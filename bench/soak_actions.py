"""A soak of actions: random plans against a churning world, and not one signal to anything that no plan named.

    python bench/soak_actions.py [--plans 1000] [--seed N] [--at-once 4]

The world: workers that run once, twice or not at all, some deaf to SIGTERM, some with pools, under wrappers, or minded
by a supervisor, two under one shell, one started by another; look-alikes and bystanders beside them. A churner starts
copies and ends processes all the while, so that plans find their targets gone, changed or respawned. Every process that
the soak starts is watched through a pidfd, and its end is held against who may have caused it: the plans that named it,
or the churner's own record.
Prints counts; exit status 1 when anything was hurt that no plan named.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from opsconsole.act import living
from opsconsole.act.glance import glance
from opsconsole.act.journal_reader import JournalReader
from opsconsole.act.planning import changed, make_plan
from opsconsole.act.submit import Submitted, submit
from opsconsole.config.load import load
from opsconsole.config.types import LoadedConfig
from opsconsole.model.identity import ProcessId
from opsconsole.model.plan import Plan, ProcessMark, Subplan, Verb
from opsconsole.model.snapshot import Snapshot

PYTHON = os.path.realpath(sys.executable)
TOKEN = "SOAK_OF_ACTIONS"
PLAIN = "import time\ntime.sleep(3600)\n"
DEAF = "import signal, time\nsignal.signal(15, signal.SIG_IGN)\ntime.sleep(3600)\n"
POOL = "import os, time\nfor _ in range(2):\n    if os.fork() == 0:\n        time.sleep(3600)\ntime.sleep(3600)\n"
MINDER = """
import subprocess, sys, time
while True:
    subprocess.run([sys.executable, "minded.py"])
    time.sleep(0.5)
"""
BOSS = "import subprocess, sys, time\nsubprocess.Popen([sys.executable, 'other.py'])\ntime.sleep(3600)\n"
WORKERS = {"plain": PLAIN, "deaf": DEAF, "pool": POOL, "looped": PLAIN, "minded": PLAIN, "other": PLAIN, "boss": BOSS}
PAIR = f"{PYTHON} other.py & {PYTHON} plain.py & while :; do sleep 3600; done"
"""For a shell around two workers."""
VERBS: tuple[Verb, ...] = ("kill-duplicates", "kill-duplicates", "restart", "start", "stop", "terminate")


class Ground:
    """The folder, its programs and config, and everything that was started in it."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.state = folder / "state"
        self.random = random.Random(seed)
        self.token = f"{os.getpid()}-{seed}"
        os.environ[TOKEN] = self.token
        self.named: set[ProcessId] = set()
        """Whatever any plan named as a target, and of a target's tree what is no other worker's."""
        self.ours: set[ProcessId] = set()
        """What the churner ended itself."""
        self.bystanders: list[subprocess.Popen[bytes]] = []
        self.children: list[subprocess.Popen[bytes]] = []
        self.lock = threading.Lock()
        for name, code in WORKERS.items():
            (folder / f"{name}.py").write_text(code)
        (folder / "minder.py").write_text(MINDER)
        (folder / "keep.sh").write_text(f"while true; do {PYTHON} looped.py; sleep 0.3; done\n")
        (folder / "opsconsole.toml").write_text(self._config())
        (folder / "opsconsole.toml").chmod(0o600)

    def _config(self) -> str:
        tables = "[console]\nallow_root = true\n"
        for name in WORKERS:
            wrappers = 'wrappers = ["keep.sh"]\n' if name == "looped" else ""
            tables += f'\n[[worker]]\nname = "{name}"\ncommand = ["{PYTHON}", "{name}.py"]\ncwd = "{self.folder}"\n'
            tables += f'log = "{self.folder}/{name}.log"\npid_file = "{self.folder}/{name}.pid"\n{wrappers}'
        return tables

    def start(self, *argv: str) -> subprocess.Popen[bytes]:
        child = subprocess.Popen(
            argv, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True
        )
        with self.lock:
            self.children.append(child)
        return child

    def members(self) -> dict[ProcessId, str]:
        """Everything that runs with this soak's token, executors and this process excepted, and its command."""
        wanted, boot, found = f"{TOKEN}={self.token}".encode(), living.boot_id(), {}
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if wanted not in (folder / "environ").read_bytes().split(b"\0"):
                    continue
                process = living.look_at(int(folder.name), boot)
                if process is None or process.ended or process.pid == os.getpid():
                    continue
                if "opsconsole.act.executor" not in process.argv:
                    found[process.mark.id] = process.mark.command
        return found

    def close(self) -> None:
        until = time.monotonic() + 20
        while (left := self.members()) and time.monotonic() < until:
            for process in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGKILL)
            time.sleep(0.05)
        for child in self.children:
            child.wait(10)


class Churner(threading.Thread):
    """Starts copies, bystanders and minders, ends some of its own children; writes down whom it ended."""

    def __init__(self, ground: Ground) -> None:
        super().__init__(daemon=True)
        self.ground = ground
        self.stopped = threading.Event()
        self.started = 0

    def run(self) -> None:
        dice = random.Random(self.ground.random.random())
        while not self.stopped.wait(dice.uniform(0.02, 0.15)):
            living_now = [child for child in self.ground.children if child.poll() is None]
            if len(living_now) < 40:
                self._start(dice)
            elif dice.random() < 0.5:
                self._end(dice.choice(living_now))

    def _start(self, dice: random.Random) -> None:
        self.started += 1
        name = dice.choice(list(WORKERS))
        if dice.random() < 0.1:
            self.ground.start("sh", "keep.sh")
        elif dice.random() < 0.1:
            self.ground.start(PYTHON, "minder.py")
        elif dice.random() < 0.15:
            self.ground.start("nohup", "sh", "-c", PAIR)
        else:
            self.ground.start(PYTHON, f"{name}.py")

    def _end(self, child: subprocess.Popen[bytes]) -> None:
        if child in self.ground.bystanders:
            return
        for process in _tree(child.pid):
            self.ground.ours.add(process)
        child.kill()


def _tree(pid: int) -> list[ProcessId]:
    """The process and its descendants: what ends with it or because of it."""
    boot, found, waiting = living.boot_id(), [], [pid]
    while waiting:
        one = waiting.pop()
        process = living.look_at(one, boot)
        if process is not None:
            found.append(process.mark.id)
            with contextlib.suppress(OSError):
                waiting += map(int, Path(f"/proc/{one}/task/{one}/children").read_text().split())
    return found


class Watch(threading.Thread):
    """Remembers every process of the soak that it has seen, and which of them are gone."""

    def __init__(self, ground: Ground) -> None:
        super().__init__(daemon=True)
        self.ground = ground
        self.stopped = threading.Event()
        self.seen: dict[ProcessId, str] = {}
        self.gone: set[ProcessId] = set()

    def run(self) -> None:
        while not self.stopped.wait(0.1):
            self.look()

    def look(self) -> None:
        now = self.ground.members()
        self.seen.update(now)
        self.gone |= self.seen.keys() - now.keys()


class Tally:
    def __init__(self) -> None:
        self.outcomes: collections.Counter[str] = collections.Counter()
        self.steps = 0
        self.signals = 0
        self.lock = threading.Lock()

    def count(self, outcome: str) -> None:
        with self.lock:
            self.outcomes[outcome] += 1


def names_for(verb: Verb, snapshot: Snapshot, dice: random.Random) -> tuple[str, ...]:
    if verb != "terminate":
        return tuple(dice.sample(list(WORKERS), dice.choice((1, 1, 2, 3))))
    instances = [str(each.pid) for worker in snapshot.workers.value or () for each in worker.instances]
    return tuple(dice.sample(instances, min(len(instances), dice.choice((1, 2)))))


def one_plan(ground: Ground, loaded: LoadedConfig, dice: random.Random, tally: Tally) -> None:
    verb = dice.choice(VERBS)
    snapshot = glance(loaded, verb)
    names = names_for(verb, snapshot, dice)
    if not names:
        return tally.count("nothing to name")
    made = make_plan(verb, names, snapshot, loaded, grace_s=0.5, watch_s=0.5)
    if not isinstance(made, Plan):
        return tally.count(f"no plan: {made.kind}")
    if dice.random() < 0.3:
        time.sleep(dice.uniform(0.0, 0.5))  # the operator reads the dialog while the world moves on
    if changed(made) and dice.random() < 0.7:
        return tally.count("dialog closed")
    for subplan in made.subplans:
        ground.named.update(named_by(subplan))
    submitted = submit(made, ground.state)
    if not isinstance(submitted, Submitted):
        return tally.count(f"not submitted: {submitted.reason}")
    return follow(ground, made, dice, tally)


def named_by(subplan: Subplan) -> Iterator[ProcessId]:
    """Whom a plan may end: its targets, and below them whatever runs no other worker's program."""
    for target in subplan.targets:
        if target.process is None:
            continue
        yield target.process.id
        own = {subplan.subject} if subplan.subject in WORKERS else _programs(target.process)
        yield from (mark.id for mark in target.tree if _programs(mark) <= own)


def _programs(mark: ProcessMark) -> set[str]:
    """The workers whose program this process runs; none for a shell, whatever its code mentions."""
    words = mark.command.split()
    return {name for name in WORKERS if words[1:2] == [f"{name}.py"]}


def follow(ground: Ground, plan: Plan, dice: random.Random, tally: Tally) -> None:
    reader, killing = JournalReader(ground.state), dice.random() < 0.1
    until = time.monotonic() + 120
    while time.monotonic() < until:
        entry = reader.entry(plan.id).value
        if entry is not None and entry.state in ("finished", "abandoned"):
            result = entry.result
            ended = "its executor was killed" if result is None else f"{result.result}, verified: {result.verified}"
            tally.count(f"{entry.state}: {ended}")
            with tally.lock:
                tally.steps += len(entry.steps)
                tally.signals += sum(step.text.startswith("SIG") for step in entry.steps)
            return
        if killing and entry is not None and entry.executor is not None and entry.steps:
            with contextlib.suppress(ProcessLookupError):
                os.kill(entry.executor.pid, signal.SIGKILL)
            killing = False
        time.sleep(0.05)
    tally.count("NEVER ENDED")


def soak(plans: int, seed: int, at_once: int) -> int:
    """Run it in a folder of its own. Returns how many processes were hurt that no plan named."""
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        ground = Ground(Path(folder), seed)
        try:
            return _soak(ground, plans, at_once)
        finally:
            ground.close()
            os.environ.pop(TOKEN, None)


def _soak(ground: Ground, plans: int, at_once: int) -> int:
    for argv in (("tail", "-f", "plain.py"), (PYTHON, "-c", PLAIN, "plain.py"), ("sleep", "3600")):
        ground.bystanders.append(ground.start(*argv))
    loaded, tally = load(ground.folder / "opsconsole.toml"), Tally()
    churner, watch = Churner(ground), Watch(ground)
    churner.start()
    watch.start()
    began = time.monotonic()
    with ThreadPoolExecutor(at_once) as pool:
        dice = [random.Random(ground.random.random()) for _ in range(plans)]
        list(pool.map(lambda one: one_plan(ground, loaded, one, tally), dice))
    churner.stopped.set()
    churner.join()
    watch.stopped.set()
    watch.join()
    watch.look()
    return report(ground, watch, tally, churner.started, time.monotonic() - began)


def report(ground: Ground, watch: Watch, tally: Tally, started: int, took_s: float) -> int:
    """Print the counts. A process that ended by itself because its minder or parent did is not hurt."""
    hurt = [process for process in watch.gone - ground.named - ground.ours if not _ends_by_itself(watch.seen[process])]
    lost = [child for child in ground.bystanders if child.poll() is not None]
    print(
        f"{sum(tally.outcomes.values())} plans in {took_s:.0f}s, {tally.steps} steps, {tally.signals} of them signals"
    )
    for outcome, count in sorted(tally.outcomes.items()):
        print(f"  {count:5}  {outcome}")
    print(f"{started} processes started by the churner, {len(ground.ours)} ended by it; {len(watch.seen)} seen in all")
    print(f"{len(watch.gone & ground.named)} ended that a plan named")
    print(f"{len(hurt)} hurt that no plan named; {len(lost)} of {len(ground.bystanders)} bystanders gone")
    for process in hurt:
        print(f"  HURT {process.pid}: {watch.seen[process]}")
    return len(hurt) + len(lost) + tally.outcomes["NEVER ENDED"]


def _ends_by_itself(command: str) -> bool:
    return command.startswith("sleep 0.3")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plans", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--at-once", type=int, default=4)
    arguments = parser.parse_args()
    return 1 if soak(arguments.plans, arguments.seed, arguments.at_once) else 0


if __name__ == "__main__":
    sys.exit(main())

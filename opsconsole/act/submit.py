"""From the confirming key to the executor: the intent goes into the journal, then a detached process is started.

The executor is nobody's child and in a session of its own: neither the end of this console nor that of its terminal
ends it. What it does is read from the journal.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import msgspec

from opsconsole.act.descriptors import usual_limit_for
from opsconsole.act.journal import Journal, JournalFailed
from opsconsole.act.own_environment import own_environment
from opsconsole.config.locate import make_state_directory
from opsconsole.model.plan import OWN_PATH_VARIABLE, READ_ONLY_VARIABLE, Plan, Refused

LOG = "executor.log"
"""In the state directory: what an executor had to say when it failed in a way nobody foresaw."""
DETACHED_WITHIN_S = 10.0


class ReadyExecutor:
    """An executor that waits for its plan: made when a plan is shown, used when it is confirmed, else closed."""

    def __init__(self, state_dir: Path) -> None:
        """Start one; returns at once. Raises OSError."""
        self.state_dir = state_dir.absolute()
        make_state_directory(self.state_dir)
        self._child = _spawn(self.state_dir, [], subprocess.PIPE)

    def hand(self, plan_id: str) -> bool:
        """Give it the plan to carry out; False when it is not there any more."""
        pipe = self._child.stdin
        try:
            if self._child.wait(DETACHED_WITHIN_S) != 0 or pipe is None:
                return False
            pipe.write(f"{plan_id}\n".encode())
            pipe.flush()
        except (OSError, subprocess.SubprocessError):
            return False
        finally:
            self.close()
        return True

    def close(self) -> None:
        """Let it end, unless it has its plan."""
        if self._child.stdin is not None:
            with contextlib.suppress(OSError):
                self._child.stdin.close()
        with contextlib.suppress(subprocess.SubprocessError):
            self._child.wait(DETACHED_WITHIN_S)


class Submitted(msgspec.Struct, frozen=True):
    """The plan is in the journal, and an executor has been started for it."""

    plan: str


def submit(
    plan: Plan, state_dir: Path, *, read_only: bool = False, ready: ReadyExecutor | None = None
) -> Submitted | Refused:
    """Have this plan carried out, once. Returns when an executor is on its way: the one that waits, or a new one.

    Follow it with ``journal_reader.JournalReader(state_dir).entry(plan.id)``.
    """
    if read_only or os.environ.get(READ_ONLY_VARIABLE):
        return Refused(plan.verb, "read-only")
    state_dir = state_dir.absolute()
    try:
        journal = Journal(state_dir)
        with contextlib.closing(journal):
            journal.intend(plan)
    except JournalFailed as failed:
        return Refused(plan.verb, str(failed))
    if ready is not None and ready.state_dir == state_dir and ready.hand(plan.id):
        return Submitted(plan.id)
    try:
        # It forks at once, and this half of it ends: what goes on has no parent here.
        child = _spawn(state_dir, [plan.id], subprocess.DEVNULL)
        if child.wait(DETACHED_WITHIN_S) != 0:
            raise OSError(f"exit status {child.returncode}; see {state_dir / LOG}")
    except (OSError, subprocess.SubprocessError) as error:
        return _taken_back(plan, state_dir, f"no executor could be started: {error}")
    return Submitted(plan.id)


def _taken_back(plan: Plan, state_dir: Path, reason: str) -> Submitted | Refused:
    """Refused, and nobody will carry it out later: an executor may only have been slow. Submitted: it has it by now."""
    try:
        with contextlib.closing(Journal(state_dir)) as journal:
            return Refused(plan.verb, reason) if journal.withdraw(plan.id) else Submitted(plan.id)
    except JournalFailed as failed:
        return Refused(plan.verb, f"{reason}; it may still be carried out within a minute: {failed}")


def _spawn(state_dir: Path, arguments: list[str], stdin: int) -> subprocess.Popen[bytes]:
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    log = os.open(state_dir / LOG, flags, 0o600)
    try:
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "opsconsole.act.executor", str(state_dir), *arguments],
            stdin=stdin,
            stdout=log,
            stderr=log,
            cwd="/",
            start_new_session=True,
            env=_environment(),
        )
    finally:
        os.close(log)
    usual_limit_for(child.pid)
    return child


def _environment() -> dict[str, str]:
    """This environment; where we were imported from a checkout, the executor is too.

    It takes the path back as soon as it runs: what it starts finds its modules where the operator's programs do.
    """
    import opsconsole

    package = str(Path(opsconsole.__file__).resolve().parents[1])
    own = os.environ.get("PYTHONPATH")
    paths = [package, *filter(None, [own])]
    kept = {} if own is None else {OWN_PATH_VARIABLE: own}
    return {**own_environment(), "PYTHONPATH": os.pathsep.join(paths), **kept}

"""Confirms prompts in sessions, second version: only one of itself runs, but it knows nothing of the first."""

from __future__ import annotations

import fcntl
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from opsconsole.demo.programs.architect.workers import worker_base
else:
    import worker_base

OWNER = worker_base.HOME / "data" / "auto_confirm.owner"


def step() -> None:
    before = OWNER.read_text().strip() if OWNER.exists() else ""
    if before != f"v2 {os.getpid()}":
        worker_base.log("auto_confirm_v2.log", "WARNING", f"sessions taken from {before or 'nobody'}")
        OWNER.write_text(f"v2 {os.getpid()}\n")


def main() -> None:
    with (worker_base.TMP / "auto_confirm_v2.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit("another auto_confirm_worker_v2 is running")
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        worker_base.run("auto_confirm_v2", step, 2.0)


if __name__ == "__main__":
    main()

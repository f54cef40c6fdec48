"""Confirms prompts in sessions, first version: takes the sessions from whoever has them."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from opsconsole.demo.programs.architect.workers import worker_base
else:
    import worker_base

OWNER = worker_base.HOME / "data" / "auto_confirm.owner"


def step() -> None:
    before = OWNER.read_text().strip() if OWNER.exists() else ""
    if before != f"v1 {os.getpid()}":
        worker_base.log("architect_auto_confirm.log", "WARNING", f"sessions taken from {before or 'nobody'}")
        OWNER.write_text(f"v1 {os.getpid()}\n")


if __name__ == "__main__":
    worker_base.run("auto_confirm_worker", step, 2.0)

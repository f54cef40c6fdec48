"""A plain worker, of which a larger sandbox has many."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from opsconsole.demo.programs.architect.workers import worker_base
else:
    import worker_base


def step() -> None:
    worker_base.log("architect_queue_worker.log", "INFO", "0 jobs")


if __name__ == "__main__":
    worker_base.run("queue_worker", step, 15.0)

"""Coordinates automated tasks. While it runs, /health of the dashboard says so."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from opsconsole.demo.programs.architect.workers import worker_base
else:
    import worker_base


def step() -> None:
    worker_base.log("architect_orchestrator.log", "INFO", "0 projects waiting")


if __name__ == "__main__":
    worker_base.run("project_orchestrator", step, 10.0, pid_file="project_orchestrator.pid")

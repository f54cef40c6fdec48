"""Checks the sites now and then. The process supervisor minds it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from opsconsole.demo.programs.architect.workers import worker_base
else:
    import worker_base


def step() -> None:
    try:
        worker_base.ask("GET", "/")
        worker_base.log("architect_site_health_monitor.log", "INFO", "Architect Dashboard 200")
    except OSError as error:
        worker_base.log("architect_site_health_monitor.log", "ERROR", f"Architect Dashboard: {error}")


if __name__ == "__main__":
    worker_base.run("site_health_monitor", step, 10.0)

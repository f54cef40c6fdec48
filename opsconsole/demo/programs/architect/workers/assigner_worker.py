"""Assigns prompts to sessions. In the incident it asks for environments that cannot be had, again and again."""

from __future__ import annotations

import itertools
import json
import sqlite3
from contextlib import closing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from opsconsole.demo.programs.architect.workers import worker_base
else:
    import worker_base

LOG = "architect_assigner_worker.log"
wanted = itertools.cycle(worker_base.SETTINGS["wanted_environments"])


def completed(name: str) -> None:
    """A prompt that needed this environment was carried out: the queue shows that it recovers."""
    path = worker_base.HOME / "data" / "assigner" / "assigner.db"
    with closing(sqlite3.connect(path, timeout=5)) as database:
        database.execute(
            "insert into prompts (content, source, status, completed_at)"
            " values (?, 'api', 'completed', datetime('now'))",
            (f"Work in {name}",),
        )
        database.commit()


def step() -> None:
    name = next(wanted, None)
    if name is None:
        worker_base.log(LOG, "INFO", "no prompt is waiting for an environment")
        return
    try:
        refusal = json.loads(worker_base.ask("POST", "/api/environments", {"name": name})).get("error")
        if refusal is None:
            worker_base.log(LOG, "INFO", f"Environment {name!r} can be created")
            completed(name)
            return
        try:
            json.loads(worker_base.ask("GET", f"/api/environments/{name}/info"))
        except ValueError as error:
            worker_base.log(LOG, "ERROR", f"Failed to get environment info: {error}")
        worker_base.log(LOG, "ERROR", f"Failed to create environment: {refusal}")
    except (OSError, ValueError) as error:
        worker_base.log(LOG, "ERROR", f"Failed to reach the dashboard: {error}")


if __name__ == "__main__":
    worker_base.run("assigner_worker", step, worker_base.SETTINGS["assigner_every_s"])

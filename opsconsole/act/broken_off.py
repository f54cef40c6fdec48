"""What a hibernation that was broken off has left in a pane whose agent goes on: its mark, `remain-on-exit`, a record.

It is broken off when its executor is killed after it has marked the pane and before it has asked the agent to end; or
the agent was asked, and did not. Nothing sleeps there, yet the pane stays when its process ends. It is taken back
before the next hibernation, and by `wake`: the record has what was set. An agent younger than the mark was woken.
"""

from __future__ import annotations

from opsconsole.act.job import Job
from opsconsole.act.pane import set_option
from opsconsole.act.sleeping_store import NotKept, SleepingStore
from opsconsole.collect import procfs
from opsconsole.collect.tmux import SLEEPS
from opsconsole.model.session import Pane

WHAT = "what a hibernation has left in it"


def is_broken_off(pane: Pane) -> bool:
    """Whether the pane has the mark of something asleep, and the agent that was to be ended runs."""
    if pane.asleep is None or pane.agent_process is None or pane.dead:
        return False
    return procfs.started_at(pane.agent_process.start_ticks) < pane.asleep.since


def take_back(job: Job, pane: Pane) -> None:
    """The pane as it was before. Raises PaneLost."""
    if pane.asleep is None:
        return
    store = SleepingStore(job.state_dir)
    with job.step(f"take back {WHAT}: pane {pane.id.pane}") as step:
        try:
            saved = store.read(pane.asleep.conversation)
        except NotKept as why:
            step.detail = f"its mark is removed; what `remain-on-exit` was before is not known: {why}"
            saved = None
        if saved is not None and saved.pane == pane.id:
            if not saved.under_shell:
                set_option(pane.id, "remain-on-exit", saved.remain_on_exit)
            store.forget(saved.conversation)
            step.detail = "its mark is removed, it closes again as it did before"
        set_option(pane.id, SLEEPS, "")

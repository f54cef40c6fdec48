"""The verbs: what a key can change, of which rows, and why not now. Pure; nothing here does anything.

A reason told here saves asking for a plan in vain; what decides is the plan, which looks at the machine again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

from opsconsole.model.environment import Environment
from opsconsole.model.plan import Verb
from opsconsole.model.process import Process
from opsconsole.model.service import Service
from opsconsole.model.session import Session
from opsconsole.model.worker import Worker
from opsconsole.ui.subjects import Kind, Subject

Danger = Literal["", "changes", "ends"]
"""``ends``: processes are ended or things deleted; ``changes``: nothing is lost by it."""


class VerbSpec(NamedTuple):
    id: str
    """Of the action in the registry; that of the verb, but for `start-stop`."""
    verb: Verb
    label: str
    keys: tuple[str, ...]
    danger: Danger
    help: str
    kinds: tuple[Kind, ...]
    """Which rows it is about."""
    why_not: Callable[[Subject], str]
    """Why it cannot be done to this one now; empty when it can."""
    panes: tuple[str, ...] = ()
    """In whose footer it stands."""
    menu: bool = True
    all_of_them: bool = False
    """About every subject of its kinds, not about the selected ones."""


def why_none(spec: VerbSpec, subjects: Sequence[Subject]) -> str:
    """Why it can be done to none of these; empty when it can be done to one at least."""
    meant = [subject for subject in subjects if subject.kind in spec.kinds]
    if not meant:
        return f"no {' or '.join(_NOUNS[kind] for kind in spec.kinds)} selected"
    reasons = [spec.why_not(subject) for subject in meant]
    return "" if "" in reasons else reasons[0]


_NOUNS: dict[Kind, str] = {
    "service": "service",
    "worker": "worker",
    "session": "session",
    "environment": "environment",
    "site": "site",
    "process": "process",
    "system": "system row",
}


def running(subject: Subject) -> bool | None:
    """Whether anything runs of a worker or service; None when that is not known."""
    item = subject.item
    if isinstance(item, Worker):
        if item.instances or item.wrappers or item.remnants:
            return True
        return None if item.state == "unknown" else False
    if isinstance(item, Service):
        return True if item.owners else None if not item.owners_known or item.state == "unknown" else False
    return None


def _why_no_duplicates(subject: Subject) -> str:
    item = subject.item
    if isinstance(item, Worker):
        if item.state == "unknown":
            return "state unknown"
        if not item.instances:
            return "not running"
        if item.discovered:
            return "not in the config: how many are wanted is not known"
        if item.state != "duplicates":
            count = len(item.instances)
            return "one instance running" if count == 1 else f"{count} instances running, as wanted"
    if isinstance(item, Service):
        if not item.owners:
            return "nothing holds the port" if item.owners_known else "owner of the port unknown"
        if item.sharing != "reuseport":
            return "one program holds the port"
    return ""


def _why_no_restart(subject: Subject) -> str:
    if not subject.startable:
        return "no command configured"
    return "state unknown" if running(subject) is None else ""


def _why_no_start(subject: Subject) -> str:
    if not subject.startable:
        return "no command configured"
    if isinstance(subject.item, Worker) and 0 < len(subject.item.instances) < subject.item.wanted:
        return ""
    runs = running(subject)
    return "state unknown" if runs is None else "already running" if runs else ""


def _why_no_stop(subject: Subject) -> str:
    runs = running(subject)
    return "state unknown" if runs is None else "" if runs else "not running"


def starts(subject: Subject) -> bool:
    """Whether `start-stop` means starting it."""
    return running(subject) is False


def _why_no_start_stop(subject: Subject) -> str:
    return _why_no_start(subject) if starts(subject) else _why_no_stop(subject)


def _why_no_end(subject: Subject) -> str:
    if isinstance(subject.item, Process):
        return "a zombie: it has ended already" if subject.item.state == "Z" else ""
    return _why_no_stop(subject)


def _why_no_pid_file_removal(subject: Subject) -> str:
    item = subject.item
    if not isinstance(item, Worker) or item.pid_file is None:
        return "no pid file configured"
    if item.state == "unknown":
        return "state unknown"
    return {"ok": "it names the running instance", "missing": "there is none", "unreadable": "it cannot be read"}.get(
        item.pid_file.state, ""
    )


def _why_no_pid_file_writing(subject: Subject) -> str:
    item = subject.item
    if not isinstance(item, Worker) or item.pid_file is None:
        return "no pid file configured"
    if item.pid_file.state != "missing":
        told = {"ok": "it names the running instance", "unreadable": "it cannot be read"}
        return told.get(item.pid_file.state, "there is one already")
    if item.wanted != 1:
        return f"{item.wanted} instances wanted: one file cannot name them all"
    if len(item.instances) > 1:
        return f"{len(item.instances)} instances running"
    if not item.instances:
        return "state unknown" if item.state == "unknown" else "not running"
    beside = (*item.suspects, *item.remnants)
    return f"{beside[0].pid} may be it as well" if beside else ""


def _always(_subject: Subject) -> str:
    return ""


def _why_not_stale(subject: Subject) -> str:
    item = subject.item
    return "" if isinstance(item, Environment) and item.stale else "nothing stale"


def _why_no_hibernation(subject: Subject) -> str:
    item = subject.item
    if not isinstance(item, Session):
        return ""
    if item.lost:
        return item.lost
    if item.protected:
        return "protected"
    told = {
        "none": "no agent in it",
        "unknown": "state unknown",
        "hibernated": "hibernated already",
        "dead": "it has ended",
        "logged-out": "not logged in",
        "working": "it is at work: let it end, or attach to it",
        "waiting": "it waits for an answer: attach to it and give one",
        "shell": "work goes on in its background: let it end, or attach to it",
        "hung": "it hangs, and may be at something: look at its screen, attach to it and interrupt",
    }
    return told.get(item.state, "" if item.state == "idle" else item.state)


def _why_no_list(subject: Subject) -> str:
    """Of any agent session the list tells why it cannot sleep, also while it is still being read."""
    return "no agent in it" if isinstance(subject.item, Session) and subject.item.state == "none" else ""


def _why_no_waking(subject: Subject) -> str:
    item = subject.item
    if not isinstance(item, Session):
        return ""
    if item.lost:
        return f"{item.lost}: resume it by hand (enter says how)" if item.state == "hibernated" else item.reason
    if item.state == "hibernated":
        return ""
    # Marked while its agent runs, a hibernation may have been broken off: waking takes back what that has left.
    return "" if any(pane.asleep is not None for pane in item.panes) else "not hibernated"


PROGRAMS: tuple[Kind, ...] = ("worker", "service")

VERBS: tuple[VerbSpec, ...] = (
    VerbSpec(
        id="kill-duplicates",
        verb="kill-duplicates",
        label="kill duplicates",
        keys=("D",),
        danger="ends",
        help="End the instances beyond the wanted number; says which stays and why",
        kinds=PROGRAMS,
        why_not=_why_no_duplicates,
        panes=("workers",),
    ),
    VerbSpec(
        id="restart",
        verb="restart",
        label="restart",
        keys=("r",),
        danger="ends",
        help="End it and start it again as the config says",
        kinds=PROGRAMS,
        why_not=_why_no_restart,
        panes=("workers", "services"),
    ),
    VerbSpec(
        id="start-stop",
        verb="start",
        label="start/stop",
        keys=("s",),
        danger="ends",
        help="Start what does not run, stop what does",
        kinds=PROGRAMS,
        why_not=_why_no_start_stop,
        panes=("workers", "services"),
        menu=False,
    ),
    VerbSpec(
        id="start",
        verb="start",
        label="start",
        keys=(),
        danger="changes",
        help="Start it as the config says",
        kinds=PROGRAMS,
        why_not=_why_no_start,
    ),
    VerbSpec(
        id="stop",
        verb="stop",
        label="stop",
        keys=(),
        danger="ends",
        help="End all that runs of it",
        kinds=PROGRAMS,
        why_not=_why_no_stop,
    ),
    VerbSpec(
        id="terminate",
        verb="terminate",
        label="end a process",
        keys=("K",),
        danger="ends",
        help="End one process: an instance, a wrapper, a remnant, one of the tree",
        kinds=("worker", "service", "process"),
        why_not=_why_no_end,
    ),
    VerbSpec(
        id="write-pid-file",
        verb="write-pid-file",
        label="write pid file",
        keys=(),
        danger="changes",
        help="Write the pid of the running instance into its pid file, where that is missing",
        kinds=("worker",),
        why_not=_why_no_pid_file_writing,
    ),
    VerbSpec(
        id="remove-pid-file",
        verb="remove-pid-file",
        label="remove pid file",
        keys=("P",),
        danger="changes",
        help="Remove a pid file that names nothing that runs",
        kinds=("worker",),
        why_not=_why_no_pid_file_removal,
    ),
    VerbSpec(
        id="hibernate",
        verb="hibernate",
        label="hibernate",
        keys=("H",),
        danger="ends",
        help="End an idle agent so that it can be resumed; under pressure, none marked: the list to choose from",
        kinds=("session",),
        why_not=_why_no_hibernation,
        panes=("sessions",),
    ),
    VerbSpec(
        id="hibernate-idle",
        verb="hibernate",
        label="hibernate idle",
        keys=("S",),
        danger="ends",
        help="List the sessions by what they give back, marked where all is known to be clean",
        kinds=("session",),
        why_not=_why_no_list,
        panes=("sessions",),
        all_of_them=True,
    ),
    VerbSpec(
        id="wake",
        verb="wake",
        label="wake",
        keys=("W",),
        danger="changes",
        help="Resume a hibernated agent in its pane",
        kinds=("session",),
        why_not=_why_no_waking,
        panes=("sessions",),
    ),
    VerbSpec(
        id="delete-environment",
        verb="delete-environment",
        label="delete",
        keys=("X",),
        danger="ends",
        help="Delete the environment",
        kinds=("environment",),
        why_not=_always,
        panes=("environments",),
    ),
    VerbSpec(
        id="prune-environments",
        verb="prune-environments",
        label="clean up stale",
        keys=("c",),
        danger="ends",
        help="Delete every environment that is older than its time",
        kinds=("environment",),
        why_not=_why_not_stale,
        panes=("environments",),
        all_of_them=True,
    ),
)
BY_ID = {spec.id: spec for spec in VERBS}

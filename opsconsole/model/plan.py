"""Plans: actions with their targets frozen, the steps they took, and how they ended.

A plan is what the operator saw and agreed to. It holds no secret: commands are shown text, a process's argv stands
here as a digest to be compared, never to be read. What shall be started or asked comes from the config again, which
must have the same digest as when the plan was made.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Literal, get_args

import msgspec

from opsconsole.model.identity import PaneId, ProcessId

Verb = Literal[
    "kill-duplicates",
    "restart",
    "start",
    "stop",
    "terminate",
    "write-pid-file",
    "remove-pid-file",
    "delete-environment",
    "prune-environments",
    "probe",
    "command",
    "hibernate",
    "wake",
]
VERBS: tuple[Verb, ...] = get_args(Verb)

READ_ONLY_VARIABLE = "OPSCONSOLE_READ_ONLY"
"""Set to anything in the environment: nothing that is started from there may change the machine, the executor too."""

OWN_PATH_VARIABLE = "OPSCONSOLE_PYTHONPATH"
"""PYTHONPATH as the operator has it, handed to the executor, whose own begins with where opsconsole is."""

Outcome = Literal["done", "failed", "refused", "nothing-to-do"]
RefusalKind = Literal["refused", "unknown", "usage", "nothing"]
"""``unknown``: a source that had to be read could not be; ``usage``: no such name; ``nothing``: it is so already."""
TargetKind = Literal["process", "pane", "environment", "file", "url"]
SubjectKind = Literal["worker", "service", "process", "session", "environment", "site", "action"]
StepState = Literal["started", "done", "failed"]
EntryState = Literal["waiting", "running", "watching", "finished", "abandoned"]
"""``waiting``: no executor has taken it yet; ``watching``: verified, still watched for a respawn; ``abandoned``: its
executor has ended before it did."""


class ProcessMark(msgspec.Struct, frozen=True):
    """Everything by which a process is recognised right before a signal."""

    id: ProcessId
    exe: str
    argv_digest: str
    """SHA-256 of /proc/PID/cmdline, in hex."""
    uid: int
    """Effective uid."""
    pid_namespace: int
    """0 where there are none."""
    command: str
    """For people."""

    @property
    def pid(self) -> int:
        return self.id.pid


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that the plan ends, removes or changes."""

    kind: TargetKind
    role: str
    """For people: ``instance``, ``wrapper``, ``remnant``, ``owner of port 8080``, ``pid file``, ``environment``."""
    name: str
    reason: str
    """Why it is a target: ``older version``, ``stale: 1d 7h of 1d``."""
    process: ProcessMark | None = None
    tree: tuple[ProcessMark, ...] = ()
    """Its descendants when the plan was made: they alone may get a signal when they outlive it."""
    pane: PaneId | None = None
    environment: str = ""
    """The environment's id, as its source tells it."""
    path: str = ""
    start: float | None = None
    """Seconds since the epoch."""
    command: str = ""
    memory_bytes: int | None = None
    """Resident, of the tree."""
    port: int | None = None
    age_s: float | None = None
    unit: str = ""
    """The systemd service that owns it, with ``--user`` in front when it is the user's; empty for none."""

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process is not None else None


class Survivor(msgspec.Struct, frozen=True):
    """Something that would have qualified as a target, and stays."""

    id: ProcessId
    command: str
    start: float
    memory_bytes: int | None
    reason: str
    """Why this one: ``the configured version``, ``holds the pid file``."""
    process: ProcessMark | None = None
    """By what it is recognised before anything is ended for its sake; None where it is only shown."""

    @property
    def pid(self) -> int:
        return self.id.pid


class Preflight(msgspec.Struct, frozen=True):
    """One thing that was looked at before a session is proposed for hibernation."""

    told: str
    """In a few words, for people: ``transcript, 29d``, ``3 uncommitted files``."""
    clean: bool
    """Whether nothing of it needs a person's judgement."""


class Minder(msgspec.Struct, frozen=True):
    """Another subject that has started one of this one's targets, and may start it again; or a wrapper that stays."""

    key: str
    """As of a subplan: ``worker:NAME``; empty for a wrapper."""
    name: str
    process: ProcessId
    minded: int
    """Pid of the target."""


class Subplan(msgspec.Struct, frozen=True, kw_only=True):
    """What is done about one subject. Subplans of a plan run side by side, after their minders', and fail apart."""

    subject: str
    """Name of the worker, service, session, environment, site, or the pid."""
    subject_kind: SubjectKind
    targets: tuple[Target, ...] = ()
    survivors: tuple[Survivor, ...] = ()
    steps: tuple[str, ...] = ()
    """What will be run, in order, one line for people each."""
    checks: tuple[str, ...] = ()
    """What will be looked at afterwards, one line for people each."""
    seen: tuple[str, ...] = ()
    """What was looked at beforehand and speaks for it, one line for people each."""
    warnings: tuple[str, ...] = ()
    preflight: tuple[Preflight, ...] = ()
    """The same as ``seen`` and ``warnings``, one by one, where a list has to tell them in a line."""
    minders: tuple[Minder, ...] = ()
    """Who may start its targets again: done first, where the same plan is about them too."""
    known: tuple[ProcessId, ...] = ()
    """Instances when the plan was made: whatever appears beside them was started since."""
    data: dict[str, Any] = {}
    """What the verb's own module wants to find again when it executes; plain JSON values, no secrets."""

    @property
    def key(self) -> str:
        return f"{self.subject_kind}:{self.subject}"

    @property
    def all_clean(self) -> bool:
        """Whether all that was looked at is known to be clean."""
        return all(each.clean for each in self.preflight) and not self.warnings


class Refusal(msgspec.Struct, frozen=True):
    """Why nothing is done about one subject."""

    subject: str
    reason: str
    kind: RefusalKind = "refused"
    choices: tuple[Survivor, ...] = ()
    """Instances that nothing tells apart: the operator may say which one stays."""
    proposal: str = ""
    """What to add to the config so that it can be done, ready to be pasted; empty for nothing."""


class Refused(msgspec.Struct, frozen=True):
    """There is no plan, and why."""

    verb: Verb
    reason: str
    kind: RefusalKind = "refused"
    refusals: tuple[Refusal, ...] = ()

    @property
    def outcome(self) -> Outcome:
        return "nothing-to-do" if self.kind == "nothing" else "refused"


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    verb: Verb
    created: float
    """Seconds since the epoch."""
    host: str
    boot_id: str
    uid: int
    """Of whoever made it."""
    config_path: str
    """Empty: there was no config."""
    config_digest: str
    subplans: tuple[Subplan, ...]
    left_out: tuple[Refusal, ...] = ()
    """What was asked for beside, and why it is not done."""
    spared: tuple[ProcessId, ...] = ()
    """The process that made the plan, and its ancestors: never a target."""
    healthy: tuple[str, ...] = ()
    """What was well when the plan was made: ``worker:NAME``, ``service:NAME``, ``component:SERVICE:COMPONENT``."""
    grace_s: float = 10.0
    """Between SIGTERM and SIGKILL."""
    watch_s: float = 10.0
    """For how long it is watched afterwards whether anything comes back."""

    def only(self, keys: Collection[str]) -> Plan:
        """The same about the subjects with these keys alone; the others are left out."""
        chosen = tuple(subplan for subplan in self.subplans if subplan.key in keys)
        others = (Refusal(each.subject, "not marked", "nothing") for each in self.subplans if each.key not in keys)
        return msgspec.structs.replace(self, subplans=chosen, left_out=(*self.left_out, *others))

    @property
    def targets(self) -> tuple[Target, ...]:
        return tuple(target for subplan in self.subplans for target in subplan.targets)


class StepRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a plan as the journal has it. Written before it is done."""

    number: int
    """Counts the steps of one plan from 1, in the order in which they began."""
    subject: str
    text: str
    began: float
    """Seconds since the epoch."""
    ended: float | None = None
    state: StepState = "started"
    detail: str = ""
    """What came of it."""
    process: ProcessId | None = None
    """What this step has started."""


class Respawner(msgspec.Struct, frozen=True):
    """Who started again what had been ended."""

    subject: str
    pid: int
    """Of the new instance."""
    parent: ProcessId | None
    """Who started it; None when it can no longer be told."""
    command: str
    """The parent's, for people."""


class SubplanResult(msgspec.Struct, frozen=True, kw_only=True):
    subject: str
    result: Outcome
    verified: bool | None = None
    """None: there is nothing to look at, or it could not be looked at."""
    reason: str = ""
    failed_step: int | None = None
    """Number of the step that failed."""
    evidence: tuple[str, ...] = ()
    """What the checks saw; of a failed start the log's last lines."""


class PlanResult(msgspec.Struct, frozen=True, kw_only=True):
    plan: str
    result: Outcome
    verified: bool | None
    ended: float
    """Seconds since the epoch."""
    settled: float | None = None
    """When it was as wanted and only watched from then on; seconds since the epoch. None: it was not watched."""
    reason: str = ""
    failed_step: int | None = None
    subresults: tuple[SubplanResult, ...] = ()
    respawners: tuple[Respawner, ...] = ()
    hurt: tuple[str, ...] = ()
    """What was well before and is not any more, one line each, the log's last lines with it."""
    watching: bool = False
    """Preliminary: all is as wanted, and it is still watched whether anything comes back."""


class JournalEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One plan in the journal."""

    plan: Plan
    state: EntryState
    steps: tuple[StepRecord, ...]
    result: PlanResult | None
    executor: ProcessId | None = None
    confirmed: float | None = None
    """When the operator agreed: when it was recorded, before anything was done. Seconds since the epoch."""
    took_s: float | None = None
    """From then until it was done and verified, or failed; the watch for a respawn is no part of it."""

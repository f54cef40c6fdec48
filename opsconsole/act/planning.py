"""Making a plan of a request: the one door to every verb, for keys, commands and findings alike.

    made = make_plan("kill-duplicates", ("auto_confirm",), snapshot, loaded)
    if isinstance(made, Refused): …made.reason…      else: show plan_text(made), ask, act.submit.submit(made, state_dir)

Blocks for some ten milliseconds (it reads the processes it freezes): not for an event loop's own thread.
"""

from __future__ import annotations

import os
import secrets
import socket
import time
from collections import Counter

from opsconsole.act.living import boot_id, difference, look_at, why_not_staying
from opsconsole.act.policy import config_digest, why_not_as_root, why_not_plan, why_not_profiles
from opsconsole.act.request import Request
from opsconsole.act.units import why_not_whole
from opsconsole.act.verbs import MODULES, module_of
from opsconsole.collect.health import is_running
from opsconsole.config.types import LoadedConfig
from opsconsole.model.identity import ProcessId
from opsconsole.model.plan import Plan, Refusal, RefusalKind, Refused, Subplan, Verb
from opsconsole.model.snapshot import Snapshot
from opsconsole.model.text import clean

GRACE_S = 10.0
"""Between SIGTERM and SIGKILL."""
WATCH_S = 10.0
"""For how long what was ended is watched for a respawn."""
STALE_SNAPSHOT_S = 60.0
"""A snapshot older than this is no ground to act on; identities are checked again at any age."""


def make_plan(
    verb: Verb,
    names: tuple[str, ...],
    snapshot: Snapshot,
    loaded: LoadedConfig,
    *,
    read_only: bool = False,
    expected: tuple[ProcessId, ...] = (),
    keep: int | None = None,
    action: str = "",
    idle_s: float | None = None,
    doubtful: bool = False,
    dry_run: bool = False,
    grace_s: float = GRACE_S,
    watch_s: float = WATCH_S,
) -> Plan | Refused:
    """The plan of doing this to these, or why there is none.

    ``names`` are workers and services, pids (`terminate`), environment names or ids, sessions, sites, whatever the
    own command is on. ``expected`` are the processes that the operator saw behind pids; ``keep`` is the pid that
    stays of duplicates that nothing tells apart; ``action`` is the name of the [[action]] for `command`; ``doubtful``
    asks `hibernate` without names for those sessions too that a person has to choose. A ``dry_run``'s plan is only
    shown, so root gets one too; the executor refuses whatever is handed to it against policy.
    """
    not_as_root = "" if dry_run else why_not_as_root(loaded)
    if reason := why_not_plan(loaded, read_only) or not_as_root or why_not_profiles(verb):
        return Refused(verb, reason)
    if verb not in MODULES:
        return Refused(verb, f"{verb} is not there yet")
    if time.monotonic() - snapshot.monotonic > STALE_SNAPSHOT_S:
        return Refused(verb, "what is shown is older than a minute: look again")
    request = Request(
        verb=verb,
        names=names,
        snapshot=snapshot,
        loaded=loaded,
        expected=expected,
        keep=keep,
        action=action,
        idle_s=idle_s,
        doubtful=doubtful,
        grace_s=grace_s,
        watch_s=watch_s,
    )
    parts = tuple(_whole(part) for part in module_of(verb).plan(request))
    subplans = tuple(part for part in parts if isinstance(part, Subplan))
    refusals = tuple(part for part in parts if isinstance(part, Refusal))
    if not subplans or any(refusal.kind == "usage" for refusal in refusals):
        return _refused(verb, refusals)
    if twice := [key for key, times in Counter(subplan.key for subplan in subplans).items() if times > 1]:
        return Refused(verb, f"{twice[0]} is named twice", "usage")
    return Plan(
        id=_new_id(),
        verb=verb,
        created=time.time(),
        host=clean(socket.gethostname(), 80),
        boot_id=request.boot_id,
        uid=request.bounds.uid,
        config_path=str(loaded.path.resolve()) if loaded.path is not None else "",
        config_digest=config_digest(loaded.config),
        subplans=subplans,
        left_out=refusals,
        spared=request.spared,
        healthy=_healthy(snapshot),
        grace_s=grace_s,
        watch_s=watch_s,
    )


def changed(plan: Plan) -> str:
    """What of the plan's processes, those that stay among them, is not any more as the operator sees it; empty while
    all is.

    For the dialog: it closes when this says something. Cheap: reads these processes only.
    """
    boot = boot_id()
    if reason := why_not_staying(each for subplan in plan.subplans for each in subplan.survivors):
        return reason
    for target in plan.targets:
        if plan.verb == "write-pid-file" and os.path.lexists(target.path):
            return f"{target.path} is there by now"
        if target.process is None:
            continue
        now = look_at(target.process.pid, boot)
        if now is None or now.ended:
            return f"{target.process.pid} ({target.command}) has ended"
        if reason := difference(target.process, now):
            return reason
    return ""


def _whole(part: Subplan | Refusal) -> Subplan | Refusal:
    """A systemd service is stopped only for a plan that names all that runs in it."""
    if isinstance(part, Subplan) and (reason := why_not_whole(part.targets)):
        return Refusal(part.subject, reason)
    return part


_ORDER: tuple[RefusalKind, ...] = ("usage", "refused", "unknown", "nothing")


def _refused(verb: Verb, refusals: tuple[Refusal, ...]) -> Refused:
    """All of them in one, as the gravest kind among them."""
    if not refusals:
        return Refused(verb, "nothing to do", "nothing")
    kind = next(kind for kind in _ORDER if any(refusal.kind == kind for refusal in refusals))
    told = [refusal for refusal in refusals if refusal.kind == kind]
    with_subject = kind != "usage"
    reason = "; ".join(f"{each.subject}: {each.reason}" if with_subject else each.reason for each in told)
    return Refused(verb, reason, kind, refusals)


def _new_id() -> str:
    """Sorts by time, and no two are equal."""
    return f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(3)}"


def _healthy(snapshot: Snapshot) -> tuple[str, ...]:
    services = [
        f"service:{each.name}"
        for each in snapshot.services.value or ()
        if each.owners or each.state in ("up", "degraded")
    ]
    workers = [f"worker:{each.name}" for each in snapshot.workers.value or () if each.state == "running"]
    components = [
        f"component:{service.name}:{name}"
        for service in snapshot.services.value or ()
        for name, state in service.components.items()
        if is_running(state)
    ]
    return (*services, *workers, *components)

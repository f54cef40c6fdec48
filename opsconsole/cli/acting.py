"""Carrying a verb out from the command line: plan, ask, submit, follow the journal, tell the result.

stdout carries the plan of a dry run and the result; progress and questions go to stderr. Without a terminal to ask
on, an action needs ``--yes``. Ctrl-C leaves off following: the action goes on, and the journal tells how it ended.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from opsconsole.cli.loading import load_or_exit
from opsconsole.cli.root import ExitCode, Options
from opsconsole.config.locate import state_directory
from opsconsole.model.plan import JournalEntry, Plan, PlanResult, Refusal, RefusalKind, Refused, Verb
from opsconsole.present.json import SCHEMA, encode
from opsconsole.present.plan import plan_text, proposals, refused_text, result_text, step_line

if TYPE_CHECKING:
    from opsconsole.act.submit import ReadyExecutor, Submitted

FOLLOW_EVERY_S = 0.05
INTERRUPTED = 130
_BY_KIND: dict[RefusalKind, int] = {
    "usage": ExitCode.USAGE,
    "unknown": ExitCode.UNKNOWN,
    "refused": ExitCode.REFUSED,
    "nothing": ExitCode.DONE,
}


class Manner(msgspec.Struct, frozen=True):
    """How an action's command was called."""

    dry_run: bool
    yes: bool
    as_json: bool


def action_options(command: Any) -> Any:
    """``--dry-run``, ``--yes``, ``--json``: the options of every command that changes something."""
    command = click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")(command)
    command = click.option("--yes", is_flag=True, help="Do it without asking.")(command)
    return click.option("--dry-run", is_flag=True, help="Show the plan; do nothing.")(command)


def perform(options: Options, verb: Verb, names: tuple[str, ...], manner: Manner, **details: Any) -> int:
    """Plan it, have it agreed to, carry it out, tell how it ended. Returns the exit status."""
    from opsconsole.act.glance import glance
    from opsconsole.act.planning import make_plan
    from opsconsole.act.policy import why_not_as_root, why_not_plan

    loaded = load_or_exit(options)
    if reason := why_not_plan(loaded, read_only=False):
        return refuse(Refused(verb, reason), manner)
    state_dir = state_directory(options.state_dir)
    if not manner.dry_run and (reason := why_not_as_root(loaded)):
        # A name that nothing has is a mistake whoever makes it, and is told as one.
        made = make_plan(verb, names, glance(loaded, verb, state_dir), loaded, dry_run=True, **details)
        return refuse(made if isinstance(made, Refused) and made.kind == "usage" else Refused(verb, reason), manner)
    with executor_at_hand(state_dir, manner) as ready:
        made = make_plan(verb, names, glance(loaded, verb, state_dir), loaded, dry_run=manner.dry_run, **details)
        if isinstance(made, Refused):
            return refuse(made, manner)
        submitted = _agree_and_submit(made, state_dir, manner, ready)
    if isinstance(submitted, int):
        return submitted
    status = _tell(made, follow(state_dir, made, _progress), manner)
    return _with_left_out(status, made.left_out) if names else status


@contextmanager
def executor_at_hand(state_dir: Path, manner: Manner) -> Iterator[ReadyExecutor | None]:
    """An executor that makes itself ready while the plan is made and read; it ends when it gets none.

    None where none will be wanted, and where none can be started: submitting says what is wrong.
    """
    from opsconsole.act.submit import ReadyExecutor

    ready = None
    if not manner.dry_run and (manner.yes or can_ask()):
        with suppress(OSError):
            ready = ReadyExecutor(state_dir)
    try:
        yield ready
    finally:
        if ready is not None:
            ready.close()


def _agree_and_submit(made: Plan, state_dir: Path, manner: Manner, ready: ReadyExecutor | None) -> Submitted | int:
    """Have it agreed to and hand it on; the exit status when that is the end of it."""
    if manner.dry_run:
        document: dict[str, Any] = {"dry_run": True, "steps": [], "verified": None}
        click.echo(_document(made, document) if manner.as_json else plan_text(made))
        return ExitCode.DONE
    from opsconsole.act.planning import changed
    from opsconsole.act.submit import submit

    if not manner.yes and not can_ask():
        return refuse(Refused(made.verb, "there is no terminal to ask on; --yes agrees beforehand"), manner, made)
    if not manner.yes:
        click.echo(plan_text(made), err=True)
        if not agrees():
            return refuse(Refused(made.verb, "not agreed to"), manner, made)
        if reason := changed(made):
            return refuse(Refused(made.verb, f"changed meanwhile: {reason}"), manner, made)
    submitted = submit(made, state_dir, ready=ready)
    return refuse(submitted, manner, made) if isinstance(submitted, Refused) else submitted


def agrees() -> bool | None:
    """What is answered to "Do it?". Ctrl-C and Ctrl-D are a no as well, to all that might be asked next: None."""
    try:
        return click.confirm("\nDo it?", default=False, err=True)
    except click.Abort:
        click.echo(err=True)
        return None


def can_ask() -> bool:
    """Whether there is a terminal to ask on; standard input may have been closed."""
    return sys.stdin is not None and sys.stdin.isatty()


def refuse(refused: Refused, manner: Manner, plan: Plan | None = None) -> int:
    """Tell why nothing was done. Returns the exit status."""
    if manner.as_json:
        document = {
            "result": refused.outcome,
            "reason": refused.reason,
            "steps": [],
            "verified": None,
            "refusals": msgspec.to_builtins(refused.refusals),
        }
        click.echo(_document(plan, document))
    else:
        click.echo(refused_text(refused), err=refused.kind != "nothing")
        if proposal := proposals(refused):
            click.echo(f"\n{proposal}", err=True)
    return _BY_KIND[refused.kind]


def follow(state_dir: Path, plan: Plan, tell: Callable[[str], None]) -> JournalEntry | None:
    """The plan's entry once it has ended; each step is told as it ends. None: it cannot be read, or Ctrl-C."""
    from opsconsole.act.journal_reader import JournalReader

    reader, told, watched = JournalReader(state_dir), 0, False
    try:
        while True:
            reading = reader.entry(plan.id)
            entry = reading.value
            if entry is None:
                tell(reading.reason)
                return None
            while told < len(entry.steps) and (entry.steps[told].ended is not None or entry.state == "finished"):
                tell(step_line(entry.steps[told]))
                told += 1
            if entry.state in ("finished", "abandoned"):
                return entry
            if entry.state == "watching" and not watched:
                watched = True
                tell(f"verified; watched for {plan.watch_s:g}s whether anything comes back")
            time.sleep(FOLLOW_EVERY_S)
    except KeyboardInterrupt:
        tell(f"the action goes on; `opsconsole journal {plan.id}` tells how it ended")
        sys.exit(INTERRUPTED)


def _progress(text: str) -> None:
    click.echo(text, err=True)


def _tell(plan: Plan, entry: JournalEntry | None, manner: Manner) -> int:
    if entry is None:
        if manner.as_json:
            reason = f"how it ended cannot be read; `opsconsole journal {plan.id}` may tell"
            click.echo(_document(plan, {"result": "failed", "reason": reason, "steps": [], "verified": None}))
        return ExitCode.UNKNOWN
    result = entry.result
    if entry.state == "abandoned" or result is None:
        reason = "the executor ended before the plan did; nothing is resumed"
        result = PlanResult(plan=entry.plan.id, result="failed", verified=None, ended=time.time(), reason=reason)
    if manner.as_json:
        times = {"confirmed": entry.confirmed, "took_s": entry.took_s}
        document = {**msgspec.to_builtins(result), **times, "steps": msgspec.to_builtins(entry.steps)}
        click.echo(_document(entry.plan, document))
    else:
        click.echo(result_text(result, entry.took_s))
    return exit_status(result)


def exit_status(result: PlanResult) -> int:
    """0 done (or nothing to do), 1 failed or not verified, 3 done and a check could not be read, 4 refused."""
    if result.result == "refused":
        return ExitCode.REFUSED
    if result.result == "failed" or result.verified is False:
        return ExitCode.FOUND
    if result.result == "done" and result.verified is None:
        return ExitCode.UNKNOWN
    return ExitCode.DONE


def _with_left_out(status: int, left_out: tuple[Refusal, ...]) -> int:
    """The exit status when some of what was named was not even begun: never 0, and 4 only if nothing was done."""
    for each in left_out:
        click.echo(f"left out: {each.subject}: {each.reason}", err=True)
    kinds = {each.kind for each in left_out}
    if status == ExitCode.DONE and "refused" in kinds:
        return ExitCode.FOUND
    return ExitCode.UNKNOWN if status == ExitCode.DONE and "unknown" in kinds else status


def _document(plan: Plan | None, fields: dict[str, Any]) -> str:
    return encode({"schema": SCHEMA, **fields, "plan": None if plan is None else msgspec.to_builtins(plan)})

"""`journal`: what was done, step by step, and what is true now of what was left unfinished."""

from __future__ import annotations

import sys
from typing import Any

import click
import msgspec

from opsconsole.cli.root import ExitCode, Options, shared_options
from opsconsole.config.locate import state_directory
from opsconsole.model.plan import JournalEntry
from opsconsole.model.reading import Reading
from opsconsole.present.json import SCHEMA, encode
from opsconsole.present.plan import entry_line, plan_text, result_text, step_line


@click.command()
@shared_options
@click.argument("plan", required=False)
@click.option("-n", "limit", type=click.IntRange(min=1), default=20, show_default=True, help="How many plans.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@click.pass_context
def journal(ctx: click.Context, plan: str | None, limit: int, as_json: bool) -> None:
    """Plans, newest first; with a PLAN's id that one with all its steps.

    Exit 2 when there is no such plan, 3 when the journal cannot be read.
    """
    from opsconsole.act.journal_reader import JournalReader

    reader = JournalReader(state_directory(ctx.ensure_object(Options).state_dir))
    reading: Reading[Any] = reader.entries(limit) if plan is None else reader.entry(plan)
    if reading.value is None:
        click.echo(reading.reason, err=True)
        # A journal that was read and has no such plan: the name is wrong, like any other.
        sys.exit(ExitCode.USAGE if plan is not None and reader.entries(1).value is not None else ExitCode.UNKNOWN)
    entries: tuple[JournalEntry, ...] = reading.value if plan is None else (reading.value,)
    if as_json:
        click.echo(encode({"schema": SCHEMA, "entries": [_document(entry) for entry in entries]}))
    elif plan is not None:
        click.echo(_in_full(entries[0]))
    else:
        for entry in entries:
            click.echo("\n".join([entry_line(entry), *_truth(entry)]))
        if not entries:
            click.echo("nothing has been done yet", err=True)


def _truth(entry: JournalEntry) -> list[str]:
    """What has become of the targets of a plan that nobody carries out any more."""
    from opsconsole.act.journal_reader import truth_now

    return [f"  now: {line}" for line in truth_now(entry)] if entry.state == "abandoned" else []


def _in_full(entry: JournalEntry) -> str:
    steps = [step_line(step) for step in entry.steps]
    ended = [result_text(entry.result, entry.took_s)] if entry.result is not None else []
    return "\n".join([entry_line(entry), "", plan_text(entry.plan), "", *steps, *ended, *_truth(entry)])


def _document(entry: JournalEntry) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.to_builtins(entry)
    return {**document, "now": [line.removeprefix("  now: ") for line in _truth(entry)]}

"""`report`: the incident report, from what is true now and what the journal tells was done."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click
import msgspec

from opsconsole.cli.loading import load_or_exit
from opsconsole.cli.root import ExitCode, Options, shared_options
from opsconsole.config.locate import called, state_directory
from opsconsole.config.types import Config
from opsconsole.diagnose import diagnose
from opsconsole.engine import Engine
from opsconsole.model.finding import Diagnosis
from opsconsole.model.snapshot import Snapshot


@click.command()
@shared_options
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Default: standard output.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of Markdown.")
@click.pass_context
def report(ctx: click.Context, output: Path | None, as_json: bool) -> None:
    """Write the report: state, issues with evidence and cause, fixes, targets, action plan, samples.

    Exit 0 when it was written, whatever it says; 3 when something in it could not be judged and nothing is wrong.
    """
    from opsconsole.act.journal_reader import JournalReader, user_names
    from opsconsole.engine.history_file import KEPT_EVENTS, read_events
    from opsconsole.present.incident_report import incident_report
    from opsconsole.present.json import SCHEMA, diagnose_document, encode
    from opsconsole.present.put_right import course_of
    from opsconsole.present.report import Facts, markdown, report_document

    options = ctx.ensure_object(Options)
    engine = Engine(load_or_exit(options), state_dir=state_directory(options.state_dir))
    snapshot = engine.collect_once()
    journal = JournalReader(state_directory(options.state_dir)).entries()
    events = read_events(state_directory(options.state_dir), KEPT_EVENTS, snapshot.at)
    if events.reason:
        click.echo(f"what was put right before is not known: {events.reason}", err=True)
    found = snapshot.diagnosis or diagnose(snapshot, engine.loaded.config)
    facts = Facts(
        snapshot=snapshot,
        diagnosis=_with_trend(found, snapshot, engine.loaded.config, state_directory(options.state_dir)),
        entries=journal.value or (),
        journal_reason=journal.reason,
        users=user_names(journal.value or ()),
        config=engine.loaded.config,
        course=course_of(events.value or (), snapshot.at),
        called=called(engine.loaded.path, state_directory(options.state_dir)),
    )
    made = incident_report(facts)
    if as_json:
        whole = diagnose_document(snapshot, facts.diagnosis)
        written = encode({"schema": SCHEMA, **report_document(made, facts), "diagnosis": whole}) + "\n"
    else:
        written = markdown(made)
    if output is None:
        click.echo(written, nl=False)
    else:
        _write(output, written)
    sys.exit(ExitCode.UNKNOWN if facts.diagnosis.unknown and not facts.diagnosis.findings else ExitCode.DONE)


def _with_trend(found: Diagnosis, snapshot: Snapshot, config: Config, state_dir: Path) -> Diagnosis:
    """The same, its targets with their trend since the console began to keep what their metrics were."""
    from opsconsole.diagnose.targets import Targets
    from opsconsole.engine.target_samples import TargetSamples

    samples, targets = TargetSamples(state_dir), Targets()
    if problem := samples.read():
        click.echo(problem, err=True)
    targets.take(samples.first())
    return msgspec.structs.replace(found, targets=targets.look(snapshot, config, found.score))


def _write(path: Path, written: str) -> None:
    try:
        # Command lines and log lines are in it: whoever may read it is its owner's to say, by changing its mode.
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(written)
    except OSError as error:
        click.echo(f"{path}: {error.strerror}", err=True)
        sys.exit(ExitCode.USAGE)
    click.echo(f"wrote {path}", err=True)

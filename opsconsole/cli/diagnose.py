"""`diagnose`: what is wrong, with its evidence, and the score."""

from __future__ import annotations

import shutil
import sys

import click

from opsconsole.cli.loading import load_or_exit
from opsconsole.cli.root import ExitCode, Options, shared_options
from opsconsole.config.locate import state_directory
from opsconsole.diagnose import diagnose as diagnosed
from opsconsole.engine import Engine


@click.command()
@shared_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@click.pass_context
def diagnose(ctx: click.Context, as_json: bool) -> None:
    """What is wrong, why, and how it is put right.

    Exit 0 when nothing is, 1 with findings, 3 when there is none but something could not be judged.
    """
    from opsconsole.cli.locale import ascii_only
    from opsconsole.present.findings import diagnosis_lines
    from opsconsole.present.glyphs import glyphs
    from opsconsole.present.json import diagnose_document, encode

    options = ctx.ensure_object(Options)
    engine = Engine(load_or_exit(options), state_dir=state_directory(options.state_dir))
    snapshot = engine.collect_once()
    diagnosis = snapshot.diagnosis or diagnosed(snapshot, engine.loaded.config)
    if as_json:
        click.echo(encode(diagnose_document(snapshot, diagnosis)))
    else:
        width = shutil.get_terminal_size(fallback=(120, 24)).columns
        click.echo("\n".join(diagnosis_lines(diagnosis, width, glyphs(ascii_only()), snapshot.demo)))
    if diagnosis.findings:
        sys.exit(ExitCode.FOUND)
    sys.exit(ExitCode.UNKNOWN if diagnosis.unknown else ExitCode.DONE)

"""`fix`: remedies of findings, in the order of their dependence, each verified by evidence collected again.

It watches the machine while it works: what is planned is what is seen then, and a finding counts as closed only when
its source was read anew and no longer shows it. The first plan that fails ends it; one that is refused, or not agreed
to, touched nothing, and only what it causes waits for it.
"""

from __future__ import annotations

import sys
from typing import Any

import click

from opsconsole.cli.acting import Manner, action_options, can_ask
from opsconsole.cli.loading import load_or_exit
from opsconsole.cli.root import ExitCode, Options, shared_options
from opsconsole.config.locate import state_directory


@click.command()
@shared_options
@action_options
@click.argument("findings", nargs=-1, metavar="FINDING...")
@click.option("--all", "everything", is_flag=True, help="Everything that can be put right from here.")
@click.pass_context
def fix(
    ctx: click.Context, findings: tuple[str, ...], everything: bool, dry_run: bool, yes: bool, as_json: bool
) -> None:
    """Put findings right, one after the other: plan, confirm, do, look again.

    FINDING is an id that `diagnose` tells. Exit 0 when all of them are closed, 1 when one failed or still holds,
    3 when it could not be read whether one holds, 4 when all was refused and nothing changed.
    """
    from opsconsole.act.policy import why_not_as_root, why_not_plan
    from opsconsole.cli.fixing import Fixing, usage_of

    if everything == bool(findings):
        raise click.UsageError("name findings, or say --all; `opsconsole diagnose` tells their ids")
    options, manner = ctx.ensure_object(Options), Manner(dry_run, yes, as_json)
    loaded = load_or_exit(options)
    if mistake := usage_of(findings):
        raise click.UsageError(mistake)
    if reason := why_not_plan(loaded, read_only=False) or ("" if dry_run else why_not_as_root(loaded)):
        sys.exit(_refuse(reason, manner))
    if not yes and not dry_run and not can_ask():
        sys.exit(_refuse("there is no terminal to ask on; --yes agrees beforehand", manner))
    fixing = Fixing(loaded, state_directory(options.state_dir), manner)
    with fixing:
        status = fixing.run(findings)
    _tell(fixing.document(), manner)
    sys.exit(status)


def _refuse(reason: str, manner: Manner) -> int:
    """Tell why nothing is put right at all. Returns the exit status."""
    from opsconsole.present.json import SCHEMA, encode

    if manner.as_json:
        told: dict[str, Any] = {"schema": SCHEMA, "dry_run": manner.dry_run, "result": "refused", "reason": reason}
        click.echo(encode({**told, "plan": None, "plans": [], "steps": [], "verified": None, "fixes": []}))
    else:
        click.echo(f"Fix: refused: {reason}", err=True)
    return ExitCode.REFUSED


def _tell(document: dict[str, Any], manner: Manner) -> None:
    from opsconsole.present.json import encode

    if manner.as_json:
        click.echo(encode(document))
        return
    for one in document["fixes"]:
        closed = {True: "closed", False: "still holds", None: ""}[one["closed"]]
        told = ", ".join(word for word in (one["result"] or "", closed, one["reason"]) if word)
        if told:
            click.echo(f"{one['finding']}: {told}")
    for finding_id in document["by_hand"]:
        click.echo(f"{finding_id}: by hand, see `opsconsole diagnose`")
    if document["score_before"] is None or document["score_after"] is None:
        click.echo(f"Fix: {document['reason']}" if "reason" in document else "Fix: it is not known how things are")
    elif "result" in document:
        click.echo(f"health {document['score_before']:.1f} before, {document['score_after']:.1f} now")

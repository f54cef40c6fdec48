"""`status`, `probe`, `watch`: looking, without any way to change anything."""

from __future__ import annotations

import errno
import os
import signal
import sys
import threading
from collections import deque
from types import FrameType

import click

from opsconsole.cli.loading import load_or_exit
from opsconsole.cli.root import ExitCode, Options, shared_options
from opsconsole.config.locate import state_directory
from opsconsole.engine import Engine
from opsconsole.model.plan import READ_ONLY_VARIABLE
from opsconsole.model.reading import Reading
from opsconsole.model.snapshot import Snapshot

MIN_INTERVAL_S = 0.2
LOOK_AGAIN_S = 0.05
"""Between two looks whether the first block is there: a signal must not wait for it."""


@click.command()
@shared_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@click.pass_context
def status(ctx: click.Context, as_json: bool) -> None:
    """One look at everything. Exit 3 when a source could not be read."""
    options = ctx.ensure_object(Options)
    snapshot = Engine(load_or_exit(options), state_dir=state_directory(options.state_dir)).collect_once()
    if as_json:
        from opsconsole.present.json import encode, status_document

        click.echo(encode(status_document(snapshot)))
    else:
        _echo_block(snapshot)
    sys.exit(ExitCode.UNKNOWN if _unknown(snapshot) else ExitCode.DONE)


@click.command()
@shared_options
@click.argument("names", nargs=-1, metavar="[SITE]...")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@click.pass_context
def probe(ctx: click.Context, names: tuple[str, ...], as_json: bool) -> None:
    """Check sites and health URLs now: all, or those named.

    Exit 0 when all are as expected, 1 when one is not, 3 when one could not be told.
    """
    from opsconsole.present.json import encode, probe_document
    from opsconsole.present.plain import probe_lines

    loaded = load_or_exit(ctx.ensure_object(Options))
    known = [site.name for site in loaded.config.site]
    known += [service.name for service in loaded.config.service if service.url]
    if not known:
        click.echo("nothing to probe: add [[site]] with name and url, or url to a [[service]]", err=True)
        sys.exit(ExitCode.USAGE)
    if missing := [name for name in names if name not in known]:
        click.echo(f"no site or health URL named {missing[0]!r}; there are: {', '.join(known)}", err=True)
        sys.exit(ExitCode.USAGE)
    snapshot = _only(Engine(loaded).collect_once(), names or tuple(known))
    if as_json:
        click.echo(encode(probe_document(snapshot)))
    else:
        click.echo(probe_lines(snapshot))
    states = [item.state for reading in (snapshot.sites, snapshot.services) for item in reading.value or ()]
    if "unknown" in states or "unknown" in (snapshot.sites.state, snapshot.services.state):
        sys.exit(ExitCode.UNKNOWN)
    sys.exit(ExitCode.DONE if set(states) <= {"up"} else ExitCode.FOUND)


@click.command()
@shared_options
@click.option("--plain", is_flag=True, help="Lines for a pipe or a dumb terminal: one block per interval.")
@click.option("--interval", type=click.FloatRange(min=MIN_INTERVAL_S), metavar="S", help="Seconds between two looks.")
@click.pass_context
def watch(ctx: click.Context, plain: bool, interval: float | None) -> None:
    """The console's screen, read-only: it has no way to change anything."""
    options = ctx.ensure_object(Options)
    # Whatever may be started from here refuses to act as well.
    os.environ[READ_ONLY_VARIABLE] = "1"
    if not plain:
        from opsconsole.cli.screen import open_console

        sys.exit(open_console(options, read_only=True, refresh_s=interval))
    state_dir = state_directory(options.state_dir)
    sys.exit(_watch_plain(Engine(load_or_exit(options), refresh_s=interval, state_dir=state_dir)))


def _watch_plain(engine: Engine) -> int:
    ended = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        ended.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)

    newest: deque[Snapshot] = deque(maxlen=1)
    engine.start(newest.append, complete=True)
    wait_s = LOOK_AGAIN_S
    while not ended.wait(wait_s):
        wait_s = LOOK_AGAIN_S
        if not newest:
            continue
        # Taken away: the same look is not told twice.
        snapshot = newest.pop()
        wait_s = max(engine.interval_s - LOOK_AGAIN_S, LOOK_AGAIN_S)
        try:
            _echo_block(snapshot)
        except OSError as error:
            engine.stop()
            if error.errno != errno.EPIPE:
                raise
            # Whoever read the pipe has gone: nobody is left to tell, and Python must not try again at exit.
            sys.stdout = None
            return ExitCode.DONE
    engine.stop()
    return ExitCode.DONE


def _echo_block(snapshot: Snapshot) -> None:
    import shutil

    from opsconsole.cli.locale import ascii_only
    from opsconsole.present.glyphs import glyphs
    from opsconsole.present.plain import plain_block

    width = shutil.get_terminal_size(fallback=(120, 24)).columns
    click.echo(plain_block(snapshot, width, glyphs(ascii_only())), nl=False)


def _unknown(snapshot: Snapshot) -> bool:
    readings: tuple[Reading[object], ...] = (
        snapshot.services,
        snapshot.workers,
        snapshot.sessions,
        snapshot.environments,
        snapshot.system,
        snapshot.sites,
        snapshot.queue,
    )  # type: ignore[assignment]  # Reading is invariant; only the state is looked at
    return any(reading.state == "unknown" for reading in readings)


def _only(snapshot: Snapshot, names: tuple[str, ...]) -> Snapshot:
    """The same snapshot with only these sites, and these services that have a health URL."""
    import msgspec

    sites = tuple(site for site in snapshot.sites.value or () if site.name in names)
    services = tuple(service for service in snapshot.services.value or () if service.url and service.name in names)
    return msgspec.structs.replace(
        snapshot,
        sites=msgspec.structs.replace(snapshot.sites, value=sites) if snapshot.sites.ok else snapshot.sites,
        services=msgspec.structs.replace(snapshot.services, value=services)
        if snapshot.services.ok
        else snapshot.services,
    )

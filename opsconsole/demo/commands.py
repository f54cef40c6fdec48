"""What `opsconsole demo` does apart from the screen: building a fleet for others to look at, and cleaning up."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

import msgspec

from opsconsole.config.locate import state_directory
from opsconsole.demo.abandoned import remove_abandoned
from opsconsole.demo.registration import DemoError, registrations
from opsconsole.demo.sandbox import Sandbox

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LOOK_AGAIN_S = 0.5


class DemoOptions(msgspec.Struct, frozen=True):
    healthy: bool = False
    scale: int = 1
    weight_mb: int = 0
    keep: bool = False
    directory: Path | None = None


class _Asked(BaseException):
    """A signal asked for the end."""


def headless(options: DemoOptions, stdout: TextIO) -> int:
    """Build the fleet, print one JSON line that says where it is, stay until ended. Returns the exit status.

    ``pid`` in that line is the process whose SIGTERM ends the fleet. Kept, the fleet outlives us.
    """
    try:
        with _ended_by_signals(), build(options) as sandbox:
            stdout.write(json.dumps(_where(sandbox)) + "\n")
            stdout.flush()
            if sandbox.kept:
                sys.stderr.write(f"{how_to_go_on(sandbox)}\n")
            while sandbox.running:
                time.sleep(_LOOK_AGAIN_S)
    except _Asked:
        pass
    except DemoError as failure:
        sys.stderr.write(f"opsconsole: {failure}\n")
        return 1
    return 0


def on_screen(options: DemoOptions, show: Callable[[Sandbox], int]) -> int:
    """Build the fleet, show it until ``show`` returns, end it. Returns the exit status.

    While it is shown signals are the screen's own affair; should it die of one, the fleet dies with it all the same.
    """
    sys.stderr.write("building the sandbox\n")
    began = time.time()
    try:
        with _ended_by_signals():
            sandbox = build(options)
        try:
            return show(sandbox)
        except KeyboardInterrupt:
            return 128 + signal.SIGINT
        finally:
            _ignore_signals()
            sandbox.close()
            with contextlib.suppress(OSError):  # the terminal may have gone
                sys.stderr.write(f"{how_to_go_on(sandbox) if sandbox.kept else what_is_left(began)}\n")
    except _Asked:
        return 0
    except DemoError as failure:
        sys.stderr.write(f"opsconsole: {failure}\n")
        return 1


def build(options: DemoOptions) -> Sandbox:
    """The sandbox these options ask for."""
    sandbox = Sandbox.build(options.healthy, options.scale, options.weight_mb, options.directory)
    if options.keep:
        sandbox.keep()
    return sandbox


def how_to_go_on(sandbox: Sandbox) -> str:
    """For people: how a kept one is looked at, and how it is ended."""
    return (
        "the sandbox stays until it is ended\n"
        f"  a console on it:  opsconsole --config {sandbox.config_path} --state-dir {sandbox.state_dir}\n"
        f"  to end it:        kill {sandbox.holder.pid}"
    )


def what_is_left(began: float) -> str:
    """For people: that the sandbox has gone, and which of the reports written since ``began`` are kept where."""
    from opsconsole.ui.report_file import FOLDER

    told = "the sandbox is gone, with its processes, files and tmux server"
    with contextlib.suppress(OSError):
        paths = sorted((state_directory(None) / FOLDER).glob("demo-*.md"))
        kept = [path for path in paths if path.stat().st_mtime >= began]
        return "\n".join((f"{told}; what you had written is kept:" if kept else told, *(f"  {path}" for path in kept)))
    return told


def clean() -> int:
    """Remove what demos that were killed have left; tell what is left alone. Returns the exit status."""
    try:
        removed, refused = remove_abandoned()
        standing = registrations()
    except DemoError as failure:
        sys.stderr.write(f"opsconsole: {failure}\n")
        return 1
    for directory in removed:
        sys.stderr.write(f"removed {directory}\n")
    for problem in refused:
        sys.stderr.write(f"opsconsole: {problem}\n")
    for registration in standing:
        header = registration.header
        if not registration.abandoned:
            holder = header.holder.pid if header.holder else header.owner.pid
            sys.stderr.write(f"in use: {header.directory}; to end it: kill {holder}\n")
    return 1 if refused else 0


def _where(sandbox: Sandbox) -> dict[str, object]:
    return {
        "config": str(sandbox.config_path),
        "state_dir": str(sandbox.state_dir),
        "home": str(sandbox.home),
        "tmux_socket": str(sandbox.tmux_socket),
        "pid": sandbox.holder.pid if sandbox.kept else os.getpid(),
    }


@contextlib.contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Signals that end a program raise _Asked in here, so that what was begun is put away."""
    before = {number: signal.signal(number, _raise) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _raise(_number: int, _frame: object) -> None:
    _ignore_signals()  # asked twice, it must still come to an orderly end
    raise _Asked


def _ignore_signals() -> None:
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)

"""The process that holds a sandbox up: builds it, adopts what its programs leave behind, and ends all of it.

Started by ``Sandbox.build`` as ``python -m opsconsole.demo.holder``, told what to build by one JSON line on stdin, and
answers with one on stdout. It ends the sandbox when its owner is gone, whatever ended it, when stdin is closed, and
on SIGINT, SIGTERM or SIGHUP. After ``keep`` on stdin only a signal ends it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import selectors
import signal
import sys
import time
from pathlib import Path

import msgspec

from opsconsole.demo.blueprint import blueprint
from opsconsole.demo.ending import end
from opsconsole.demo.expected import Expected
from opsconsole.demo.fleet import Fleet
from opsconsole.demo.layout import Layout
from opsconsole.demo.processes import alive, identity
from opsconsole.demo.readings import TICK_S
from opsconsole.demo.registration import DemoError, Registration, read_registration
from opsconsole.demo.starter import Starter

_PR_SET_CHILD_SUBREAPER = 36
RESPONDS_IN_S = 1.0
"""How often it is looked which sessions sleep."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Order(msgspec.Struct, frozen=True):
    """What to build."""

    folder: str
    """Of the registration."""
    healthy: bool
    scale: int
    weight_mb: int


class Answer(msgspec.Struct, frozen=True):
    """What came of it."""

    expected: Expected | None = None
    error: str = ""


class _Ended(BaseException):
    """A signal asked for the end. Not an Exception: nothing on the way may take it for a failure."""


def main() -> None:
    order = msgspec.json.decode(sys.stdin.buffer.readline(), type=Order)
    registration = read_registration(Path(order.folder))
    if registration is None:
        sys.exit(f"no sandbox is registered in {order.folder}")
    for number in _SIGNALS:
        signal.signal(number, _asked_to_end)
    try:
        _hold(order, registration)
    except _Ended:
        pass
    finally:
        _ignore_signals()
        end(registration, after_round=_reap)


def _hold(order: Order, registration: Registration) -> None:
    registration.rewrite(msgspec.structs.replace(registration.header, holder=identity(os.getpid())))
    registration.record(identity(os.getpid()), "holder")
    # Daemons that leave their parent come to us, not to init: so descent finds them.
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    layout = Layout(registration.directory, registration.tmux_socket)
    try:
        fleet = Fleet(blueprint(order.healthy, order.scale), layout, Starter(layout, registration), order.weight_mb)
        expected = fleet.build(registration.header.token)
    except DemoError as failure:
        _say(Answer(error=str(failure)))
        return
    except OSError as failure:
        _say(Answer(error=f"cannot build the sandbox: {failure}"))
        return
    _say(Answer(expected))
    _stay(registration, fleet)


def _stay(registration: Registration, fleet: Fleet) -> None:
    """Move the readings, read the terminal, collect the dead, until it is time to end."""
    with selectors.DefaultSelector() as selector, contextlib.ExitStack() as stack:
        os.set_blocking(0, False)
        selector.register(0, selectors.EVENT_READ)
        owner = _watch(registration, selector, stack)
        due = look_due = time.monotonic()
        while True:
            for key, _ in selector.select(max(0.0, due - time.monotonic())):
                if key.fd == owner:
                    return
                if os.read(0, 65536) != b"keep\n":
                    return
                registration.rewrite(msgspec.structs.replace(registration.header, kept=True))
                selector.unregister(0)
                if owner is not None:
                    selector.unregister(owner)
                _say(Answer())
            if time.monotonic() >= due:
                due = max(due + TICK_S, time.monotonic())
                if due >= look_due:
                    look_due = due + RESPONDS_IN_S
                    fleet.respond()
                fleet.readings.advance()
                fleet.agents.drain()
                _reap()


def _watch(registration: Registration, selector: selectors.BaseSelector, stack: contextlib.ExitStack) -> int | None:
    """A descriptor that becomes readable when the owner has ended; None when it has already."""
    owner = registration.header.owner
    try:
        descriptor = os.pidfd_open(owner.pid)
    except ProcessLookupError:
        raise _Ended from None
    stack.callback(os.close, descriptor)
    if not alive(owner):
        raise _Ended
    selector.register(descriptor, selectors.EVENT_READ)
    return descriptor


def _reap() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _say(answer: Answer) -> None:
    with contextlib.suppress(BrokenPipeError):
        os.write(1, msgspec.json.encode(answer) + b"\n")


def _asked_to_end(_number: int, _frame: object) -> None:
    _ignore_signals()  # asked twice, it must still come to an orderly end
    raise _Ended


def _ignore_signals() -> None:
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)


if __name__ == "__main__":
    main()

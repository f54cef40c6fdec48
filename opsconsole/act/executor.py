"""The executor: ``python -m opsconsole.act.executor STATE_DIR [PLAN]``: carries out one plan of the journal, then ends.

Without a plan's id it makes itself ready and waits for one on its standard input: on a busy machine the operator's
confirmation need not wait for an interpreter to start. When the input ends instead, it ends.

It detaches itself before anything else, so that it outlives the console and its link. Then it takes the plan from
the journal (once: a second executor finds it taken), asks policy again, and runs the plan's subplans side by side,
each under its locks: steps, checks, and where the verb has one a watch. Results go to the journal; nothing is
resumed that another executor has left behind.
"""

from __future__ import annotations

import os
import sys


def main(arguments: list[str]) -> int:
    """Entry point. The half that was started ends at once; what it returns says only that it has detached."""
    if len(arguments) not in (1, 2):
        sys.stderr.write("usage: python -m opsconsole.act.executor STATE_DIR [PLAN]\n")
        return 2
    if os.fork() != 0:
        os._exit(0)
    _settle()
    _give_back()
    from pathlib import Path

    from opsconsole.act.carry import carry_out

    plan_id = arguments[1] if len(arguments) == 2 else _wait_for_plan()
    return carry_out(Path(arguments[0]), plan_id) if plan_id else 0


def _wait_for_plan() -> str:
    """The id that comes on standard input; empty when it ends. What a plan will need is imported meanwhile."""
    import opsconsole.act.looking  # noqa: F401  # a restart looks before its first signal
    from opsconsole.act.verbs import MODULES, module_of

    for verb in MODULES:
        module_of(verb)
    line = os.read(0, 200)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    return line.decode("ascii", "replace").strip()


def _give_back() -> None:
    """The environment as the operator has it: PYTHONPATH was changed so that this process finds its own modules."""
    from opsconsole.act.own_environment import own_environment
    from opsconsole.model.plan import OWN_PATH_VARIABLE

    for name in os.environ.keys() - own_environment().keys():
        del os.environ[name]
    own = os.environ.pop(OWN_PATH_VARIABLE, None)
    os.environ.pop("PYTHONPATH", None)
    if own is not None:
        os.environ["PYTHONPATH"] = own


def _settle() -> None:
    """A process of its own, deaf to what ends a terminal's: signals have handlers, which exec resets for children."""
    import signal

    os.umask(0o022)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    for number in signal.valid_signals():
        if number not in (signal.SIGKILL, signal.SIGSTOP) and signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, lambda _number, _frame: None)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The verbs: one module each, and one line here. A verb's module is imported when the verb is used.

A module has three functions:

- ``plan(request)`` yields a Subplan for each subject, or a Refusal with the reason. It only looks.
- ``execute(job)`` takes the steps of one subplan, on a thread of its own, each through ``job.step``; raises
  ``StepFailed`` when it cannot go on.
- ``verify(job)`` looks again, with the same collectors as the console, until the condition holds or its deadline has
  passed, and says what it saw.

It may have a fourth: ``watch(job)`` looks on for a while after ``verify`` was content, when the locks are free again
and the result is on the screen, and says whether it has stayed so.
And a fifth: ``end(job)`` is the first half of ``execute``, taken beforehand where some subjects of a plan mind others:
all of them are ended, minders first, before the first of them is started again.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol, cast

from opsconsole.act.request import Part, Request
from opsconsole.model.plan import Verb

if TYPE_CHECKING:
    from opsconsole.act.job import Job, Verification

MODULES: dict[Verb, str] = {
    "kill-duplicates": "kill_duplicates",
    "restart": "restart",
    "start": "start",
    "stop": "stop",
    "terminate": "terminate",
    "write-pid-file": "write_pid_file",
    "remove-pid-file": "remove_pid_file",
    "delete-environment": "delete_environment",
    "prune-environments": "prune_environments",
    "probe": "probe",
    "command": "command",
    "hibernate": "hibernate",
    "wake": "wake",
}
"""Verb to its module in this package."""


class VerbModule(Protocol):
    """What every module of this package is."""

    def plan(self, request: Request) -> Iterable[Part]: ...

    def execute(self, job: Job) -> None: ...

    def verify(self, job: Job) -> Verification: ...


def module_of(verb: Verb) -> VerbModule:
    """The module of this verb. KeyError for a verb that nothing does yet."""
    return cast("VerbModule", importlib.import_module(f"{__name__}.{MODULES[verb]}"))

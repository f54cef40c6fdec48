"""The one door from the screen to what changes the machine. Watch mode never opens it.

The screen knows plans, as the model has them, and this protocol. `open_door` alone imports ``opsconsole.act``, when it
is called; the console's process calls it and hands the door in, and without a door every key that changes something
says "read-only".
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from opsconsole.config.types import LoadedConfig
from opsconsole.model.identity import ProcessId
from opsconsole.model.plan import Plan, Refused, Verb
from opsconsole.model.snapshot import Snapshot


@dataclass(frozen=True)
class Wish:
    """What a key asks for: a verb, of whom, and what the operator saw then."""

    verb: Verb
    names: tuple[str, ...]
    snapshot: Snapshot
    loaded: LoadedConfig
    """The config in force then."""
    expected: tuple[ProcessId, ...] = ()
    """The processes that the operator saw behind pids."""
    keep: int | None = None
    """Of duplicates that nothing tells apart: the pid that the operator wants to stay."""
    action: str = ""
    """Name of the own command."""
    listed: bool = False
    """Of hibernation: all sessions, those too that a person has to choose; they are chosen from in a list."""
    findings: tuple[str, ...] = ()
    """Ids of the findings that it is to put right."""
    notes: tuple[str, ...] = ()
    """What has to be known before it is agreed to, beside the plan."""
    then: tuple[str, ...] = ()
    """Ids of the findings that come after it, once it has been agreed to."""
    place: str = ""
    """Which of several plans it is: ``2 of 6``."""

    def is_like(self, other: Wish) -> bool:
        """Whether it asks for the same, whatever was seen."""
        mine = (self.verb, self.names, self.expected, self.keep, self.action, self.listed)
        return mine == (other.verb, other.names, other.expected, other.keep, other.action, other.listed)


class Offer(Protocol):
    """A plan that the operator is asked about. All of it but ``plan`` and ``choose`` blocks: not on the event loop."""

    @property
    def plan(self) -> Plan: ...

    def choose(self, keys: Collection[str]) -> None:
        """From now on the plan is about these of its subjects alone. Does not block."""
        ...

    def changed(self) -> str:
        """What of the plan's targets is not any more as it was planned; empty while all is."""
        ...

    def submit(self) -> str:
        """Record the plan and hand it to an executor of its own. Why that could not be done; empty when it was."""
        ...

    def withdraw(self) -> None:
        """It is not wanted: whoever waited to carry it out may go."""
        ...


class Acting(Protocol):
    """What the screen may ask of the side that acts."""

    @property
    def verbs(self) -> frozenset[str]:
        """The verbs that there is code for. Does not block."""
        ...

    def refused(self, loaded: LoadedConfig) -> str:
        """Why nothing at all may be changed under this config; empty when it may. Does not block."""
        ...

    def plan(self, wish: Wish) -> Offer | Refused:
        """Look at the machine again and freeze the targets; blocks for some ten milliseconds."""
        ...


def open_door(state_dir: Path) -> Acting:
    """The way to act, with its journal in ``state_dir``."""
    from opsconsole.act.planning import changed, make_plan
    from opsconsole.act.policy import why_not_act
    from opsconsole.act.submit import ReadyExecutor, submit
    from opsconsole.act.verbs import MODULES

    class PlanOnOffer:
        def __init__(self, plan: Plan, ready: ReadyExecutor | None) -> None:
            self._whole = self.plan = plan
            self._ready = ready

        def choose(self, keys: Collection[str]) -> None:
            self.plan = self._whole.only(keys)

        def changed(self) -> str:
            return changed(self.plan)

        def submit(self) -> str:
            ready, self._ready = self._ready, None
            submitted = submit(self.plan, state_dir, ready=ready)
            return submitted.reason if isinstance(submitted, Refused) else ""

        def withdraw(self) -> None:
            ready, self._ready = self._ready, None
            if ready is not None:
                ready.close()

    class Door:
        verbs = frozenset[str](MODULES)

        def refused(self, loaded: LoadedConfig) -> str:
            return why_not_act(loaded, read_only=False)

        def plan(self, wish: Wish) -> Offer | Refused:
            # Started while the plan is made and read: the confirmation need not wait for an interpreter.
            ready = _ready_executor()
            made = make_plan(
                wish.verb,
                wish.names,
                wish.snapshot,
                wish.loaded,
                expected=wish.expected,
                keep=wish.keep,
                action=wish.action,
                doubtful=wish.listed,
            )
            if isinstance(made, Refused):
                if ready is not None:
                    ready.close()
                return made
            return PlanOnOffer(made, ready)

    def _ready_executor() -> ReadyExecutor | None:
        try:
            return ReadyExecutor(state_dir)
        except OSError:
            return None  # submitting starts another, or says why it cannot

    return Door()

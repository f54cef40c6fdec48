"""What was asked for, and what every verb needs to make a plan of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from opsconsole.act import living
from opsconsole.act.policy import Bounds, bounds_of
from opsconsole.config.types import LoadedConfig
from opsconsole.model.identity import ProcessId
from opsconsole.model.plan import Refusal, RefusalKind, Subplan, Survivor, Verb
from opsconsole.model.snapshot import Snapshot
from opsconsole.model.text import clean

if TYPE_CHECKING:
    from opsconsole.act.looking import View

Part = Subplan | Refusal


class WhyNot(Exception):
    """Why nothing is done about one subject."""

    def __init__(
        self, reason: str, kind: RefusalKind = "refused", choices: tuple[Survivor, ...] = (), proposal: str = ""
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.kind: RefusalKind = kind
        self.choices = choices
        self.proposal = proposal


class Request(msgspec.Struct, frozen=True, dict=True):
    """One request: a verb, the names it is asked of, and what is known of the machine."""

    verb: Verb
    names: tuple[str, ...]
    snapshot: Snapshot
    loaded: LoadedConfig
    expected: tuple[ProcessId, ...] = ()
    """For `terminate`: the processes that the operator saw behind the pids in ``names``."""
    keep: int | None = None
    """For `kill-duplicates`: the pid that shall stay, where the operator was asked."""
    action: str = ""
    """For `command`: name of the [[action]]."""
    idle_s: float | None = None
    """For `hibernate` without names: for how long a session must have been idle; None: as configured."""
    doubtful: bool = False
    """For `hibernate` without names: those too that a person has to choose, for a list in which that is done."""
    grace_s: float = 10.0
    watch_s: float = 10.0

    @cached_property
    def boot_id(self) -> str:
        return living.boot_id()

    @cached_property
    def spared(self) -> tuple[ProcessId, ...]:
        return living.own_line(self.boot_id)

    @cached_property
    def bounds(self) -> Bounds:
        servers = self.snapshot.tmux_servers.value or ()
        return bounds_of(self.loaded.config, self.spared, [server.pid for server in servers if server.pid is not None])

    @cached_property
    def view(self) -> View:
        """A look of our own, fresher and deeper than the snapshot where that does not serve."""
        from opsconsole.act.looking import Looker

        return Looker(self.loaded.config).look()


def each(request: Request, plan_one: Callable[[Request, str], Subplan]) -> Iterator[Part]:
    """One subplan for each name, or why there is none."""
    for name in dict.fromkeys(request.names):
        try:
            yield plan_one(request, name)
        except WhyNot as why_not:
            yield Refusal(clean(name, 120), clean(why_not.reason, 600), why_not.kind, why_not.choices, why_not.proposal)


def one_of(names: Iterable[str]) -> str:
    """Names in a message: ``there are: a, b``."""
    known = ", ".join(names)
    return f"there are: {known}" if known else "there are none"

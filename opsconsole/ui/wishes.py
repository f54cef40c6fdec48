"""What a key of the registry asks for, given what it is aimed at. Pure."""

from __future__ import annotations

from typing import NamedTuple

from opsconsole.config.types import LoadedConfig
from opsconsole.model.plan import Verb
from opsconsole.model.process import Process
from opsconsole.model.snapshot import Snapshot
from opsconsole.ui.acting import Wish
from opsconsole.ui.actions import ConsoleAction
from opsconsole.ui.context import Context
from opsconsole.ui.subjects import Member, Subject, members_of
from opsconsole.ui.verbs import starts


class Choose(NamedTuple):
    """One of these processes must be chosen first."""

    question: str
    members: tuple[Member, ...]


def applies(action: ConsoleAction, context: Context) -> bool:
    """Whether an action belongs into the menu of what is selected, done now or not."""
    kinds = {subject.kind for subject in context.subjects}
    if action.verb is not None:
        return action.verb.menu and bool(kinds & set(action.verb.kinds))
    if action.own:
        return action.own_on in kinds
    return action.id == "probe" and bool(kinds & {"service", "site"})


def wish_of(action: ConsoleAction, context: Context, snapshot: Snapshot, loaded: LoadedConfig) -> Wish | Choose | str:
    """What the key asks for, what has to be chosen before, or why it cannot be told."""
    if action.own:
        names = tuple(_own_name(subject) for subject in context.subjects if subject.kind == action.own_on)
        return Wish("command", names if action.own_on != "system" else (), snapshot, loaded, action=action.own)
    spec = action.verb
    if spec is None:
        return "it changes nothing"
    if spec.verb == "hibernate" and (spec.all_of_them or context.proposes_sleep):
        return Wish(spec.verb, (), snapshot, loaded, listed=True)
    if spec.all_of_them:
        return Wish(spec.verb, (), snapshot, loaded)
    subjects = tuple(subject for subject in context.subjects if subject.kind in spec.kinds)
    if spec.id == "start-stop":
        return _start_or_stop(subjects, snapshot, loaded)
    if spec.verb == "terminate":
        return _terminate(subjects, snapshot, loaded)
    return Wish(spec.verb, tuple(subject.asked_as for subject in subjects), snapshot, loaded)


def start_or_stop(subjects: tuple[Subject, ...]) -> Verb | None:
    """What the key for both does to these; None when some run and some do not."""
    stopped = {starts(subject) for subject in subjects}
    return None if len(stopped) != 1 else "start" if stopped == {True} else "stop"


def _start_or_stop(subjects: tuple[Subject, ...], snapshot: Snapshot, loaded: LoadedConfig) -> Wish | str:
    verb = start_or_stop(subjects)
    if verb is None:
        return "some of the marked ones run, some do not: the menu tells start from stop"
    return Wish(verb, tuple(subject.asked_as for subject in subjects), snapshot, loaded)


def _terminate(subjects: tuple[Subject, ...], snapshot: Snapshot, loaded: LoadedConfig) -> Wish | Choose | str:
    processes = tuple(subject.item for subject in subjects if isinstance(subject.item, Process))
    if not processes and len(subjects) > 1:
        return "several are marked: show the tree and mark the processes themselves"
    if processes:
        ids = tuple(process.id for process in processes)
        return Wish("terminate", tuple(str(one.pid) for one in ids), snapshot, loaded, expected=ids)
    members = members_of(subjects[0], snapshot)
    if len(members) == 1:
        return Wish("terminate", (str(members[0].id.pid),), snapshot, loaded, expected=(members[0].id,))
    return Choose(f"Which process of {subjects[0].name} shall end?", members)


def _own_name(subject: Subject) -> str:
    """What an own command is asked for: ``{name}`` stands for the plain name, whose kind the config tells."""
    return subject.asked_as if subject.kind in ("session", "environment") else subject.name

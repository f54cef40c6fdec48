"""What the operator is told before sessions are hibernated: which come first, and what is known of each."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from opsconsole.act.sleep_preflight import Candidate
from opsconsole.collect.documents import NotJson, decoded
from opsconsole.collect.files import FileUnreadable, read_capped
from opsconsole.model.plan import Preflight
from opsconsole.model.session import Session
from opsconsole.model.text import clean, shown

CLEANUP_DAYS = 30
"""After how many days the agent deletes a transcript that nobody opened, unless its settings say otherwise."""
SHORT_DAYS = 7
GIT_WITHIN_S = 2.0
NO_GIT = "git: not in a repository"


def rank(sessions: Iterable[Session]) -> list[Session]:
    """Sessions with an agent, those first that give most memory back."""
    with_agent = [session for session in sessions if session.agent]
    return sorted(with_agent, key=lambda each: (-(each.rss_bytes or 0) - (each.swap_bytes or 0), each.name))


class Beforehand(NamedTuple):
    """What was looked at before a session is hibernated."""

    seen: tuple[str, ...]
    """What speaks for it, in one line each."""
    warnings: tuple[str, ...]
    """What is worth knowing, though not against it."""
    preflight: tuple[Preflight, ...]


def beforehand(candidate: Candidate, wanted_s: float = 0.0) -> Beforehand:
    """What is known of a candidate. Idle for less than ``wanted_s``, a person has to choose it."""
    days, git = _days_left(candidate), _git(candidate.cwd)
    draft, attached = candidate.draft, candidate.session.attached
    seen = (
        f"conversation {candidate.entry.session_id} is known, no other process holds it",
        f"its transcript is there and ends in a finished turn; the agent deletes it in {days} days at the earliest",
        f"its directory is there: {clean(candidate.cwd, 300)}; {git or 'git: nothing uncommitted'}",
        f"{'unsent text is kept' if draft else 'no unsent text'}, nothing runs in the background, "
        + ("nobody has typed of late" if attached else "nobody is attached"),
    )
    warnings = []
    if days <= SHORT_DAYS:
        warnings.append(f"the agent deletes its transcript in {days} days when nobody wakes it before")
    if draft:
        warnings.append(f"unsent text is kept and put back: {shown(draft, 80)}")
    if git and git != NO_GIT:
        warnings.append(git)
    if attached:
        warnings.append("a terminal is attached to it")
    idle = candidate.session.idle_s
    return Beforehand(
        seen,
        tuple(warnings),
        (
            *((Preflight(f"idle for less than {_span(wanted_s)}", False),) if (idle or 0.0) < wanted_s else ()),
            Preflight("id", True),
            Preflight(f"transcript, {days}d", days > SHORT_DAYS),
            Preflight("directory", True),
            Preflight("draft, will be kept" if draft else "no draft", not draft),
            Preflight("no shell", True),
            Preflight("attached" if attached else "nobody there", not attached),
            Preflight(_GIT_WORDS.get(git, git), git in _GIT_WORDS),
        ),
    )


_GIT_WORDS = {"": "git clean", NO_GIT: "no git"}


def _span(seconds: float) -> str:
    hours, minutes = divmod(int(seconds // 60), 60)
    return " ".join([*([f"{hours}h"] if hours else []), *([f"{minutes}m"] if minutes or not hours else [])])


def _days_left(candidate: Candidate) -> int:
    age = time.time() - candidate.transcript.moved_at
    return max(0, int(_cleanup_days(candidate) - age / 86400))


def _cleanup_days(candidate: Candidate) -> int:
    try:
        settings = decoded(read_capped(Path(candidate.evidence.home) / "settings.json", 1024 * 1024))
    except (FileUnreadable, NotJson):
        return CLEANUP_DAYS
    days = settings.get("cleanupPeriodDays") if isinstance(settings, dict) else None
    return days if isinstance(days, int) and days > 0 else CLEANUP_DAYS


def _git(cwd: str) -> str:
    """What git says of tracked files in its directory; empty when all is committed. No hook, no monitor, no lock."""
    quiet = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "--no-optional-locks")
    command = ["git", *quiet, "-C", cwd, "status", "--porcelain", "--untracked-files=no"]
    environment = {**os.environ, "LC_ALL": "C"}
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=GIT_WITHIN_S, check=False, env=environment
        )
    except subprocess.TimeoutExpired:
        return f"git: unknown, no answer within {GIT_WITHIN_S:g} s"
    except OSError as error:
        return f"git: unknown ({error.strerror})"
    if done.returncode:
        told = done.stderr.decode(errors="replace").strip()
        return NO_GIT if "not a git repository" in told else f"git: unknown ({shown(told, 120)})"
    changed = len(done.stdout.splitlines())
    return f"git: {changed} changed files are not committed" if changed else ""

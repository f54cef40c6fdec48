"""What the operator is told before sessions are hibernated: which come first, and what is known of each."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

from opsconsole.act.sleep_preflight import Candidate
from opsconsole.collect.documents import NotJson, decoded
from opsconsole.collect.files import FileUnreadable, read_capped
from opsconsole.model.session import Session
from opsconsole.model.text import shown

CLEANUP_DAYS = 30
"""After how many days the agent deletes a transcript that nobody opened, unless its settings say otherwise."""
GIT_WITHIN_S = 2.0


def rank(sessions: Iterable[Session]) -> list[Session]:
    """Sessions with an agent, those first that give most memory back."""
    with_agent = [session for session in sessions if session.agent]
    return sorted(with_agent, key=lambda each: (-(each.rss_bytes or 0) - (each.swap_bytes or 0), each.name))


def told_beforehand(candidate: Candidate) -> tuple[str, ...]:
    """One line for each thing that is worth knowing, though it speaks not against it."""
    lines = []
    age = time.time() - candidate.transcript.moved_at
    days = max(0, int(_cleanup_days(candidate) - age // 86400))
    if days <= 7:
        lines.append(f"the agent deletes its transcript in {days} days when nobody wakes it before")
    if candidate.draft:
        lines.append(f"unsent text is kept and put back: {shown(candidate.draft, 80)}")
    if git := _git(candidate.cwd):
        lines.append(git)
    if candidate.session.attached:
        lines.append("a terminal is attached to it")
    return tuple(lines)


def _cleanup_days(candidate: Candidate) -> int:
    try:
        settings = decoded(read_capped(Path(candidate.evidence.home) / "settings.json", 1024 * 1024))
    except (FileUnreadable, NotJson):
        return CLEANUP_DAYS
    days = settings.get("cleanupPeriodDays") if isinstance(settings, dict) else None
    return days if isinstance(days, int) and days > 0 else CLEANUP_DAYS


def _git(cwd: str) -> str:
    """Uncommitted work in its directory. No hook, no monitor, no lock: nothing of the repository is run."""
    quiet = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "--no-optional-locks")
    command = ["git", *quiet, "-C", cwd, "status", "--porcelain", "--untracked-files=no"]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=GIT_WITHIN_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    changed = len(done.stdout.splitlines()) if done.returncode == 0 else 0
    return f"{changed} changed files in its directory are not committed" if changed else ""

"""The real CLI at a pinned version, installed once into the user's cache; or why it cannot be."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import platformdirs

PACKAGE = "@anthropic-ai/claude-code"
PINNED = "2.1.330"
WITHIN_S = 150.0


class NotInstallable(Exception):
    """Why there is no CLI to test with, in one line."""


def version() -> str:
    return os.environ.get("OPSCONSOLE_TEST_CLAUDE_VERSION") or PINNED


def install() -> Path:
    """The program's path. Raises NotInstallable."""
    place = Path(platformdirs.user_cache_dir("opsconsole")) / "claude-code" / version()
    program = place / "node_modules" / ".bin" / "claude"
    if not program.exists():
        _fetch(place)
    told = _run([str(program), "--version"], place, "cannot run it")
    if not told.startswith(version()):
        raise NotInstallable(f"{program} says it is {told.strip()[:80]!r}, not {version()}")
    return program


def _fetch(place: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise NotInstallable(f"there is no npm to install {PACKAGE} with")
    place.parent.mkdir(parents=True, exist_ok=True)
    # Beside its place, and renamed when whole: an installation that was cut short is never taken for one.
    with tempfile.TemporaryDirectory(dir=place.parent) as folder:
        half = Path(folder) / "half"
        half.mkdir()
        options = ["--no-audit", "--no-fund", "--loglevel=error", "--prefix", str(half)]
        _run([npm, "install", *options, f"{PACKAGE}@{version()}"], half, f"npm cannot install {PACKAGE}@{version()}")
        half.rename(place)


def _run(command: list[str], cwd: Path, what: str) -> str:
    try:
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=WITHIN_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as failure:
        raise NotInstallable(f"{what}: {failure}") from None
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise NotInstallable(f"{what}: {last[0] if last else done.returncode}")
    return done.stdout

"""Builds the wheel, installs it into a clean environment elsewhere, and runs it there: styles and data travel."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="opsconsole-wheel-") as scratch:
        folder = Path(scratch)
        _run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", scratch, str(ROOT)], folder)
        (wheel,) = folder.glob("*.whl")
        _run([sys.executable, "-m", "venv", "clean"], folder)
        python = folder / "clean" / "bin" / "python"
        _run([python, "-m", "pip", "install", "-q", "-c", ROOT / "constraints.txt", wheel], folder)
        command = folder / "clean" / "bin" / "opsconsole"
        document = json.loads(_run([command, "status", "--json"], folder, allowed=(0, 3)))
        if document["schema"] != 1 or document["system"]["state"] != "ok":
            raise SystemExit(f"status --json of the installed wheel is wrong: {document}")
        if not (folder / "clean" / "share" / "man" / "man1" / "opsconsole.1").is_file():
            raise SystemExit("the installed wheel has no man page")
        # Outside the checkout the styles can only come out of the wheel.
        _run(
            [
                python,
                "-c",
                "from opsconsole.ui.stylesheets import stylesheets; [open(sheet).close() for sheet in stylesheets()]",
            ],
            folder,
        )
        agents = "from opsconsole.collect.agents import builtin_agents; print(len(builtin_agents().profiles))"
        if int(_run([python, "-c", agents], folder)) < len(list((ROOT / "opsconsole" / "agents").glob("*.toml"))):
            raise SystemExit("the installed wheel does not know all agents")
        print(f"wheel-test: {wheel.name} works in a clean environment")
    return 0


def _run(command: list[str | Path], folder: Path, allowed: tuple[int, ...] = (0,)) -> str:
    environment = {**os.environ, "HOME": str(folder), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    environment.pop("PYTHONPATH", None)
    finished = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        timeout=600,
        check=False,
    )
    if finished.returncode not in allowed:
        raise SystemExit(f"{' '.join(map(str, command))}: exit status {finished.returncode}\n{finished.stdout}")
    return finished.stdout


if __name__ == "__main__":
    sys.exit(main())

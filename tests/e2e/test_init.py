"""`init` describes the machine it runs on, whatever runs there, in a config that `check` finds nothing wrong with."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def opsconsole(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    return subprocess.run(
        [str(Path(sys.executable).with_name("opsconsole")), *words],
        env={**kept, "HOME": str(home), "TMUX_TMPDIR": str(home)},
        cwd=home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_init_then_check_then_init_again(tmp_path: Path) -> None:
    made = opsconsole(tmp_path, "init", "-o", "opsconsole.toml")
    assert made.returncode == 0, made.stderr
    before = (tmp_path / "opsconsole.toml").read_text()
    checked = opsconsole(tmp_path, "check")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert checked.stdout.startswith(f"{tmp_path}/opsconsole.toml: right. ")
    again = opsconsole(tmp_path, "init", "-o", "opsconsole.toml")
    assert again.returncode == 2
    assert "is there already and is left as it is" in again.stderr
    assert (tmp_path / "opsconsole.toml").read_text() == before

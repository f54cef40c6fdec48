"""`report -o`: who may read the file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_a_report_is_its_writers_own(tmp_path: Path) -> None:
    config, report = tmp_path / "opsconsole.toml", tmp_path / "report.md"
    config.write_text("")
    opsconsole = Path(sys.executable).with_name("opsconsole")
    command = [opsconsole, "--config", config, "--state-dir", tmp_path / "state"]
    subprocess.run([*command, "report", "-o", report], check=False, timeout=120, capture_output=True)
    assert report.read_text().startswith("# ")
    assert report.stat().st_mode & 0o777 == 0o600

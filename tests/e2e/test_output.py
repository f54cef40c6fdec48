"""Output that cannot be written ends every command with one line on stderr, never with a traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

OPSCONSOLE = str(Path(sys.executable).with_name("opsconsole"))
FULL = Path("/dev/full")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "opsconsole.toml"
    path.write_text(f'[sessions]\nsocket = "{tmp_path}/none"\n[[site]]\nname = "a"\nurl = "http://127.0.0.1:1/"\n')
    return path


@pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")
@pytest.mark.parametrize("command", ["status", "watch --plain", "check", "probe --json", "--help"])
def test_a_full_disk_below_a_redirection_is_told_in_one_line(command: str, config: Path) -> None:
    with FULL.open("w") as full:
        told = subprocess.run(
            [OPSCONSOLE, "--config", str(config), *command.split()],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert (told.returncode, told.stderr) == (
        1,
        "opsconsole: standard output cannot be written: No space left on device\n",
    )


def test_a_reader_who_has_gone_is_no_news(config: Path) -> None:
    with subprocess.Popen(
        [OPSCONSOLE, "--config", str(config), "status"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as telling:
        assert telling.stdout is not None
        assert telling.stderr is not None
        telling.stdout.close()
        assert telling.wait(60) == 1
        assert telling.stderr.read() == ""

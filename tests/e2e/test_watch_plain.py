"""`watch --plain` for pipes: a block per interval, ended by signals with status 0."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest

OPSCONSOLE = str(Path(sys.executable).with_name("opsconsole"))


def first_block(lines: IO[str]) -> str:
    """All up to the heading of the findings, which stand last."""
    block = ""
    for line in lines:
        block += line
        if line.startswith("FINDINGS"):
            break
    return block


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_it_prints_blocks_and_ends_with_0(tmp_path: Path, ending: signal.Signals) -> None:
    config = tmp_path / "opsconsole.toml"
    config.write_text(f'[[service]]\nname = "nobody"\nport = 1\n[sessions]\nsocket = "{tmp_path}/none"\n')
    command = [OPSCONSOLE, "--config", str(config), "watch", "--plain", "--interval", "0.2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as watching:
        assert watching.stdout is not None
        blocks = 0
        for line in watching.stdout:
            blocks += not line.strip()
            if blocks == 2:
                break
        watching.send_signal(ending)
        rest = watching.stdout.read()
    assert watching.returncode == 0
    assert "\x1b" not in rest


def test_a_reader_that_goes_away_ends_it_quietly(tmp_path: Path) -> None:
    config = tmp_path / "opsconsole.toml"
    config.write_text(f'[sessions]\nsocket = "{tmp_path}/none"\n')
    command = [OPSCONSOLE, "--config", str(config), "watch", "--plain", "--interval", "0.2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as watching:
        assert watching.stdout is not None
        assert watching.stderr is not None
        watching.stdout.readline()
        watching.stdout.close()
        assert watching.wait(20) == 0
        assert watching.stderr.read() == ""


def test_the_first_block_waits_for_sources_that_take_a_while(tmp_path: Path) -> None:
    config = tmp_path / "opsconsole.toml"
    listing = """sleep 1.5; echo '[{"id": "e1", "name": "slow_one", "port": 6001, "status": "running"}]'"""
    config.write_text(
        f'''[sessions]\nsocket = "{tmp_path}/none"\n'''
        f'''[environments]\ncommand = ["sh", "-c", """{listing}"""]\n'''
        """[[service]]\nname = "closed"\nport = 1\nurl = "http://127.0.0.1:1/health"\n"""
        """[[site]]\nname = "nobody"\nurl = "http://127.0.0.1:1/"\n"""
    )
    command = [OPSCONSOLE, "--config", str(config), "watch", "--plain", "--interval", "60"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as watching:
        assert watching.stdout is not None
        block = first_block(watching.stdout)
        watching.send_signal(signal.SIGTERM)
    assert watching.returncode == 0
    assert "slow_one" in block
    assert "reading" not in block
    assert " yet" not in block

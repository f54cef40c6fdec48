"""A short soak: fifty random plans against a churning world, and nothing is hurt that no plan named."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SOAK = Path(__file__).parents[2] / "bench" / "soak_actions.py"


@pytest.mark.timeout(300)
def test_fifty_random_plans_hurt_nobody_else() -> None:
    done = subprocess.run(
        [sys.executable, str(SOAK), "--plans", "50", "--seed", "7", "--at-once", "4"],
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("50 plans")
    assert "\n0 hurt that no plan named; 0 of 3 bystanders gone\n" in done.stdout

"""Whether more than ASCII can be shown is read off the environment that was set for us."""

from __future__ import annotations

import subprocess
import sys

import pytest

ASK = "from opsconsole.cli.locale import ascii_only; print(ascii_only())"


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"LC_ALL": "C"}, "True"),
        ({}, "True"),
        ({"LANG": "en_US.UTF-8"}, "False"),
        ({"LANG": "C.utf8"}, "False"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "POSIX"}, "True"),
        ({"LANG": "de_DE.ISO-8859-1"}, "True"),
    ],
)
def test_by_locale(environment: dict[str, str], expected: str) -> None:
    finished = subprocess.run([sys.executable, "-c", ASK], env=environment, capture_output=True, text=True, check=True)
    assert finished.stdout.strip() == expected

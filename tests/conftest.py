"""End-to-end tests meet a real machine, whose other work they cannot foresee: one that fails is tried once more.

A second failure counts, and the summary tells how many were tried again, so that a test that often needs it is seen.
"""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent
ON_A_REAL_MACHINE = (HERE / "e2e", HERE / "claude")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if any(folder in item.path.parents for folder in ON_A_REAL_MACHINE):
            item.add_marker(pytest.mark.flaky(reruns=1))

"""Durations and sizes are read as people write them, and refused in words."""

from __future__ import annotations

import pytest

from opsconsole.config.units import parse_duration, parse_size


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("90s", 90), ("5m", 300), ("24h", 86400), ("2d", 172800), ("1h30m", 5400), (2, 2), ("250ms", 0.25)],
)
def test_durations(written: object, seconds: float) -> None:
    assert parse_duration(written) == seconds


@pytest.mark.parametrize("written", ["", "5", "5 parsecs", "-1s", "m5", None, True, -3, "1h later"])
def test_what_is_no_duration_is_refused(written: object) -> None:
    with pytest.raises(ValueError, match="write it as"):
        parse_duration(written)


@pytest.mark.parametrize(
    ("written", "size"), [("500MB", 500_000_000), ("1.5GiB", 1_610_612_736), ("12", 12), (7, 7), ("3KB", 3000)]
)
def test_sizes(written: object, size: int) -> None:
    assert parse_size(written) == size


@pytest.mark.parametrize("written", ["", "MB", "5 bytes", -1, None, True])
def test_what_is_no_size_is_refused(written: object) -> None:
    with pytest.raises(ValueError, match="write it as"):
        parse_size(written)

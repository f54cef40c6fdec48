"""Durations and sizes as people write them: ``90s``, ``1h30m``, ``500MB``, ``1.5GiB``."""

from __future__ import annotations

import re

from opsconsole.config.types import Duration, Size
from opsconsole.config.values import shown_value

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_BYTES = {
    "": 1,
    "B": 1,
    **{f"{prefix}B": 1000**power for power, prefix in enumerate("kMGT", 1)},
    "KB": 1000,
    **{f"{prefix}iB": 1024**power for power, prefix in enumerate("KMGT", 1)},
}
_NUMBER = r"([0-9]+(?:\.[0-9]+)?)"
_DURATION = re.compile(rf"{_NUMBER}\s*(ms|s|m|h|d)")
_SIZE = re.compile(rf"{_NUMBER}\s*([A-Za-z]*)")
_LONGEST_S = 1e10
_LARGEST = 2**63


def parse_duration(written: object) -> Duration:
    """Seconds. Raises ValueError that names what was given and what would be right."""
    if isinstance(written, int | float) and not isinstance(written, bool) and 0 <= written < _LONGEST_S:
        return Duration(written)
    right = '"90s", "5m", "24h" or "1h30m"'
    if isinstance(written, str):
        text = written.strip()
        parts = _DURATION.findall(text)
        if parts and _DURATION.sub("", text).strip() == "":
            seconds = sum(float(number) * _SECONDS[unit] for number, unit in parts)
            if seconds < _LONGEST_S:
                return Duration(seconds)
        if re.fullmatch(_NUMBER, text) and len(text) < 10:
            right = f'"{text}s"'
    raise ValueError(f"{shown_value(written)} is no duration; write it as {right}")


def parse_size(written: object) -> Size:
    """Bytes. Raises ValueError that names what was given and what would be right."""
    if isinstance(written, int) and not isinstance(written, bool) and 0 <= written < _LARGEST:
        return Size(written)
    right = '"500MB" or "1.5GiB"'
    if isinstance(written, str) and (match := _SIZE.fullmatch(written.strip())):
        if match[2] in _BYTES and (size := float(match[1]) * _BYTES[match[2]]) < _LARGEST:
            return Size(size)
        prefix = match[2][:1].upper()
        if prefix in ("K", "M", "G", "T") and len(match[1]) < 10:
            right = f'"{match[1]}{prefix}B"'
    raise ValueError(f"{shown_value(written)} is no size; write it as {right}")

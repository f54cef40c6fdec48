"""Durations and sizes as people write them: ``90s``, ``1h30m``, ``500MB``, ``1.5GiB``."""

from __future__ import annotations

import re

from opsconsole.config.types import Duration, Size

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_BYTES = {
    "": 1,
    "B": 1,
    **{f"{prefix}B": 1000**power for power, prefix in enumerate("kMGT", 1)},
    "KB": 1000,
    **{f"{prefix}iB": 1024**power for power, prefix in enumerate("KMGT", 1)},
}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]*)")


def parse_duration(written: object) -> Duration:
    """Seconds. Raises ValueError that names what was given and what would be right."""
    if isinstance(written, int | float) and not isinstance(written, bool) and 0 <= written < 1e10:
        return Duration(written)
    if isinstance(written, str):
        text = written.strip()
        parts = _DURATION.findall(text)
        if parts and _DURATION.sub("", text).strip() == "":
            return Duration(sum(float(number) * _SECONDS[unit] for number, unit in parts))
    raise ValueError(f"{written!r} is no duration; write it as '90s', '5m', '24h' or '1h30m'")


def parse_size(written: object) -> Size:
    """Bytes. Raises ValueError that names what was given and what would be right."""
    if isinstance(written, int) and not isinstance(written, bool) and written >= 0:
        return Size(written)
    if isinstance(written, str):
        match = _SIZE.fullmatch(written.strip())
        if match is not None and match[2] in _BYTES:
            return Size(float(match[1]) * _BYTES[match[2]])
    raise ValueError(f"{written!r} is no size; write it as '500MB' or '1.5GiB'")

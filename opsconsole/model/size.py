"""Sizes in bytes as text: one way to write them, on the screen, in the sentences of findings and in the report."""

from __future__ import annotations

import math

UNKNOWN = "?"
_SIZE_UNITS = "BKMGTPE"


def measured(value: float | None) -> bool:
    """Whether it is a measurement: a finite number, not below zero."""
    return value is not None and math.isfinite(value) and value >= 0


def size(value: float | None) -> str:
    """Bytes in at most four cells, powers of 1024: ``309M``, ``1.2G``, ``0B``."""
    if value is None or not measured(value):
        return UNKNOWN
    amount = float(value)
    for unit in _SIZE_UNITS:
        if unit == "B":
            if amount < 1000:
                return f"{amount:.0f}B" if round(amount) < 1000 else "1.0K"
        elif round(amount, 1) < 10:
            # Below a tenth of a unit is where the previous unit ended: 1000 B is 0.98 K and reads 1.0K.
            return f"{max(amount, 1.0):.1f}{unit}"
        elif round(amount) < 1000:
            return f"{amount:.0f}{unit}"
        amount /= 1024
    return f">{999}{_SIZE_UNITS[-1]}"

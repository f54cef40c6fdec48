"""Waiting until something has come about, with a deadline that says what was waited for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from opsconsole.demo.registration import DemoError

T = TypeVar("T")

READY_WITHIN_S = 30.0
_LOOK_AGAIN_S = 0.01


def until(what: str, look: Callable[[], T | None], within_s: float = READY_WITHIN_S) -> T:
    """The first thing other than None that a look returns; DemoError when none has in time."""
    end = time.monotonic() + within_s
    while (found := look()) is None:
        if time.monotonic() > end:
            raise DemoError(f"after {within_s:.0f} s still waiting for {what}")
        time.sleep(_LOOK_AGAIN_S)
    return found

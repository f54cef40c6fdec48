"""Two confirmed misses before "gone": counts in how many scans in a row something was not seen."""

from __future__ import annotations


class Misses:
    """Consecutive misses by key. One thread's."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def missed(self, key: str) -> int:
        """Count one more miss; how many in a row it is now."""
        self._counts[key] = self._counts.get(key, 0) + 1
        return self._counts[key]

    def seen(self, key: str) -> None:
        """It is there: the count begins anew."""
        self._counts.pop(key, None)

"""How far the terminal is behind with what was written to it, by its own word. Pure; knows neither terminal nor clock.

What a write returns says nothing of a slow link: kernels and ssh keep kilobytes on the way, which at 2 kB a second is
many seconds of frames that nobody wants any more. So after some output the terminal is asked for its status (DSR, which
all since the VT100 answer, multiplexers and mosh included), and until the answer comes no more is written than the link
carries in a moment. A terminal that never answered is not waited for.
"""

from __future__ import annotations

from collections import deque

ASK = "\x1b[5n"
ANSWER = "\x1b[0n"
ASK_AFTER = 512
"""Bytes after which the terminal is asked whether it has them."""
LEAST_ON_THE_WAY = 1024
"""Bytes that are always let go without an answer: some cursor movements, not a whole screen."""
MOST_ON_THE_WAY = 8192
"""Bytes that no link is trusted with, however fast it was a moment ago."""
LEAST_RATE = 1024.0
"""Bytes a second that a link is taken to carry before it was seen busy."""
MOMENT_S = 0.4
"""As much as the link carries in so long may be on its way."""
SILENT_S = (3.0, 20.0)
"""Least and most time after which an answer counts as lost: nothing is waited for then, until there is one again."""
LAST_ANSWER_S = 2.0
"""How long the end waits for the answers of a terminal that gives any: on a busy machine one takes a second."""
FIRST_ANSWER_S = 0.5
"""How long after the last request a terminal that never answered is still waited for at the end."""
PATIENCE = 4
"""How many times as long as the link should need is waited within those bounds."""


class Link:
    """Bytes on their way to a terminal. Used by one thread that writes and one that hears the answers."""

    def __init__(self) -> None:
        self._written = 0
        self._asked_at_byte = 0
        self._taken = 0
        self._asked: deque[tuple[int, float]] = deque()
        """How much had been written, and when, of the requests that have no answer yet."""
        self._heard = False
        self._answers = False
        """Whether this terminal ever answered."""
        self._owed: list[float] = []
        """When each request was made that has no answer at all yet, lost ones too."""
        self._rate: float | None = None
        """Bytes per second that the link was last seen to carry; None before it was seen busy."""

    def wrote(self, count: int) -> None:
        self._written += count

    @property
    def asks(self) -> bool:
        """Whether enough was written for the terminal to be asked."""
        return self._written - self._asked_at_byte >= ASK_AFTER

    def asked(self, now: float) -> None:
        self._asked_at_byte = self._written
        self._asked.append((self._written, now))
        self._owed.append(now)

    def answered(self, now: float) -> None:
        """The terminal has everything that was written before the oldest open request."""
        self._answers = True
        del self._owed[:1]
        if not self._asked:
            return
        self._heard = True
        byte, asked = self._asked.popleft()
        carried, self._taken = byte - self._taken, byte
        if carried >= ASK_AFTER:
            self._rate = carried / max(now - asked, 1e-4)

    @property
    def owes(self) -> bool:
        """Whether a request has no answer yet, whatever became of it."""
        return bool(self._owed)

    def waits_until(self, now: float) -> float:
        """Until when an answer may still come of what was asked so far, so that what follows us does not get it.

        A terminal that has answered before will do so again, however late; one that never has is given a moment.
        """
        self._owed = [asked for asked in self._owed if now - asked < SILENT_S[1]]
        if not self._owed:
            return now
        return now + LAST_ANSWER_S if self._answers else self._owed[-1] + FIRST_ANSWER_S

    def is_behind(self, now: float) -> bool:
        """Whether what would be written now had better wait."""
        if not self._heard or not self._asked:
            return False
        on_the_way, rate = self._written - self._taken, self._rate or LEAST_RATE
        least, most = SILENT_S
        if now - self._asked[0][1] > min(max(least, PATIENCE * on_the_way / rate), most):
            self._heard = False
            self._asked.clear()
            return False
        return on_the_way > min(max(LEAST_ON_THE_WAY, rate * MOMENT_S), MOST_ON_THE_WAY)

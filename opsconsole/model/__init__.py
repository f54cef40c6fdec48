"""The frozen types everything else speaks in. Imports nothing of ours and does no I/O.

Absent numbers are ``None``, never zero: "could not be read" is a value of its own.
Times named ``at`` or ``started_at`` are seconds since the epoch (wall clock); durations end in ``_s``.
"""

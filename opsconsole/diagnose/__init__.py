"""Pure functions from a Snapshot to Findings. No I/O and no clock of its own."""

"""The cycle: runs collectors on their own cadence and hands out Snapshots."""

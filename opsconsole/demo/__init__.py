"""The incident as a sandbox of real processes. Used by the command line and the tests only."""

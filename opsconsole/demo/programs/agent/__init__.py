"""A stand-in for a coding agent: seen from outside it behaves as Claude Code 2.1.330 does, and thinks nothing."""

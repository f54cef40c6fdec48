"""opsconsole: a terminal operations console for one machine full of daemons and AI agents."""

__version__ = "0.1.0"

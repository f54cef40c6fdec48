"""Boxes over the screen that ask before anything changes: the plan, the menu of a row, which of several."""

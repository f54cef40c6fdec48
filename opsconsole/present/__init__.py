"""Pure functions from the model to cells, text and JSON. No verdicts are made here."""

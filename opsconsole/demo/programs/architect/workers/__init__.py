"""The background programs of the sandbox. Run as scripts, never imported by the product."""

"""The programs of the sandbox: standard library only, copied into its home and run from there."""

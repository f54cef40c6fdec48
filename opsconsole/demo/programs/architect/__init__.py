"""The dashboard, the sites and the environments of the sandbox. Run as scripts, never imported by the product."""

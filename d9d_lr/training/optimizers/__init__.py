"""The optimizers that the entrypoint builds, and their settings."""

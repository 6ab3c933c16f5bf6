"""The canon: published schedules from their sources, and the presets compared with them."""

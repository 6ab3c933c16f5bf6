"""Trackers: where else the metrics of a run go, besides its own files."""

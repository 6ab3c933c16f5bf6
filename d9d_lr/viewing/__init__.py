"""Seeing schedules, runs and sweeps."""

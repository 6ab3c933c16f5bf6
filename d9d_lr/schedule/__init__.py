"""Schedules as pure numbers: curves, phases and the piecewise function they make. Imports numpy only."""

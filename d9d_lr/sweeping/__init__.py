"""Sweeps: the plan, its folders, its summary."""

"""The page of runs and sweeps, from their files. Imports plotting, runs and below."""

"""Schedules in the form of other systems: d9d's JSON, Megatron's flags, tables of values. Imports no torch."""

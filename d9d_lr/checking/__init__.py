"""Checks of configuration files, and their JSON Schema. Imports composing and what the files configure."""

"""The format of run and sweep folders, once: files, results, metrics, commands. Imports diagnostics only."""

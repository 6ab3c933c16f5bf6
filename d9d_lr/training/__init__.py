"""Training runs: tasks, the loop, what a run leaves behind."""

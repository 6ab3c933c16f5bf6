"""What is trained: the protocol of a task, the packaged tasks and their settings."""

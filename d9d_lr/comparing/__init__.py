"""Which setting of a sweep is best, and by how much against the noise of seeds. Pure numbers; imports numpy only."""

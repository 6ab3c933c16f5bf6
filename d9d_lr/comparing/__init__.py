"""Which setting of a sweep is best, and by how much against the noise of seeds. Imports runs' words and numpy only."""

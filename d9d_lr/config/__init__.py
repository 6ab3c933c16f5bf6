"""Configuration: the models, composing them, and telling what is wrong with them. Imports no torch."""

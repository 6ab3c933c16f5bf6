"""Everything that touches Hydra: composing, its errors, user-defined parts. Imports diagnostics and config."""

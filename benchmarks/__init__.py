"""How fast, as ratios: each piece of work against a peer in the same run. `make bench`."""

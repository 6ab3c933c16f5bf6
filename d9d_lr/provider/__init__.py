"""Torch schedulers and their providers. Everything below `d9d_lr` that a training code calls."""

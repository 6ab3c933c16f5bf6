"""Adapters to the frameworks people train with, one thin file each; may import the provider and its own framework."""

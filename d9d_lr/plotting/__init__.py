"""Pictures of schedules. Imports schedule, config, composing and what a sweep would run."""

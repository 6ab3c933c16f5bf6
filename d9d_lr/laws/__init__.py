"""Loss as a function of the schedule: fitted on finished runs, asked about others. Imports runs and below; no Hydra."""

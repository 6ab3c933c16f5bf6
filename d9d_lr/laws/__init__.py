"""Loss as a function of the schedule: fitted on finished runs, asked about others. Imports numpy; reads no Hydra."""

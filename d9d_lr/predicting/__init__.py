"""From files to laws and from laws to tables: reads runs, composes schedules, prints. Imports laws, runs, composing."""

"""Sweeps: the plan of their points, the check before the first job, their folders, launching, and the summary.

A sweep is started through Hydra (`hydra_plugins/d9d_lr_sweeper.py`); `run.py` is the way through the modules. What
happened to a point is only ever read from files, since jobs run in processes and on machines of their own. Imports no
torch.
"""

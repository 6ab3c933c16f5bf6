"""How many examples a property is tried on: few in `make test`, many in `make fuzz`."""

import os
from datetime import timedelta

from hypothesis import settings

LONG = int(os.environ.get("FUZZ_EXAMPLES", "0"))


def examples(short, cost=1):
    """Settings for a property: `short` examples, or FUZZ_EXAMPLES / cost; one that takes 30 seconds has failed."""
    return settings(max_examples=max(LONG // cost, 1) if LONG else short, deadline=timedelta(seconds=30))

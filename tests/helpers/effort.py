"""How many examples a property is tried on: few in `make test`, many in `make fuzz`; and what counts as a hang."""

import os
import signal
from contextlib import contextmanager

from hypothesis import settings

LONG = int(os.environ.get("FUZZ_EXAMPLES", "0"))
HANG_CPU_SECONDS = 60


def examples(short, cost=1):
    """Settings for a property: `short` examples, or FUZZ_EXAMPLES / cost."""
    return settings(max_examples=max(LONG // cost, 1) if LONG else short)


@contextmanager
def no_hang():
    """Fails what uses a minute of this process's own time; a machine that is busy elsewhere does not matter."""

    def give_up(number, frame):
        raise AssertionError(f"still busy after {HANG_CPU_SECONDS} seconds of processor time")

    before = signal.signal(signal.SIGVTALRM, give_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, HANG_CPU_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)

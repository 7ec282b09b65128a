import time
from collections.abc import Callable

PATIENCE_S = 20
"""How long anything that is sure to come may take on a busy machine, in seconds."""

_PAUSE_S = 0.01


def eventually(condition: Callable[[], bool], what: str) -> None:
    """Waits until `condition` holds. Fails, naming `what`, when it does not within PATIENCE_S."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"waited {PATIENCE_S} s in vain: {what}"
        time.sleep(_PAUSE_S)

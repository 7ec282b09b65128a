from collections.abc import Callable
from queue import Empty
from typing import Self
from uuid import uuid4

from snowplow_signals import (
    AttributeKeyIdentifiers,
    InterventionInstance,
    SignalsSandbox,
)

from support.mock_server import MockServer
from support.waiting import PATIENCE_S, eventually


class Inbox:
    """What the SDK receives for some attribute key ids."""

    def __init__(self, server: MockServer, signals: SignalsSandbox, targets: dict[str, str]) -> None:
        self._server = server
        self._signals = signals
        self._targets = AttributeKeyIdentifiers({key: [id] for key, id in targets.items()})
        self._subscription = signals.pull_interventions(self._targets)

    def __enter__(self) -> Self:
        open_before = self._server.open_streams()
        self._subscription.start()
        eventually(lambda: self._server.open_streams() > open_before, "the stream opens")
        return self

    def __exit__(self, *_: object) -> None:
        self._subscription.stop()

    def add_handler(self, handler: Callable[[InterventionInstance], object]) -> None:
        """Also calls `handler` with what arrives."""
        self._subscription.add_handler(handler)

    def next(self) -> InterventionInstance:
        """The next instance, which must come."""
        try:
            return self._subscription.get(timeout=PATIENCE_S)
        except Empty:
            raise AssertionError(f"no intervention arrived in {PATIENCE_S} s") from None

    def rest(self) -> list[InterventionInstance]:
        """All instances not yet taken that were triggered before this call.

        Nothing else needs to be waited for: a stream keeps order, so they are what comes before an instance pushed now.
        """
        end = InterventionInstance(name="end_of_rest", version=1, intervention_id=str(uuid4()))
        assert self._signals.push_intervention(self._targets, end) == "success"
        received = []
        while (instance := self.next()).intervention_id != end.intervention_id:
            received.append(instance)
        return received

    def names(self) -> list[str]:
        """The names of the `rest`."""
        return [instance.name for instance in self.rest()]

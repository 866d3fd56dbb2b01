"""A mailbox with one slot: the newest item wins, and each item it replaces is counted."""

from threading import Condition
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """Hands the newest item from one thread to another."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._item: T | None = None
        self._closed = False
        self.dropped = 0

    @property
    def empty(self) -> bool:
        return self._item is None

    def put(self, item: T) -> None:
        with self._changed:
            self.dropped += self._item is not None
            self._item = item
            self._changed.notify()

    def take(self, timeout: float) -> T | None:
        """Wait for an item; None after `timeout` seconds, or at once when closed and empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._item is not None or self._closed, timeout)
            item, self._item = self._item, None
            return item

    def close(self) -> None:
        """No more items will come: waiting readers return."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

"""Messages waiting for the broker. Bounded: paho queues without limit (129 MB an hour at 30 messages a second)."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Message:
    """One MQTT message."""

    topic: str
    payload: bytes
    qos: int
    retained: bool
    made_at: float
    """On the outbox's clock."""


class Outbox:
    """First in, first out; the oldest is dropped when full, and events too old are left out; both are counted.

    Retained messages hold until replaced, so they are never too old.
    """

    def __init__(self, messages: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.dropped = 0
        self.expired = 0
        self._capacity = messages
        self._seconds = seconds
        self._waiting: deque[Message] = deque()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        with self._lock:
            self._expire()
            return len(self._waiting)

    def put(self, message: Message) -> None:
        with self._lock:
            self._waiting.append(message)
            self._trim()

    def put_back(self, messages: Iterable[Message]) -> None:
        """Return messages taken but not delivered to the front, in their order."""
        with self._lock:
            self._waiting.extendleft(reversed(list(messages)))
            self._trim()

    def take(self) -> Message | None:
        """The oldest message that is not too old, or None."""
        with self._lock:
            self._expire()
            return self._waiting.popleft() if self._waiting else None

    def discard_retained(self) -> None:
        """Forget retained messages: the newest are sent at the next connection, and older ones must not follow."""
        with self._lock:
            self._waiting = deque(message for message in self._waiting if not message.retained)

    def _trim(self) -> None:
        while len(self._waiting) > self._capacity:
            self._waiting.popleft()
            self.dropped += 1

    def _expire(self) -> None:
        too_old = self.clock() - self._seconds
        while self._waiting and self._waiting[0].made_at < too_old and not self._waiting[0].retained:
            self._waiting.popleft()
            self.expired += 1

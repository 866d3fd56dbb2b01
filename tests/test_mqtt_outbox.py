"""What waits for the broker is bounded, ages, and is counted."""

from edge.mqtt.backoff import Backoff
from edge.mqtt.outbox import Message, Outbox


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def message(number: int, at: float = 0.0, *, retained: bool = False) -> Message:
    return Message("t", str(number).encode(), 0, retained, at)


def drain(outbox: Outbox) -> list[int]:
    numbers = []
    while taken := outbox.take():
        numbers.append(int(taken.payload))
    return numbers


def test_a_full_outbox_drops_the_oldest_and_counts_it() -> None:
    outbox = Outbox(3, 60, Clock())
    for number in range(5):
        outbox.put(message(number))
    assert drain(outbox) == [2, 3, 4]
    assert (outbox.dropped, outbox.expired) == (2, 0)


def test_what_is_too_old_is_never_sent_and_is_counted() -> None:
    clock = Clock()
    outbox = Outbox(10, 60, clock)
    outbox.put(message(0, at=0))
    clock.now = 30
    outbox.put(message(1, at=30))
    clock.now = 61
    assert len(outbox) == 1
    assert drain(outbox) == [1]
    assert (outbox.dropped, outbox.expired) == (0, 1)


def test_what_is_retained_is_never_too_old() -> None:
    clock = Clock()
    outbox = Outbox(10, 60, clock)
    outbox.put(message(0, at=0))
    outbox.put(message(1, at=0, retained=True))
    clock.now = 61
    assert drain(outbox) == [1]


def test_what_comes_back_goes_first_and_in_order() -> None:
    outbox = Outbox(10, 60, Clock())
    outbox.put(message(2))
    outbox.put_back([message(0), message(1)])
    assert drain(outbox) == [0, 1, 2]


def test_what_comes_back_to_a_full_outbox_is_the_oldest_and_dropped() -> None:
    outbox = Outbox(2, 60, Clock())
    outbox.put(message(2))
    outbox.put(message(3))
    outbox.put_back([message(0), message(1)])
    assert drain(outbox) == [2, 3]
    assert outbox.dropped == 2


def test_retained_messages_can_be_forgotten_without_touching_events() -> None:
    outbox = Outbox(10, 60, Clock())
    for number in range(4):
        outbox.put(message(number, retained=number % 2 == 0))
    outbox.discard_retained()
    assert drain(outbox) == [1, 3]


def test_pauses_grow_to_half_a_minute_and_start_over_after_a_good_connection() -> None:
    backoff = Backoff()
    pauses = [backoff.next_pause(0.0) for _ in range(12)]
    assert pauses[0] <= 0.5
    assert all(15 <= pause <= 30 for pause in pauses[-3:])
    assert backoff.next_pause(lasted=60.0) <= 0.5


def test_a_broker_that_lets_in_and_throws_out_is_asked_less_and_less() -> None:
    backoff = Backoff()
    assert sum(backoff.next_pause(lasted=0.2) for _ in range(10)) > 60

"""A short visit to a broker: whether it lets us in, and what it keeps about a device."""

import os
import socket
import time
from collections.abc import Sequence
from contextlib import closing

from paho.mqtt.client import MQTTMessage

from edge.mqtt.connection import Connection
from edge.mqtt.endpoint import Endpoint
from edge.mqtt.outbox import Message

_TURN_SECONDS = 0.1
_KEPT_SECONDS = 2.0
"""Wait for retained messages after subscribing; a broker on this machine sends them within 20 ms."""
_KEEPALIVE_SECONDS = 30


def fetch_retained(endpoint: Endpoint, topics: Sequence[str] = ()) -> dict[str, bytes]:
    """Connect, fetch the retained messages of `topics`, disconnect; topics without one are left out.

    Raises:
        ConnectionLostError: no answer, refused, or silent for too long.
    """
    kept: dict[str, bytes] = {}

    def receive(message: MQTTMessage) -> None:
        if message.retain:
            kept[message.topic] = bytes(message.payload)

    # Never sent, as we disconnect politely; another name than the daemon's, which would be disconnected.
    will = Message("asl/visit", b"", qos=0, retained=False, made_at=0.0)
    connection = Connection(endpoint, f"asl-edge-visit-{os.getpid()}", _KEEPALIVE_SECONDS, will, receive)
    wake, other_end = socket.socketpair()
    with closing(wake), closing(other_end):
        try:
            connection.open()
            while not connection.accepted:
                connection.step(wake, _TURN_SECONDS)
            if topics:
                connection.subscribe(list(topics))
            deadline = time.monotonic() + _KEPT_SECONDS
            while len(kept) < len(topics) and time.monotonic() < deadline:
                connection.step(wake, _TURN_SECONDS)
        finally:
            connection.close(politely=connection.accepted)
    return kept

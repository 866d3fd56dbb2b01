"""MQTT in and out: the publisher with its outbox, the commands, and a broker for the first run."""

from edge.mqtt.broker import EmbeddedBroker
from edge.mqtt.commands import Command
from edge.mqtt.connection import ConnectionLostError
from edge.mqtt.endpoint import parse_endpoint
from edge.mqtt.publisher import Publisher
from edge.mqtt.retained import fetch_retained
from edge.mqtt.topics import ONLINE, Topics

__all__ = [
    "ONLINE",
    "Command",
    "ConnectionLostError",
    "EmbeddedBroker",
    "Publisher",
    "Topics",
    "fetch_retained",
    "parse_endpoint",
]

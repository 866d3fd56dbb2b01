"""MQTT out and in: the publisher with its outbox, the commands, and the broker for a first run."""

from edge.mqtt.broker import EmbeddedBroker
from edge.mqtt.commands import Command
from edge.mqtt.publisher import Publisher

__all__ = ["Command", "EmbeddedBroker", "Publisher"]

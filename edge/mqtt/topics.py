"""Every MQTT topic, once: its name, whether the broker keeps it, and its QoS."""

from dataclasses import dataclass
from typing import get_args

from edge.config.schema import TOPIC_PART
from edge.errors import InputError
from edge.types import Topic

HOME_ASSISTANT_STATUS = "homeassistant/status"
ONLINE, OFFLINE = b"online", b"offline"


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a topic is sent."""

    retained: bool
    qos: int


DELIVERY: dict[Topic, Delivery] = {
    "status": Delivery(retained=True, qos=1),
    "info": Delivery(retained=True, qos=1),
    "state": Delivery(retained=True, qos=1),
    # Events are never retained: a display must not show yesterday's word.
    "letter": Delivery(retained=False, qos=0),
    "word": Delivery(retained=False, qos=1),
    "caption": Delivery(retained=False, qos=1),
    "spoken": Delivery(retained=False, qos=1),
    "stats": Delivery(retained=False, qos=0),
    "error": Delivery(retained=False, qos=1),
}


class Topics:
    """Full topic names of one device."""

    def __init__(self, device: str) -> None:
        """Take the device's name.

        Raises:
            InputError: the name cannot be one level of a topic.
        """
        if not TOPIC_PART.fullmatch(device):
            raise InputError(f"device: {device!r} cannot be part of a topic; use letters, digits, '-' and '_'")
        self.base = f"asl/{device}"
        self.status = self.event("status")
        self.commands = f"{self.base}/cmd/#"
        self.discovery = f"homeassistant/device/asl_{device}/config"

    def event(self, topic: Topic) -> str:
        return f"{self.base}/{topic}"

    def command(self, name: str) -> str:
        return f"{self.base}/cmd/{name}/set"


assert set(DELIVERY) == set(get_args(Topic)), "every topic needs a delivery"  # noqa: S101 - a slip of ours, seen at import

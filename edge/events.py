"""What every event carries when it leaves the process: one payload for MQTT and `replay --json`."""

import itertools
import json
from collections.abc import Mapping
from typing import Any

from edge.types import Event

PAYLOAD_VERSION = 1


class Stamper:
    """Adds `v`, `device`, `seq` (1, 2, 3, ...) and `ts` to the events of one process."""

    def __init__(self, device: str) -> None:
        self.device = device
        self._seq = itertools.count(1)

    def payload(self, event: Event) -> dict[str, Any]:
        stamp = {"v": PAYLOAD_VERSION, "device": self.device, "seq": next(self._seq), "ts": round(event.ts, 3)}
        return {**stamp, **event.body}


def to_json(payload: Mapping[str, Any]) -> str:
    """One line of JSON.

    Raises:
        ValueError: a number is not finite, which only Python's JSON parser would read.
    """
    return json.dumps(payload, ensure_ascii=False, allow_nan=False, separators=(",", ":"))

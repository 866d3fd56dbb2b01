"""The asl-edge running on this machine, found by its broker and caption page: what it holds is not missing."""

import json
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edge.config import Config
from edge.errors import AslEdgeError
from edge.loopback import LOOPBACK
from edge.mqtt import ONLINE, ConnectionLostError, Topics, fetch_retained, parse_endpoint


@dataclass(frozen=True, slots=True)
class Running:
    """A daemon on this machine."""

    camera: str
    """Digest of its source; empty while that is lost."""
    embedded_broker: bool
    """It was found through its own embedded broker."""


def running_daemon(config: Config) -> Running | None:
    """The daemon with the configured device name and broker, if it runs on this machine."""
    if config.mqtt.url is None:
        return running_behind(f"mqtt://{LOOPBACK}:{config.mqtt.embedded_port}", config.device)
    return _ask(config.mqtt.url, config.device, config.mqtt.ca_file, os.environ)


def running_behind(url: str, device: str) -> Running | None:
    """The daemon whose embedded broker listens at `url`."""
    found = _ask(url, device, None, {})  # no credentials: anybody may be listening there
    return found if found is not None and found.embedded_broker else None


def _ask(url: str, device: str, ca_file: str | None, environment: Mapping[str, str]) -> Running | None:
    try:
        topics = Topics(device)
        status, info, state = topics.status, topics.event("info"), topics.event("state")
        kept = fetch_retained(parse_endpoint(url, ca_file, environment), [status, info, state])
    except (AslEdgeError, ConnectionLostError):  # `asl-edge check` tries the broker itself and says why
        return None
    said = _object(kept.get(info))
    camera = said.get("camera")
    if kept.get(status) != ONLINE or said.get("host") != platform.node() or not isinstance(camera, dict):
        return None
    lost = _object(kept.get(state)).get("silent") == "camera_lost"
    return Running("" if lost else str(camera.get("source_sha256", "")), said.get("broker") == "embedded")


def _object(payload: bytes | None) -> dict[str, Any]:
    try:
        value = json.loads(payload or b"{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}

"""Lets Home Assistant find the device: one device-based discovery message (Home Assistant 2024.11 and later)."""

from typing import Any

from edge import __version__
from edge.mqtt.topics import Topics

_SILENCE = "{{ value_json.silent or 'reading' }}"


def discovery_payload(device: str, topics: Topics) -> dict[str, Any]:
    """What to publish to `homeassistant/device/asl_<device>/config`."""
    state, stats = topics.event("state"), topics.event("stats")
    components: dict[str, dict[str, Any]] = {
        "caption": _sensor("Caption", state, "{{ value_json.caption[:255] }}", icon="mdi:closed-caption"),
        "letter": _sensor("Last letter", topics.event("letter"), "{{ value_json.label }}", icon="mdi:hand-front-right"),
        "silent": _sensor("State", state, _SILENCE, icon="mdi:information-outline"),
        "fps": _sensor("Frames per second", stats, "{{ value_json.fps }}", json_attributes_topic=stats)
        | {"entity_category": "diagnostic", "state_class": "measurement", "unit_of_measurement": "fps"},
        "signer": {
            "platform": "binary_sensor",
            "name": "Signer present",
            "device_class": "occupancy",
            "state_topic": state,
            "value_template": "{{ 'ON' if value_json.signer_present else 'OFF' }}",
        },
        "mute": _switch("Mute", topics, "mute", "muted", "mdi:volume-off"),
        "pause": _switch("Pause", topics, "pause", "paused", "mdi:pause"),
        "practice": _switch("Practice", topics, "practice", "practice", "mdi:school"),
        "clear": _button("Clear caption", topics, "clear", "mdi:close"),
        "backspace": _button("Backspace", topics, "backspace", "mdi:backspace"),
        "speak": _button("Speak caption", topics, "speak", "mdi:account-voice"),
    }
    for name, component in components.items():
        component["unique_id"] = f"asl_{device}_{name}"
    return {
        "device": {
            "identifiers": [f"asl_{device}"],
            "name": f"ASL {device}",
            "manufacturer": "asl-edge",
            "sw_version": __version__,
        },
        "origin": {"name": "asl-edge", "sw_version": __version__},
        "availability_topic": topics.status,
        "qos": 1,
        "components": components,
    }


def _sensor(name: str, topic: str, template: str, **extra: str) -> dict[str, Any]:
    return {"platform": "sensor", "name": name, "state_topic": topic, "value_template": template, **extra}


def _switch(name: str, topics: Topics, command: str, field: str, icon: str) -> dict[str, Any]:
    return {
        "platform": "switch",
        "name": name,
        "icon": icon,
        "state_topic": topics.event("state"),
        "value_template": f"{{{{ 'ON' if value_json.{field} else 'OFF' }}}}",
        "command_topic": topics.command(command),
    }


def _button(name: str, topics: Topics, command: str, icon: str) -> dict[str, Any]:
    return {"platform": "button", "name": name, "icon": icon, "command_topic": topics.command(command)}

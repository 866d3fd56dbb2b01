"""The caption page for a browser or a kiosk screen; an MQTT subscriber like any other."""

from edge.display.server import DisplayServer

__all__ = ["DisplayServer"]

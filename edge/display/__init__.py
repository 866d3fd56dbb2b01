"""The caption page for a browser or a kiosk screen; an MQTT subscriber like any other."""

from edge.display.server import PORT_HINT, DisplayServer, device_of_page

__all__ = ["PORT_HINT", "DisplayServer", "device_of_page"]

"""The caption page for a browser or a kiosk screen; an MQTT subscriber like any other."""

from edge.display.server import OTHERWISE, DisplayServer, device_of_page

__all__ = ["OTHERWISE", "DisplayServer", "device_of_page"]

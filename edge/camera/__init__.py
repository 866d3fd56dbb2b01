"""Where frames come from: a live camera (newest wins) or files (every frame)."""

from edge.camera.clock import EpochClock
from edge.camera.files import read_frames
from edge.camera.live import Camera, CameraState
from edge.camera.source import Source, SourceKind, parse_source, redacted

__all__ = ["Camera", "CameraState", "EpochClock", "Source", "SourceKind", "parse_source", "read_frames", "redacted"]

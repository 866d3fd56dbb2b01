"""Where frames come from: a live camera (newest wins) or files (every frame)."""

from edge.camera.clock import EpochClock
from edge.camera.files import raw_frames, read_frames
from edge.camera.live import Camera, CameraState
from edge.camera.opencv import open_video
from edge.camera.pictures import PICTURE_SUFFIXES
from edge.camera.source import LOCAL_KINDS, Source, SourceKind, parse_source, redacted, why_absent

__all__ = [
    "LOCAL_KINDS",
    "PICTURE_SUFFIXES",
    "Camera",
    "CameraState",
    "EpochClock",
    "Source",
    "SourceKind",
    "open_video",
    "parse_source",
    "raw_frames",
    "read_frames",
    "redacted",
    "why_absent",
]

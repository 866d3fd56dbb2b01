"""asl-edge: reads American Sign Language on a small computer with a camera."""

__version__ = "0.1.0"

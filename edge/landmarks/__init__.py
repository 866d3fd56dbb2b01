"""Hands and body in a picture: detector, tracker, crop, and a landmarker for each."""

from edge.landmarks.landmarker import Landmarker

__all__ = ["Landmarker"]

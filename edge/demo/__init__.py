"""A signer drawn by the project itself: first-run demo, test footage and training motion, with exact truth."""

from edge.demo.signer import DemoSigner, DemoTruth

__all__ = ["DemoSigner", "DemoTruth"]

"""Fits MediaPipe's networks to the device: pruned, quantized on real pictures, compared with the originals."""

"""MediaPipe's networks made fit for the device: pruned, quantized on real pictures, compared with the originals."""

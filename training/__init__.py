"""Makes the models: landmark stores in, int8 bundles out. Never imported by `edge`."""

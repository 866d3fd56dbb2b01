"""Short names for types that training passes around."""

import numpy as np

Rng = np.random.Generator

"""The letter bundle: what its manifest says of every one."""

from edge.features import FEATURE_SIZE, FEATURES_TAG
from training.bundles import Kind

LETTERS = Kind("letters", FEATURES_TAG, (1, FEATURE_SIZE))
write_bundle, open_bundle = LETTERS.write, LETTERS.open

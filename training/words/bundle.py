"""The word bundle: what its manifest says of every one."""

from edge.word_features import CHANNELS, GRID_STEPS, WORD_FEATURES_TAG
from training.bundles import Kind

WORDS = Kind("words", WORD_FEATURES_TAG, (1, GRID_STEPS, CHANNELS))
write_bundle, open_bundle = WORDS.write, WORDS.open

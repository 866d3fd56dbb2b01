"""The word bundle: what its manifest says of every one."""

from edge.word_features import CHANNELS, WORD_FEATURES_TAG, WORD_GRID_STEPS
from training.bundles import Kind

WORDS = Kind("words", WORD_FEATURES_TAG, (1, WORD_GRID_STEPS, CHANNELS))
write_bundle, open_bundle = WORDS.write, WORDS.open

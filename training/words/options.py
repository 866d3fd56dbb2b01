"""Options that training, cross-validation and quantization of words share."""

from training.options import LETTER_STORE, WORD_STORE, TrainingOptions
from training.words.config import WordConfig
from training.words.rounds import Rounds

OPTIONS = TrainingOptions("words", (WORD_STORE, LETTER_STORE), WordConfig, Rounds)

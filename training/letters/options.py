"""Options that training, cross-validation and quantization share."""

from training.letters.config import LetterConfig
from training.letters.rounds import Rounds
from training.options import LETTER_STORE, WORD_STORE, TrainingOptions

OPTIONS = TrainingOptions("letters", (LETTER_STORE, WORD_STORE), LetterConfig, Rounds)

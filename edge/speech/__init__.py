"""Reads finished captions aloud, in child processes that can hang, crash or be killed without affecting the rest."""

from edge.speech.playback import Outcome, speech_problem
from edge.speech.speaker import Speaker, Spoken

__all__ = ["Outcome", "Speaker", "Spoken", "speech_problem"]

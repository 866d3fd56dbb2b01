"""How many letters the daemon's reader says about people who do not spell."""

from collections.abc import Sequence

from edge.bundle import Bundle
from edge.letter_reader import LetterReader
from training.store import UNKNOWN_FPS, Clip


def idle_figures(clips: Sequence[Clip], bundle: Bundle) -> dict[str, dict[str, float]]:
    """By kind of clip: clips, minutes, share of clips without a letter said, letters a minute."""
    reader = LetterReader(bundle)
    by_kind: dict[str, list[tuple[float, int]]] = {}
    for clip in clips:
        fps = clip.fps if clip.fps > 0 else UNKNOWN_FPS
        by_kind.setdefault(clip.kind, []).append((len(clip.hands) / fps, letters_said(clip, reader)))
    return {kind: _figures(results) for kind, results in sorted(by_kind.items())}


def letters_said(clip: Clip, reader: LetterReader) -> int:
    """Number of letters that the reader says on one clip."""
    reader.reset()
    return sum(len(reader.step(landmarks)) for landmarks in clip.landmarks())


def _figures(results: list[tuple[float, int]]) -> dict[str, float]:
    seconds, letters = sum(seconds for seconds, _ in results), sum(count for _, count in results)
    silent = sum(count == 0 for _, count in results)
    return {
        "clips": len(results),
        "minutes": round(seconds / 60, 2),
        "silent": round(silent / len(results), 4),
        "letters_per_minute": round(letters / max(seconds / 60, 1e-9), 3),
    }

"""J and Z put together from numbered stills: some sources keep the frames of a recording singly."""

import dataclasses
import re

import numpy as np

from training.sources import source_of
from training.store import UNKNOWN_FPS, Clip


class Drawings:
    """Collects stills that are frames of a drawing, as `training.sources` lists them."""

    def __init__(self) -> None:
        self._frames: dict[tuple[str, str, str], dict[int, Clip]] = {}

    def add(self, clip: Clip) -> None:
        number = _number(clip.clip)
        if clip.still and number is not None and clip.label in source_of(clip.source).drawn:
            self._frames.setdefault((clip.source, clip.label, clip.signer), {})[number] = clip

    def clips(self) -> list[Clip]:
        """One sequence for every whole drawing that has at least half its frames."""
        made = []
        for (source, label, _), frames in self._frames.items():
            for first, last in source_of(source).drawn[label]:
                here = [frames.get(number) for number in range(first, last + 1)]
                if sum(frame is not None for frame in here) > (last - first) / 2:
                    made.append(_joined(here, f"{source}/{label}/{first}-{last}"))
        return made


def _joined(frames: list[Clip | None], name: str) -> Clip:
    """One clip; a missing frame shows nobody."""
    known = next(frame for frame in frames if frame is not None)
    nobody = np.full_like(known.hands, np.nan)
    hands = np.concatenate([nobody if frame is None else frame.hands for frame in frames])
    return dataclasses.replace(known, clip=name, fps=UNKNOWN_FPS, hands=hands, pose=known.pose[:0])


def _number(clip: str) -> int | None:
    """The running number at the end of a clip's name."""
    found = re.search(r"(\d+)(?:\.\w+)?$", clip)
    return int(found.group(1)) if found else None

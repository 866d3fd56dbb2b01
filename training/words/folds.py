"""Who is held out together: whole recorders, GISLR participants, framing clusters of WLASL; no signer on both sides."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from edge.errors import InputError
from training.caching import digest
from training.sources import may_train, same_people
from training.store import Clip

FOLDS = 4
_LEAST_FOLDS = 2


@dataclass(frozen=True, slots=True)
class Fold:
    """Signers that one model never sees."""

    number: int
    signers: frozenset[str]

    def folder(self, samples: str) -> str:
        """Name of the folder for what is trained on the samples with this digest, without these signers."""
        return f"{self.number}-{digest([samples, sorted(self.signers)])}"


def folds(clips: Iterable[Clip]) -> list[Fold]:
    """Deal signers out to `FOLDS` folds, those of each source by falling number of clips, for like shares.

    Signers that are never trained on are in the first fold, so that they are judged once too, and so is anyone who may
    be the same person.

    Raises:
        InputError: all who may be trained on are in one fold, which leaves nobody to train on.
    """
    clips = list(clips)
    never = {clip.signer for clip in clips if not may_train(clip, "all")}
    same = {name for clip in clips if clip.signer in never for name in same_people(clip.source)}
    groups: list[set[str]] = [set() for _ in range(FOLDS)]
    groups[0] |= {clip.signer for clip in clips if clip.signer in same}
    for signers in _by_kind(clip for clip in clips if clip.signer not in never).values():
        begin = int(any(signer in same for signer in signers))  # the first fold has some already
        others = sorted(signers.keys() - same, key=lambda signer: (-signers[signer], signer))
        for place, signer in enumerate(others, begin):
            groups[place % FOLDS].add(signer)
    if sum(map(bool, groups)) < _LEAST_FOLDS:
        names = ", ".join(sorted(set().union(*groups))) or "nobody"
        raise InputError(f"{names}: leaving people out takes two signers of a source that may be trained on; add some")
    groups[0] |= never
    return [Fold(number, frozenset(group)) for number, group in enumerate(groups) if group]


def _by_kind(clips: Iterable[Clip]) -> dict[str, Counter[str]]:
    """Number of clips by signer, for each kind of source: all webcam recorders are one kind."""
    kinds: dict[str, Counter[str]] = {}
    for clip in clips:
        kinds.setdefault(clip.source.split("_")[0], Counter())[clip.signer] += 1
    return kinds

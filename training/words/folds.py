"""Who is held out together: whole recorders, GISLR participants, framing clusters of WLASL; no signer on both sides."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from edge.errors import InputError
from training.sources import NEVER_TRAIN, evaluation_only
from training.store import Clip

FOLDS = 4
_LEAST_FOLDS = 2


@dataclass(frozen=True, slots=True)
class Fold:
    """Signers that one model never sees."""

    number: int
    signers: frozenset[str]


def folds(clips: Iterable[Clip]) -> list[Fold]:
    """Deal signers out to `FOLDS` folds, those of each source by falling number of clips: each gets a like share.

    Signers that no training sees anyway are in the first fold, so that they are judged once too. There also is the
    largest cluster of WLASL50, who may be the dictionary's signer: WLASL was collected from such dictionaries.

    Raises:
        InputError: whoever may be trained on is in one fold, so that nobody is left to train on.
    """
    kinds: dict[str, Counter[str]] = {}
    never: set[str] = set()
    for clip in clips:
        if clip.source in NEVER_TRAIN or evaluation_only(clip.licence):
            never.add(clip.signer)
        else:
            kind = clip.source.split("_")[0]
            kinds.setdefault(kind, Counter())[clip.signer] += 1
    groups: list[set[str]] = [set() for _ in range(FOLDS)]
    for counter in kinds.values():
        for place, (signer, _) in enumerate(sorted(counter.items(), key=lambda item: (-item[1], item[0]))):
            groups[place % FOLDS].add(signer)
    if sum(map(bool, groups)) < _LEAST_FOLDS:
        names = ", ".join(sorted(set().union(*groups))) or "nobody"
        raise InputError(f"{names}: leaving people out takes two signers of a source that may be trained on; add some")
    groups[0] |= never
    return [Fold(number, frozenset(group)) for number, group in enumerate(groups) if group]

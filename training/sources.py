"""Every source of recordings: licence, signers, quirks, and what is left out of training, decided once.

An exclusion says why. All were decided from the sources' own material and a look at their training poses (FACTS 3),
before any model was tested, and apply to training alone: a test counts every label of a source, whatever it shows.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from edge.errors import InputError

CLEAR_LICENCES = ("MIT", "public domain", "CC")
"""Beginnings of licence texts that plainly allow training a model that is given away."""


@dataclass(frozen=True, slots=True)
class Source:
    """One collection of recordings, usually one repository."""

    name: str
    licence: str
    signers: str
    quirks: str = ""
    exclude: dict[str, str] = field(default_factory=dict)
    """Label to the reason why its clips are not trained on."""
    real_motion: tuple[str, ...] = ()
    """J and Z whose sequences hold the motion itself; elsewhere these folders hold end poses."""
    drawn: dict[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    """J and Z stills that are consecutive frames of a recording: first and last number of each whole drawing."""

    @property
    def clear(self) -> bool:
        """Whether the licence as it stands allows training without asking anybody."""
        return self.licence.startswith(CLEAR_LICENCES) and "GPL" not in self.licence


_INTERNATIONAL_T = "the international T, thumb between index and middle finger hidden behind"

LETTER_SOURCES: tuple[Source, ...] = (
    Source("aditi", "GPL-3", "1"),
    Source("aslexplorer", "none stated", "1", "I, R and Y palm-in", drawn={"J": ((5, 75),)}),
    Source("barczak", "none stated (research)", "5", "Massey set: bare hand on black, plain light"),
    Source("borisgraudt", "MIT", "1"),
    Source(
        "dylan",
        "none stated",
        "1",
        "sequences of 1 s; the first 8 frames are the previous pose; hand names flip between left and right",
        {"J": "drawn with the index finger, which is nobody else's J"},
        real_motion=("Z",),
    ),
    Source(
        "grassknoted200",
        "MIT repo; origin GPL-2",
        "1",
        "M and N point down",
        {"T": "not a T", "P": "not a P"},
    ),
    Source("hackmit", "none stated", "1", "96 px pictures"),
    Source(
        "jackson",
        "none stated",
        "1",
        "sequences of 1 s; the first 4 frames are the previous pose",
        real_motion=("J", "Z"),
    ),
    Source(
        "kingdavidko",
        "none stated",
        "1",
        "K and P atypical but kept: unseen signers vary so",
        {"X": "wrong hand shape"},
    ),
    Source("longhong", "MIT (readme)", "1", "left-handed or mirrored; M and N point down"),
    Source(
        "mariia",
        "none stated",
        "1",
        "open palm = space",
        drawn={
            "J": ((8, 36), (62, 85), (116, 140), (166, 192)),
            "Z": ((15, 49), (63, 95), (110, 144), (156, 189)),
        },
    ),
    Source("nejohnson2", "MIT (readme)", "1"),
    Source("predaalin", "none stated", "1", "pinch = delete"),
    Source("rjp", "none stated", "1", "sequences of 20 frames; J and Z held still"),
    Source("rjpushp", "none stated", "1", "", {"E": "mostly D"}),
    Source("rocketares", "none stated", "7, some with both hands", "", {"T": _INTERNATIONAL_T}),
    Source("straciulita", "none stated", "1", "O and S odd but readable; thumb up = space, thumb down = delete"),
    Source("t32rahman", "MIT", "1", "G pinched but kept"),
    Source("yumenin", "none stated", "1", "sequences of 1 s; J and Z short or still"),
)

NEVER_TRAIN: dict[str, str] = {
    "sign-mnist": "15 of 24 letters carry another letter's name where it is used (FACTS 11); 28 px pictures",
    "webcam_ShivaNagalla": "signs something else under every known word (FACTS 4)",
    "webcam_mahesh8T": "signs something else under every known word (FACTS 4)",
}
"""Sources that no training run may read, with the reason. `refuse_never_train` enforces it."""

_BY_NAME = {source.name: source for source in LETTER_SOURCES}


def letter_source(name: str) -> Source:
    """The entry of a source; an unknown one (a user's own recording) has no exclusions."""
    return _BY_NAME.get(name, Source(name, "unknown", "unknown"))


def refuse_never_train(names: Iterable[str]) -> None:
    """Raise where a source that must not be trained on is among `names`.

    Raises:
        InputError: names the source and the reason.
    """
    for name in sorted(set(names) & set(NEVER_TRAIN)):
        raise InputError(f"source '{name}' must not be trained on: {NEVER_TRAIN[name]}; take it out of the stores")


def trainable(name: str, label: str) -> bool:
    """Whether clips of `label` of this source may be trained on as that label."""
    return label not in letter_source(name).exclude

"""Every source of recordings: licence, signers, quirks, and what is left out of training, decided once.

Each exclusion says why. All were decided from the sources' own material and a look at their training poses, before any
model was tested, and apply only to training: a test counts every label of a source, whatever it shows. The one
exception is stills of J and Z, which cannot show them. Sequences of J and Z are tests even where the hand stands still
(all but a few of rjp's, yumenin's J): the cards' figures `as shown` leave those out.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from edge.errors import InputError
from edge.landmark_store import Clip

CLEAR_LICENCES = ("MIT", "public domain", "CC", "consented landmark recording")
"""Beginnings of licence texts that plainly allow training a model to give away. The last is `training.record`'s."""
_NOT_CLEAR = re.compile(r"GPL|(?<![a-z])(BY)?(NC|ND)(?![a-z])|non[\s-]*commercial|no[\s-]*deriv|only", re.IGNORECASE)
"""A text with one of these does not: others may sell and change what is given away under Apache-2.0."""


@dataclass(frozen=True, slots=True)
class Source:
    """One collection of recordings, usually one repository."""

    name: str
    licence: str
    signers: str
    quirks: str = ""
    exclude: dict[str, str] = field(default_factory=dict)
    """By label, why its clips are not trained on."""
    real_motion: tuple[str, ...] = ()
    """Which of J and Z have sequences with the motion itself; elsewhere these folders hold end poses."""
    drawn: dict[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    """By J or Z, whose stills are consecutive frames of a recording, first and last number of each whole drawing."""


def licence_is_clear(licence: str) -> bool:
    """Whether a licence text as it stands allows training without asking anybody."""
    return licence.startswith(CLEAR_LICENCES) and not _NOT_CLEAR.search(licence)


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
    "sign-mnist": "15 of 24 letters carry another letter's name where it is used; 28 px pictures",
    "webcam_ShivaNagalla": "signs something else under every known word",
    "webcam_mahesh8T": "signs something else under every known word",
}
"""Sources that no training run may read, with the reason. `refuse_never_train` enforces it."""

SAME_PEOPLE: tuple[frozenset[str], ...] = (
    frozenset({"rjp", "rjpushp"}),
    frozenset({"signingsavvy", "wlasl_misc", "wlasl50:0", "wlasl50:14"}),
)
"""Names of sources, and of signers where a source has several, who are or may be the same people: no split parts them.

rjp and rjpushp come from one repository; a third of either's hands have their nearest neighbour in the other (by chance
one in twenty would). Of the dictionaries' clips of WLASL50's glosses 13 are recordings of wlasl50:14 and one is of
wlasl50:0: their landmarks, brought to the same place and size, are 0.06 palm lengths apart, as two people's never are.
"""


def refuse_never_train(names: Iterable[str]) -> None:
    """Raise where a source that must not be trained on is among `names`.

    Raises:
        InputError: names the source and the reason.
    """
    for name in sorted(set(names) & set(NEVER_TRAIN)):
        raise InputError(f"source '{name}' must not be trained on: {NEVER_TRAIN[name]}; take it out of the stores")


def same_people(name: str) -> frozenset[str]:
    """The names of all who are held out with this source or signer, itself among them."""
    return next((names for names in SAME_PEOPLE if name in names), frozenset({name}))


_SOMETHING_ELSE = "signs something else under this name"

WORD_SOURCES: tuple[Source, ...] = (
    Source("gislr", "CC BY 4.0 (as reported)", "15", "one hand seen, the other holds the phone; aspect estimated"),
    Source("signingsavvy", "copyrighted; evaluation only", "1", "dictionary, 238 glosses"),
    Source(
        "webcam_ArnavPundir22",
        "none stated",
        "1",
        "frame rates of all webcam recorders are unknown, 10 to 30",
        {"hello": _SOMETHING_ELSE, "help": _SOMETHING_ELSE},
    ),
    Source("webcam_Bobbybalaji", "none stated", "1"),
    Source("webcam_FowlDeadPool", "MIT", "1", "", {"no": _SOMETHING_ELSE}),
    Source("webcam_G4CiO", "none stated", "1", "", {"no": _SOMETHING_ELSE}),
    Source("webcam_ISmokeData", "none stated", "1", "", {"please": _SOMETHING_ELSE}),
    Source("webcam_IlkerDEMIR-s", "MIT", "1"),
    Source("webcam_Jeet10", "none stated", "1", "", {"no": _SOMETHING_ELSE, "help": _SOMETHING_ELSE}),
    Source("webcam_JefferyJiang-YF", "none stated", "1"),
    Source("webcam_Lolkink1", "none stated", "1"),
    Source("webcam_MadBerry42", "none stated", "1"),
    Source("webcam_ShivaNagalla", "none stated", "1"),
    Source(
        "webcam_SoyaChunkz",
        "none stated",
        "1",
        "shoulders at the height of the nose",
        {"hello": _SOMETHING_ELSE, "no": _SOMETHING_ELSE},
    ),
    Source("webcam_baki037", "none stated", "1", "", {"sorry": _SOMETHING_ELSE, "drink": _SOMETHING_ELSE}),
    Source("webcam_himadrir", "none stated", "1", "", {"please": _SOMETHING_ELSE}),
    Source("webcam_luja-manandhar", "none stated", "1"),
    Source("webcam_mahesh8T", "none stated", "1"),
    Source("webcam_rishavchandra", "none stated", "1"),
    Source("webcam_tamtridung", "MIT", "1", "24 frames a clip"),
    Source("webcam_traduttore", "MIT", "1", "20 frames a clip"),
    Source("wlasl50", "C-UDA", "12 framing clusters", "about six clips a gloss; at most 30 frames"),
    Source("wlasl_misc", "copyrighted; evaluation only", "unknown", "187 glosses with a clip or two, idle"),
)

LOOKALIKES: dict[str, str] = {
    "good": "thank you but for the second hand",
    "good job": "begins as thank you",
    "good morning": "begins as thank you",
    "good night": "begins as thank you",
    "bye": "a wave, as most sign hello to a camera",
    "love": "some show the hand of I love you",
    "how much": "many, in some signers",
}
"""Glosses outside the vocabulary that must not be taught as `nothing`, since a word in it looks the same."""

UNKNOWN = "unknown"
_BY_NAME = {source.name: source for source in (*LETTER_SOURCES, *WORD_SOURCES)}


def source_of(name: str) -> Source:
    """The entry of a source; an unknown one (a user's own recording) has no exclusions."""
    return _BY_NAME.get(name, Source(name, UNKNOWN, UNKNOWN))


def licence_of(name: str) -> str:
    """Licence of a source of letters or words, as in the tables."""
    return source_of(name).licence


def trainable(name: str, label: str) -> bool:
    """Whether clips of `label` of this source may be trained on as that label."""
    return label not in source_of(name).exclude


def evaluation_only(licence: str) -> bool:
    """Whether a licence text allows tests and no training: `evaluation only`, `consented for evaluation`."""
    text = licence.lower()
    words = re.findall(r"[a-z]+", text)
    forbidden = re.search(r"\b(no|not)\b[^,;]*\btrain", text) is not None
    return forbidden or ("evaluation" in words and ("only" in words or "training" not in words))


def may_train(clip: Clip, licences: str) -> bool:
    """Whether a training run may see a clip; `licences` is `all` or `clear`.

    Both what the tables here say of its source and what its store says must allow it.
    """
    stated = [clip.licence]
    if clip.source in _BY_NAME:
        stated.append(_BY_NAME[clip.source].licence)
    if clip.source in NEVER_TRAIN or any(evaluation_only(licence) for licence in stated):
        return False
    return licences == "all" or all(licence_is_clear(licence) for licence in stated)


class SignerSourceCheck:
    """Checks that a split by sources is one by people too."""

    def __init__(self) -> None:
        self._source_of: dict[str, str] = {}

    def add(self, clip: Clip) -> None:
        """Note who signs.

        Raises:
            InputError: the signer is in another source too, and would be on both sides.
        """
        other = self._source_of.setdefault(clip.signer, clip.source)
        if other != clip.source:
            raise InputError(
                f"signer '{clip.signer}' is in source '{other}' and in '{clip.source}', of which one may be held out; "
                "give both one source, or two people two names"
            )


def lookalike(gloss: str) -> bool:
    """Whether a gloss outside the vocabulary looks like a word in it."""
    return gloss in LOOKALIKES

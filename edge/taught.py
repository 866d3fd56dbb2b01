"""Signs taught on this device: a small file for each, beside the bundles, with its recordings' embeddings.

No landmarks or pictures are kept: an embedding means something only to the network that made it, so a file names that
network by its sha256 and is useless to any other.
"""

import json
import logging
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edge.bundle import Bundle
from edge.errors import InputError, unwritable
from edge.glosses import gloss_of
from edge.paths import MODELS_UNWRITABLE_HINT
from edge.prototypes import Prototypes, SimilarityCalibration
from edge.types import Floats

log = logging.getLogger(__name__)

_GLOSS = re.compile(r"\w[\w ']{0,63}")
"""It is a file name, and an item of the comma-separated `words.active`."""


@dataclass(frozen=True, slots=True)
class TaughtSign:
    """One file of the folder."""

    gloss: str
    network: str
    """sha256 of the network that made the embeddings."""
    examples: Floats
    """(N, D): one embedding per recording."""


def taught_dir(models: Path, bundle: str) -> Path:
    """Where the signs taught to the word bundle of that name are kept: beside it, like its predecessor."""
    return models / f".{bundle}.taught"


def name_of(text: str) -> str:
    """The gloss of a taught sign.

    Raises:
        InputError: it has characters other than letters, digits, spaces, `'`, `-` and `_`.
    """
    gloss = gloss_of(text)
    if not _GLOSS.fullmatch(gloss):
        raise InputError(f"'{text}' is no gloss; write it with letters, digits, blanks, ', - and _")
    return gloss


def save(folder: Path, sign: TaughtSign) -> None:
    """Write a sign, whole or not at all.

    Raises:
        AslEdgeError: `folder` cannot be written.
    """
    content = {"gloss": sign.gloss, "network": sign.network, "examples": np.round(sign.examples, 4).tolist()}
    partial = folder / f".{sign.gloss}.new"
    try:
        if not folder.is_dir():
            folder.mkdir()
            folder.chmod(0o755)  # the daemon is another user
        with partial.open("w", encoding="utf-8") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        partial.chmod(0o644)
        partial.replace(_file(folder, sign.gloss))
    except OSError as error:
        raise unwritable(folder, error, MODELS_UNWRITABLE_HINT) from error


def remove(folder: Path, gloss: str) -> None:
    """Forget a sign, even a damaged one.

    Raises:
        InputError: it was never taught.
        AslEdgeError: `folder` cannot be written.
    """
    taught = taught_glosses(folder)
    found = [name for name in taught if gloss_of(name) == gloss]  # earlier versions kept - and _
    if not found:
        raise InputError(f"'{gloss}' was not taught here; taught signs: {', '.join(taught) or 'none'}")
    try:
        for name in found:
            _file(folder, name).unlink()
    except OSError as error:
        raise unwritable(folder, error, MODELS_UNWRITABLE_HINT) from error


def taught_glosses(folder: Path) -> list[str]:
    """Every sign that has a file, usable or not."""
    return sorted(path.stem for path in folder.glob("[!.]*.json"))


def read(folder: Path, gloss: str, bundle: Bundle) -> TaughtSign:
    """A sign, with embeddings from the bundle's network.

    Raises:
        InputError: the file is damaged, or another network made the embeddings.
    """
    path = _file(folder, gloss)
    mend = f"run asl-edge models forget '{gloss}' and teach it again"
    try:
        content: Any = json.loads(path.read_text("utf-8"))
        examples = np.array(content["examples"], np.float32)
        sign = TaughtSign(content["gloss"], content["network"], examples)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise InputError(f"{path}: no taught sign can be read from it ({type(error).__name__}); {mend}") from error
    if sign.network != bundle.sha256["model"]:
        raise InputError(f"{path}: '{gloss}' was taught to another version of the word bundle; teach it again")
    if sign.gloss != gloss or examples.ndim != 2 or not np.isfinite(examples).all():
        raise InputError(f"{path}: it holds no embeddings of '{gloss}'; {mend}")
    return sign


def usable(folder: Path, bundle: Bundle) -> Iterator[TaughtSign | InputError]:
    """Every sign taught for a bundle, or why it cannot be used."""
    for gloss in taught_glosses(folder):
        try:
            yield read(folder, gloss, bundle)
        except InputError as error:
            yield error


def load_taught(folder: Path, bundle: Bundle) -> Prototypes:
    """The taught signs, for the daemon; unusable ones are left out with a warning."""
    signs = {}
    for sign in usable(folder, bundle):
        if isinstance(sign, InputError):
            log.warning("%s; until then it is not read", sign)
        else:
            signs[sign.gloss] = sign.examples
    return Prototypes(signs, SimilarityCalibration.of(bundle.operating_point))


def _file(folder: Path, gloss: str) -> Path:
    return folder / f"{gloss}.json"

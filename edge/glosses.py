"""Names of signs: one spelling for what people, stores and configurations write in many ways."""

import re
import unicodedata
from collections.abc import Iterable

from edge.bundle import Bundle
from edge.errors import InputError
from edge.labels import NOTHING

_JOINED = {"thank you": "thankyou", "i love you": "iloveyou"}
"""The vocabulary's spelling of glosses that others write as several words."""


def gloss_of(text: str) -> str:
    """A gloss as the stores spell it: lower case, spaces between words, accents composed (macOS decomposes them)."""
    plain = re.sub(r"[\s_-]+", " ", unicodedata.normalize("NFC", text)).strip().lower()
    return _JOINED.get(plain, plain)


def active_words(option: str, text: str | None, bundle: Bundle, taught: Iterable[str] = ()) -> set[str] | None:
    """Labels of the words in a list with commas, however spelled; None if it is empty.

    `option` is its name in errors, `taught` are the signs taught to the bundle.

    Raises:
        InputError: a word is neither one of the bundle's nor taught.
    """
    labels = (*(label for label in bundle.labels if label != NOTHING), *taught)
    captions = {gloss_of(caption): label for label, caption in bundle.manifest.get("texts", {}).items()}
    known = captions | {gloss_of(label): label for label in labels}
    names = [name.strip() for name in (text or "").split(",") if name.strip()]
    unknown = [name for name in names if known.get(gloss_of(name)) not in labels]
    if unknown:
        raise InputError(f"{option}: '{unknown[0]}' is no word of bundle '{bundle.name}'; it reads {', '.join(labels)}")
    return {known[gloss_of(name)] for name in names} or None

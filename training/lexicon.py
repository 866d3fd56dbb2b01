"""Makes `edge/lexicon/words.txt`: the words and names of SCOWL, each with how common it is in print.

On Debian: `apt install scowl`, and `pip download symspellpy --no-deps` for the counts, which lie in its wheel.
"""

import argparse
import math
import re
from collections.abc import Iterable
from pathlib import Path

from edge.cli import run_command
from edge.errors import InputError
from edge.lexicon.shelves import CLASSES, KNOWN_ONLY, LONGEST, WORDS

_WORD_LEVELS = (10, 20, 35, 40, 50)
"""SCOWL's levels go by how common a word is."""
_NAME_LEVELS = (10, 20, 35, 40, 50, 60)
_RAREST = 20e-9
"""Share of all words in print; rarer ones, and those without a count, are in class 0."""
_COARSE = re.compile(
    "anal|anus(es)?|ass(es)?|bastards?|bimbos?|bitch(es|ed|ing|y)?|boob(s|y|ies)?|(bull)?shit.*|buggers?|chink(s|ed|ing)?|"
    "clit(s|or.*)|cocks?|coons?|crap(s|p.*)?|crippl.*|cum(s|ming)?|cunts?|dick(s|head.*)?|dumb(er|est|ly|ness)?|dykes?|"
    "erections?|erotic.*|fag(s|gots?|ots?)?|fart(s|ed|ing)?|fellatio|fuck.*|gooks?|gyp(s|p.*)?|hookers?|horny|idiot.*|"
    "masturbat.*|moron(s|ic)?|nazi(s|sms?)?|nigg(a|er).*|orgasm.*|penis(es)?|piss.*|poop(s|ed|ing)?|porn.*|pricks?|"
    "puss(y|ies)|queer(s|ed|er|est|ing)?|rap(e|es|ed|ing|ists?)|retard(s|ed|ing)?|scrot(a|um)|semen|"
    "sex(ed|es|ing|ism|ist|ual|uality|ually|y)?|slut.*|sodom(y|ites?)|spastics?|sperms?|squaws?|testicles?|tits?|turds?|"
    "twats?|vagina(e|l)?|wank.*|whore.*",
    re.IGNORECASE,
)
"""Nobody's letters are turned into these; who spells them means them, so they are known."""


def lines(scowl: Path, counts: Path) -> list[str]:
    """Lines of the list, by length and alphabet."""
    share = _shares(counts)
    classes = dict.fromkeys(_read(scowl, ("proper-names", "upper"), _NAME_LEVELS), KNOWN_ONLY)
    for word in _read(scowl, ("words",), _WORD_LEVELS):
        classes[word] = KNOWN_ONLY if _COARSE.fullmatch(word) else _class_of(share.get(word, 0.0))
    return [word + classes[word] for word in sorted(classes, key=lambda word: (len(word), word))]


def _class_of(share: float) -> str:
    """Each class is four times as common as the one before it."""
    return CLASSES[min(int(math.log(max(share / _RAREST, 1), 4)), len(CLASSES) - 1)]


def _shares(counts: Path) -> dict[str, float]:
    """How much of all that is printed each word is."""
    pairs = [line.split() for line in _text(counts, "utf-8-sig").splitlines()]
    total = sum(int(count) for _, count in pairs)
    return {word.upper(): int(count) / total for word, count in pairs}


def _read(scowl: Path, kinds: Iterable[str], levels: Iterable[int]) -> set[str]:
    files = [
        scowl / f"{english}-{kind}.{level}" for english in ("english", "american") for kind in kinds for level in levels
    ]
    files = [file for file in files if file.exists()]
    if not files:
        raise InputError(f"{scowl}: no lists of SCOWL; apt install scowl")
    words = [word for file in files for word in _text(file, "latin-1").split()]
    return {word.upper() for word in words if word.isascii() and word.isalpha() and 1 < len(word) <= LONGEST}


def _text(path: Path, encoding: str) -> str:
    try:
        return path.read_text(encoding)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error


def run(args: argparse.Namespace) -> int:
    text = "".join(f"{line}\n" for line in lines(args.scowl, args.counts))
    WORDS.write_text(text, "ascii")
    print(f"{WORDS}: {text.count(chr(10))} words and names")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m training.lexicon", description=__doc__)
    parser.add_argument("--scowl", type=Path, default=Path("/usr/share/dict/scowl"), help="folder of SCOWL's lists")
    parser.add_argument(
        "--counts", type=Path, required=True, help="symspellpy's frequency_dictionary_en_82_765.txt: a word and a count"
    )
    parser.add_argument("--debug", action="store_true", help="show tracebacks")
    parser.set_defaults(run=run)
    return run_command(parser.parse_args())


if __name__ == "__main__":
    raise SystemExit(main())

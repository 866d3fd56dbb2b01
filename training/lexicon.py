"""Makes `edge/lexicon/words.txt`: the words and names of SCOWL, each with how common it is by wordfreq.

On Debian: `apt install scowl`, and `pip install wordfreq`.
"""

import argparse
import importlib
import itertools
import math
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from edge.argument_parser import ArgumentParser
from edge.errors import InputError
from edge.lexicon.shelves import CLASSES, KNOWN_ONLY, LONGEST, WORDS
from training.command import run_parsed

_WORD_LEVELS = (10, 20, 35, 40, 50)
"""SCOWL's levels go by how common a word is."""
_NAME_LEVELS = (10, 20, 35, 40, 50, 60)
_RAREST_NAME = 2e-6
"""Share of all words from which names, days and months are words as well: rarer ones are too like each other."""
_SHORTEST_NAME = 4
"""Letters of such a name: shorter ones are abbreviations."""
_NAME_RARER = 8
"""A name counts as this many times rarer: what is written is about the same few people and places."""
_COMMON = 20_000
"""Most common words that are known whether SCOWL has them or not: brands, names, words of today."""
_RAREST = 20e-9
"""Share of all words; rarer ones are in the first class."""
_COARSE = re.compile(
    "anal|anus(es)?|ass(es)?|ass.*holes?|bastards?|bestiality|bimbos?|bitch(es|ed|ing|y)?|boob(s|y|ies)?|bums?|buggers?|"
    "(bull)?shit.*|chink(s|ed|ing)?|clit(s|or.*)|cocks?|cocksuck.*|coons?|crap(s|p.*)?|cretins?|crippl.*|cum(s|ming)?|"
    "cunts?|(god?)?damn.*|dick(s|head.*)?|dumb(er|est|ly|ness)?|dumm(y|ies)|dykes?|erections?|erotic.*|fag(ged|s|got.*|ots?)?|"
    "fart(s|ed|ing)?|fatt(y|ies)|fecal|feces|fellatio|floozy|foreskin|fuck.*|gays?|genital.*|gooks?|gyp(s|p.*)?|harlots?|"
    "homosexuals?|hookers?|horny|hussy|idiot.*|imbeciles?|incest|jackass(es)?|jerks?|lesbians?|lunatics?|masturbat.*|"
    "midgets?|moron(s|ic)?|motherfuck.*|mulatto(e?s)?|nazi(s|sms?)?|negro(es)?|nigg(a|er).*|org(y|ies)|orgasm.*|penis(es)?|"
    "pervert.*|pimps?|piss.*|poop(s|ed|ing)?|porn.*|pricks?|prostitut.*|puss(y|ies)|queer(s|ed|er|est|ing)?|"
    "rap(e|es|ed|ing|ists?)|redskins?|retard(s|ed|ing)?|scrot(a|um)|scumbags?|semen|"
    "sex(ed|es|ing|ism|ist|ual|uality|ually|y|i.*|pots?)?|slut.*|sodom(y|ites?)|spastics?|sperms?|squaws?|strumpet|testicles?|"
    "threesome|tits?|turds?|twats?|urine|vagina(e|l)?|vibrators?|wank.*|wetbacks?|whor(e.*|ing)",
    re.IGNORECASE,
)
"""Nothing is ever repaired into these; whoever spells them means them, so they are known."""


def lines(scowl: Path, share: Mapping[str, float]) -> list[str]:
    """Lines of the list, by length and alphabet.

    Args:
        scowl: folder of SCOWL's lists.
        share: each word's share of all that is written, most common first.

    Raises:
        InputError: there are no such lists.
    """
    commonest = itertools.islice((word for word in map(str.upper, share) if _is_word(word)), _COMMON)
    british = _read(scowl, "british", "words", _WORD_LEVELS)
    names = _read(scowl, "english american", "proper-names upper", _NAME_LEVELS)
    words = _read(scowl, "english american", "words", _WORD_LEVELS)
    if not words:
        raise InputError(f"{scowl}: no lists of SCOWL; apt install scowl")
    classes = dict.fromkeys([*commonest, *british, *names, *words], KNOWN_ONLY)
    for word in names | words:
        common = share.get(word.lower(), 0.0)
        if word not in words:
            if len(word) < _SHORTEST_NAME or common < _RAREST_NAME:
                continue
            common /= _NAME_RARER
        if not _COARSE.fullmatch(word):
            classes[word] = _class_of(common)
    return [word + classes[word] for word in sorted(classes, key=lambda word: (len(word), word))]


def _class_of(share: float) -> str:
    """Each class is twice as common as the one before."""
    return CLASSES[min(int(math.log2(max(share / _RAREST, 1))), len(CLASSES) - 1)]


def _read(scowl: Path, spellings: str, kinds: str, levels: Iterable[int]) -> set[str]:
    """Words of the lists that exist."""
    files = [scowl / f"{a}-{b}.{level}" for a in spellings.split() for b in kinds.split() for level in levels]
    words = [word for file in files if file.exists() for word in file.read_text("latin-1").upper().split()]
    return {word for word in words if _is_word(word)}


def _is_word(text: str) -> bool:
    return text.isascii() and text.isalpha() and 1 < len(text) <= LONGEST


def run(args: argparse.Namespace) -> int:
    try:
        wordfreq = importlib.import_module("wordfreq")
    except ImportError as error:
        raise InputError("wordfreq is not installed; pip install wordfreq") from error
    found = lines(args.scowl, wordfreq.get_frequency_dict("en"))
    WORDS.write_text("".join(f"{line}\n" for line in found), "ascii")
    print(f"{WORDS}: {len(found)} words and names")
    return 0


def main(argv: list[str]) -> int:
    """Run the command; its exit code."""
    parser = ArgumentParser(prog="python -m training.lexicon", description=__doc__)
    parser.add_argument("--scowl", type=Path, default=Path("/usr/share/dict/scowl"), help="folder of SCOWL's lists")
    return run_parsed(parser, argv, run)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

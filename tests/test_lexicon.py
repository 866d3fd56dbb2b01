"""A finished word is repaired only where that is clearly better, and never silently."""

import dataclasses
import itertools
import random
import string
import time
from pathlib import Path

import numpy as np
import pytest

from edge.errors import InputError
from edge.lexicon import Lexicon
from edge.types import Emission

NAMES = """
KYLIE JAYDEN ZOEY KAYLEE XAVI NGUYEN OKAFOR KOWALSKI PATEL FATIMA YUSUF IVANOV ASTRID BJORN ELIF MEHMET DENIZ GIULIA
CHIARA ZORAN OLEKSIY TARAS SAOIRSE NIAMH CIARAN PIOTR AGNIESZKA WOJTEK HAKIM KWAME AMARA CHIDI TENDAI SIPHO HIROSHI
YUKI KENJI SAKURA MINJUN XIAOMING PRIYA ARJUN ROHAN ANANYA MATEO XIMENA THIAGO ENZO AURELIE MAEVE FINLAY HAMISH TEGAN
DAFYDD RHYS BRONWYN JANNIK FYNN AINO EERO BEN ANNA MATT PHILIP SARA SARAH
"""


def letters(text: str, confidence: float = 0.93, **alternatives: str) -> list[Emission]:
    """`text` as it was read; `alternatives`: for a letter, what it nearly was."""
    made = []
    for label in text:
        nearly = alternatives.get(label, "nothing")
        choices = ((label, confidence), (nearly, 0.95 - confidence))
        made.append(Emission("letter", label, confidence, choices, 0.0, 0.3, 0.3, "right"))
    return made


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return Lexicon()


@pytest.mark.parametrize(
    ("read", "meant"),
    [
        ("HELO", "HELLO"),
        ("COFEE", "COFFEE"),
        ("COFFE", "COFFEE"),
        ("HHELLO", "HELLO"),
        ("BALOON", "BALLOON"),
        ("YELOW", "YELLOW"),
        ("BRIQHT", "BRIGHT"),
        ("TRAIM", "TRAIN"),
        ("PLASFORM", "PLATFORM"),
        ("IJACK", "JACK"),
        ("PROIJECT", "PROJECT"),
        ("XZERO", "ZERO"),
    ],
)
def test_a_word_with_a_letter_too_few_or_too_many_or_misread_is_repaired(
    lexicon: Lexicon, read: str, meant: str
) -> None:
    assert lexicon.repair(letters(read)) == meant


def test_what_a_letter_nearly_was_decides(lexicon: Lexicon) -> None:
    assert lexicon.repair(letters("WSTER")) == "WSTER"
    assert lexicon.repair(letters("WSTER", 0.5, S="A")) == "WATER"


def test_a_word_read_with_doubt_is_repaired_sooner(lexicon: Lexicon) -> None:
    assert lexicon.repair(letters("RIVR")) == "RIVR"
    assert lexicon.repair(letters("RIVR", 0.7)) == "RIVER"


@pytest.mark.parametrize(
    ("name", "confidence"), [("BIJAN", 0.7), ("IJEOMA", 0.7), ("MIJARES", 0.93), ("DALZIEL", 0.93)]
)
def test_a_hand_begins_a_j_or_z_only_where_one_is_meant(lexicon: Lexicon, name: str, confidence: float) -> None:
    assert lexicon.repair(letters(name, confidence)) == name


def test_a_hold_that_nobody_could_read_is_taken_for_a_letter(lexicon: Lexicon) -> None:
    read = letters("SUER")
    assert lexicon.repair(read) == "SUER"
    gap = dataclasses.replace(read[2], unread=(("M", 0.2), ("N", 0.1)))
    assert lexicon.repair([*read[:2], gap, read[3]]) == "SUMMER"
    rest = dataclasses.replace(letters("RAIM")[0], unread=(("T", 0.9), ("M", 0.05)))
    assert lexicon.repair([rest, *letters("RAIM")[1:]]) == lexicon.repair(letters("RAIM"))  # hands rest before a word
    known = letters("RIVER")
    known[2] = dataclasses.replace(known[2], unread=(("N", 0.3),))
    assert lexicon.repair(known) == "RIVER"


def test_words_of_the_lists_stay_as_spelled(lexicon: Lexicon) -> None:
    for word in ("HELLO", "TICKET", "BREAD", "BEARD", "OF", "OFF", "LOSE", "LOOSE", "JAZZ"):
        assert word in lexicon
        assert lexicon.repair(letters(word, 0.6)) == word


def test_names_stay_as_spelled(lexicon: Lexicon) -> None:
    names = NAMES.split()
    changed = {name: lexicon.repair(letters(name)) for name in names if lexicon.repair(letters(name)) != name}
    assert len(changed) <= len(names) * 0.03, changed


@pytest.mark.parametrize(
    ("nearly", "coarse"),
    [("SEXUL", "SEXUAL"), ("PENISS", "PENIS"), ("DUMBB", "DUMB"), ("ASSHOL", "ASSHOLE"), ("JACKAS", "JACKASS")],
)
def test_nobodys_letters_are_made_into_a_coarse_word(
    lexicon: Lexicon, nearly: str, coarse: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert lexicon.repair(letters(coarse, 0.6)) == coarse
    assert lexicon.repair(letters(nearly, 0.6)) != coarse
    shelf = lexicon._shelves[len(coarse)]
    allowed = dataclasses.replace(shelf, costs=np.nan_to_num(shelf.costs, posinf=9.0))
    monkeypatch.setitem(lexicon._shelves, len(coarse), allowed)
    assert lexicon.repair(letters(nearly, 0.6)) == coarse  # but for its class it would be


def test_days_months_and_common_names_are_words(lexicon: Lexicon) -> None:
    meant = {
        "TUESDY": "TUESDAY",
        "SATRDAY": "SATURDAY",
        "FEBRURY": "FEBRUARY",
        "OCTBER": "OCTOBER",
        "MICHAL": "MICHAEL",
    }
    assert {read: lexicon.repair(letters(read, 0.7)) for read in meant} == meant


def test_the_more_common_word_is_meant(lexicon: Lexicon) -> None:
    assert lexicon.repair(letters("TEACHE", 0.97)) == "TEACHER"  # and not TEACHES
    assert lexicon.repair(letters("FAILY")) == "FAMILY"  # and not FAIRLY
    assert lexicon.repair(letters("BOTTLR")) == "BOTTLE"  # and not BOTTLER


def test_of_two_words_as_likely_neither_is_meant(lexicon: Lexicon) -> None:
    assert lexicon.repair(letters("CAPTON")) == "CAPTON"  # CAPTION, or CANTON


def test_names_with_a_doubled_letter_keep_it(lexicon: Lexicon) -> None:
    for name in ("SHINN", "POPP", "DOTTS"):
        assert lexicon.repair(letters(name)) == name


def test_codes_and_gibberish_stay_as_spelled(lexicon: Lexicon) -> None:
    rng = random.Random(0)
    codes = ["".join(rng.choices(string.ascii_uppercase, k=rng.randint(1, 7))) for _ in range(300)]
    changed = {code: lexicon.repair(letters(code)) for code in codes if lexicon.repair(letters(code)) != code}
    assert len(changed) <= 3, changed
    assert lexicon.repair(letters("A" * 40)) == "A" * 40
    assert lexicon.repair([]) == ""


def test_own_words_are_repaired_to_and_left_alone(tmp_path: Path, lexicon: Lexicon) -> None:
    own = tmp_path / "words.txt"
    own.write_text("# stations\nWuppertal\n\nKOLLN # two Ls here\nhello\n", "utf-8")
    mine = Lexicon(str(own))
    assert lexicon.repair(letters("WUPERTAL")) == "WUPERTAL"
    assert mine.repair(letters("WUPERTAL")) == "WUPPERTAL"
    assert mine.repair(letters("KOLLN")) == "KOLLN"
    assert mine.repair(letters("HELO")) == "HELLO"
    assert "WUPPERTAL" not in Lexicon()
    assert (mine._shelves[5].words == [ord(letter) - 65 for letter in "HELLO"]).all(axis=1).sum() == 1


def test_a_long_list_of_a_windows_editor_is_read_at_once(tmp_path: Path) -> None:
    own = tmp_path / "words.txt"
    words = ["".join(letters) for letters in itertools.islice(itertools.product("BCDFGKLM", repeat=6), 20_000)]
    own.write_text("\n".join(words), "utf-8-sig")
    started = time.perf_counter()
    mine = Lexicon(str(own))
    assert time.perf_counter() - started < 3
    assert all(word in mine for word in (words[0], words[-1]))


def test_a_mistake_in_the_own_words_is_one_clear_line(tmp_path: Path) -> None:
    own = tmp_path / "words.txt"
    own.write_text("FINE\nNOT FINE\n", "utf-8")
    with pytest.raises(InputError, match=r"words\.txt:2: 'NOT FINE' is no word"):
        Lexicon(str(own))
    with pytest.raises(InputError, match="own words cannot be read"):
        Lexicon(str(tmp_path / "missing.txt"))


def test_a_word_takes_milliseconds(lexicon: Lexicon) -> None:
    started = time.perf_counter()
    for word in ("HELO", "UMBRELA", "TEACHRE", "PLASFORM", "QUCK"):
        lexicon.repair(letters(word))
    assert (time.perf_counter() - started) / 5 < 0.1

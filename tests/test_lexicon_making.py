"""The list of words is made of SCOWL's lists and of how common words are."""

import subprocess
import sys
from pathlib import Path

import pytest

from edge.errors import InputError
from training.lexicon import lines

SHARE = {"the": 0.5, "netflix": 1e-3, "tv": 1e-4, "monday": 8e-5, "water": 4e-6, "london": 1.9e-6, "rapist": 1e-6}


@pytest.fixture
def scowl(tmp_path: Path) -> Path:
    folder = tmp_path / "scowl"
    folder.mkdir()
    (folder / "english-words.10").write_text("the\na\nwater\nit's\ncaf\xe9\n", "latin-1")
    (folder / "american-words.35").write_text("therapist\nrapist\nharlot\ncocktail\ncurlew\n", "latin-1")
    (folder / "british-words.35").write_text("colour\nwater\n", "latin-1")
    (folder / "english-words.80").write_text("zyzzyva\n", "latin-1")
    (folder / "english-upper.10").write_text("Monday\nTV\n", "latin-1")
    (folder / "english-upper.50").write_text("London\n", "latin-1")
    (folder / "english-proper-names.50").write_text("Anna\nWater\nincomprehensibilities\n", "latin-1")
    return folder


def test_words_have_a_class_by_how_common_they_are_and_rare_names_have_none(scowl: Path) -> None:
    assert lines(scowl, SHARE) == [
        "TV-",
        "THEt",
        "ANNA-",
        "WATERh",
        "COLOUR-",
        "CURLEWa",
        "HARLOT-",
        "LONDON-",
        "MONDAYi",
        "RAPIST-",
        "NETFLIX-",
        "COCKTAILa",
        "THERAPISTa",
    ]


def test_missing_lists_are_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="apt install scowl"):
        lines(tmp_path / "nowhere", SHARE)


def test_what_is_missing_is_said_in_one_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "training.lexicon", "--scowl", str(tmp_path / "nowhere")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "install" in done.stderr

"""The list of words is made of SCOWL's lists and of counts of printed words."""

import subprocess
import sys
from pathlib import Path

import pytest

from edge.errors import InputError
from training.lexicon import lines


@pytest.fixture
def scowl(tmp_path: Path) -> Path:
    folder = tmp_path / "scowl"
    folder.mkdir()
    (folder / "english-words.10").write_text("the\nwater\nit's\ncaf\xe9\n", "latin-1")
    (folder / "american-words.35").write_text("therapist\nrapist\ncurlew\n", "latin-1")
    (folder / "english-words.80").write_text("zyzzyva\n", "latin-1")
    (folder / "english-proper-names.50").write_text("Anna\nWater\nincomprehensibilities\n", "latin-1")
    return folder


@pytest.fixture
def counts(tmp_path: Path) -> Path:
    path = tmp_path / "counts.txt"
    path.write_text("\ufeffthe 500000000\nwater 4000\nrapist 300\nother 499995700\n", "utf-8")
    return path


def test_words_have_a_class_by_how_common_they_are(scowl: Path, counts: Path) -> None:
    assert lines(scowl, counts) == ["THE9", "ANNA-", "WATER3", "CURLEW0", "RAPIST-", "THERAPIST0"]


def test_missing_lists_are_one_clear_line(tmp_path: Path, counts: Path, scowl: Path) -> None:
    with pytest.raises(InputError, match="apt install scowl"):
        lines(tmp_path / "nowhere", counts)
    with pytest.raises(InputError, match=r"missing\.txt: cannot be read"):
        lines(scowl, tmp_path / "missing.txt")


def test_the_command_refuses_in_one_line(tmp_path: Path, counts: Path) -> None:
    command = [sys.executable, "-m", "training.lexicon", "--scowl", str(tmp_path / "nowhere"), "--counts", str(counts)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1

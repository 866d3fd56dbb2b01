"""Who agreed to be recorded, and when: a JSON file beside the store, `STORE.consent.json`."""

import json
from datetime import date
from pathlib import Path
from typing import Any

from edge.errors import AslEdgeError, InputError
from training.store import read_store, write_store

WORDS = "I agree"
TEXT = """\
What is recorded: where the joints of your hands, arms and face are in each moment, as numbers; the name of the sign;
the signer name '{signer}'; today's date. No picture and no sound is kept, and none leaves this machine.
What for: to teach this program, and programs made from it, to read signs.
You may change your mind at any time: python -m training.record --withdraw --signer {name} --out {store}
takes your recordings out of this file. Models that were trained before stay as they are.
"""


def ensure(store: Path, signer: str, name: str, *, given: bool, today: date) -> date:
    """The day on which a signer agreed; asks them to type it unless they did before, or on paper (`given`).

    Raises:
        InputError: there is nobody to ask.
        AslEdgeError: they did not agree.
    """
    book = _read(store)
    known = book.get(signer)
    if known is not None and "withdrawn" not in known:
        return date.fromisoformat(known["given"])
    if not given:
        _ask(TEXT.format(signer=signer, name=name, store=store))
    book[signer] = {"given": today.isoformat(), "how": "as told by the operator" if given else "typed", "text": TEXT}
    _write(store, book)
    return today


def withdraw(store: Path, signer: str, today: date) -> int:
    """Take a signer's clips out of a store; how many there were.

    Raises:
        InputError: the store cannot be read, or knows no such signer.
    """
    clips = list(read_store(store))
    kept = [clip for clip in clips if clip.signer != signer]
    book = _read(store)
    if len(kept) == len(clips) and signer not in book:
        raise InputError(f"{store}: nothing of signer '{signer}' in it; see its column 'signer'")
    write_store(store, kept)
    book[signer] = {**book.get(signer, {}), "withdrawn": today.isoformat()}
    _write(store, book)
    return len(clips) - len(kept)


def _ask(text: str) -> None:
    print(text)
    try:
        answer = input(f'Type "{WORDS}" to be recorded, anything else to stop: ')
    except EOFError:
        raise InputError("nobody is there to agree; run it in a terminal, or give --consent if they signed") from None
    if answer.strip().strip('"').lower() != WORDS.lower():
        raise AslEdgeError("no consent was given; nothing was recorded")


def _path(store: Path) -> Path:
    return store.with_name(f"{store.name}.consent.json")


def _read(store: Path) -> dict[str, Any]:
    try:
        book: dict[str, Any] = json.loads(_path(store).read_text("utf-8")) if _path(store).exists() else {}
    except (OSError, ValueError) as error:
        raise InputError(f"{_path(store)}: damaged ({error}); mend or remove it") from error
    return book


def _write(store: Path, book: dict[str, Any]) -> None:
    partial = _path(store).with_suffix(".partial")
    partial.write_text(json.dumps(book, indent=1) + "\n", "utf-8")
    partial.replace(_path(store))

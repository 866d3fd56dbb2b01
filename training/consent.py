"""Who agreed to be recorded, and when: a JSON file beside the store, `STORE.consent.json`."""

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from edge.errors import AslEdgeError, InputError
from edge.folder_lock import locked
from training.store import Clip, read_store, write_store
from training.whole_file import whole

WORDS = "I agree"
TEXT = """\
What is recorded: where the joints of your hands, arms and face are in each moment, as numbers; the name of the sign;
the signer name '{signer}'; today's date. No picture and no sound is kept, and none leaves this machine.
What for: to teach this program, and programs made from it, to read signs.
You may change your mind at any time: python -m training.record --withdraw --signer {name} --out {store}
takes your recordings out of this file. Models that were trained before stay as they are.
"""


def ensure(store: Path, signer: str, name: str, *, given: bool, today: date) -> date:
    """The day on which a signer agreed; asks them to type consent unless already given, or on paper (`given`).

    Raises:
        InputError: there is nobody to ask.
        AslEdgeError: they did not agree.
    """
    known = _read(store).get(signer)
    if known is not None and "withdrawn" not in known:
        return date.fromisoformat(known["given"])
    if not given:
        _ask(TEXT.format(signer=signer, name=name, store=store))
    how = "as told by the operator" if given else "typed"
    with locked(store.parent):
        _write(store, _read(store) | {signer: {"given": today.isoformat(), "how": how, "text": TEXT}})
    return today


def add(store: Path, signer: str, clips: Sequence[Clip]) -> int:
    """Add a signer's recordings to what the store holds by now; returns how many clips it then has.

    Raises:
        AslEdgeError: the signer has withdrawn since they agreed, or the store cannot be written.
    """
    with locked(store.parent):
        if "withdrawn" in _read(store).get(signer, {}):
            raise AslEdgeError(f"{signer}: has withdrawn meanwhile; nothing was kept")
        kept = [*(read_store(store) if store.exists() else ()), *clips]
        write_store(store, kept)
    return len(kept)


def withdraw(store: Path, signer: str, today: date) -> int:
    """Remove a signer's clips from a store; returns how many there were.

    Raises:
        InputError: the store cannot be read, or knows no such signer.
    """
    if not store.parent.is_dir():
        raise InputError(f"{store}: no such file; name a landmark store")
    with locked(store.parent):
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


def book_of(store: Path) -> Path:
    """File that says who agreed; missing where nobody was recorded."""
    return store.with_name(f"{store.name}.consent.json")


def _read(store: Path) -> dict[str, Any]:
    try:
        book: dict[str, Any] = json.loads(book_of(store).read_text("utf-8")) if book_of(store).exists() else {}
    except (OSError, ValueError) as error:
        raise InputError(f"{book_of(store)}: damaged ({error}); mend or remove it") from error
    return book


def _write(store: Path, book: dict[str, Any]) -> None:
    with whole(book_of(store)) as partial:
        partial.write_text(json.dumps(book, indent=1) + "\n", "utf-8")

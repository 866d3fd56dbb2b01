"""Incoming commands: `asl/<device>/cmd/<name>/set`. Anything else is refused in one line."""

from dataclasses import dataclass

from edge.errors import InputError

PRESSED = ("clear", "backspace", "speak", "reload")
"""Payload empty or PRESS."""
SWITCHED = ("mute", "pause", "practice")
"""Payload ON or OFF (true and false are accepted too)."""

_VALUES = {"on": True, "true": True, "off": False, "false": False}
_MAX_BYTES = 64
"""The longest valid payload is 5 bytes; the rest is room for white space."""


@dataclass(frozen=True, slots=True)
class Command:
    """What somebody asked for."""

    name: str
    value: bool | None = None
    """The switch's new position; None for a button."""


def parse_command(topic: str, payload: bytes, *, retained: bool = False) -> Command:
    """Read one message under `.../cmd/`.

    Raises:
        InputError: says what is wrong, where, and what would be right.
    """
    name = _name(topic)
    if retained:
        raise InputError(f"{topic}: a retained command would act again at every connect; send it without retain")
    text = _text(topic, payload)
    if name in PRESSED:
        if text not in ("", "press"):
            raise InputError(f"{topic}: got {_shown(payload)}; send PRESS or nothing")
        return Command(name)
    if text not in _VALUES:
        raise InputError(f"{topic}: got {_shown(payload)}; send ON or OFF")
    return Command(name, _VALUES[text])


def _name(topic: str) -> str:
    levels = topic.split("/")[3:]  # below asl/<device>/cmd
    if len(levels) != 2 or levels[1] != "set" or levels[0] not in PRESSED + SWITCHED:
        raise InputError(f"{topic[:200]}: unknown command; use cmd/<{'|'.join(PRESSED + SWITCHED)}>/set")
    return levels[0]


def _text(topic: str, payload: bytes) -> str:
    if len(payload) > _MAX_BYTES:
        raise InputError(f"{topic}: payload of {len(payload)} bytes; a command is at most {_MAX_BYTES}")
    try:
        return payload.decode("utf-8").strip().lower()
    except UnicodeDecodeError as error:
        raise InputError(f"{topic}: payload is not UTF-8 (byte {error.start}); send plain text") from error


def _shown(payload: bytes) -> str:
    return repr(payload.decode("utf-8").strip())

"""Commands: what is taken, what is refused, and how a refusal reads."""

import pytest

from edge.errors import InputError
from edge.mqtt.commands import PRESSED, SWITCHED, Command, parse_command


@pytest.mark.parametrize("name", PRESSED)
@pytest.mark.parametrize("payload", [b"", b"PRESS", b"press", b" PRESS\n"])
def test_a_button_takes_press_or_nothing(name: str, payload: bytes) -> None:
    assert parse_command(f"asl/kiosk/cmd/{name}/set", payload) == Command(name, None)


def test_a_device_may_be_called_cmd() -> None:
    assert parse_command("asl/cmd/cmd/mute/set", b"ON") == Command("mute", True)


@pytest.mark.parametrize("name", SWITCHED)
@pytest.mark.parametrize(("payload", "value"), [(b"ON", True), (b"off", False), (b"true", True), (b"False", False)])
def test_a_switch_takes_on_and_off(name: str, payload: bytes, value: bool) -> None:
    assert parse_command(f"asl/kiosk/cmd/{name}/set", payload) == Command(name, value)


@pytest.mark.parametrize(
    ("topic", "payload", "said"),
    [
        ("cmd/shutdown/set", b"", "unknown command"),
        ("cmd/clear", b"", "unknown command"),
        ("cmd/clear/set/set", b"", "unknown command"),
        ("cmd/" + "x" * 60000, b"", "unknown command"),
        ("cmd/clear/set", b"yes", "send PRESS"),
        ("cmd/clear/set", b"\xff\xfe", "not UTF-8"),
        ("cmd/clear/set", b"x" * 65, "65 bytes"),
        ("cmd/x/cmd/clear/set", b"", "unknown command"),
        ("cmd/mute/set", b"", "send ON or OFF"),
        ("cmd/mute/set", b"1", "send ON or OFF"),
        ("cmd/mute/set", b'{"state":"ON"}', "send ON or OFF"),
        ("cmd/pause/set", b"ON\nOFF", "send ON or OFF"),
    ],
)
def test_anything_else_is_refused_in_one_short_line(topic: str, payload: bytes, said: str) -> None:
    with pytest.raises(InputError, match=said) as refusal:
        parse_command(f"asl/kiosk/{topic}", payload)
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 400
    assert "cmd/" in str(refusal.value)


def test_a_retained_command_is_refused() -> None:
    with pytest.raises(InputError, match="without retain"):
        parse_command("asl/kiosk/cmd/clear/set", b"PRESS", retained=True)

"""The caption page in a real browser, fed by a real broker."""

import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from browser_tools import Browser
from loopback_server import LoopbackServer
from mqtt_tools import Listener, Mosquitto, eventually

from edge.config import DisplayConfig, MqttConfig
from edge.display import DisplayServer
from edge.events import Stamper
from edge.mqtt import Command, EmbeddedBroker, Publisher
from edge.types import Event

STATE: dict[str, Any] = {"caption": "", "signer_present": True, "silent": None, "muted": False, "paused": False}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    tab = Browser(tmp_path_factory.mktemp("chromium"))
    yield tab
    tab.close()


class Kiosk:
    """A publisher and the page's server on one broker."""

    def __init__(self, url: str, websocket_url: str) -> None:
        self.commands: list[Command] = []
        self.publisher = Publisher(MqttConfig(), Stamper("kiosk"), url, self.commands.append)
        self.display = DisplayServer(DisplayConfig(port=0), websocket_url, "kiosk", environment={})
        self.publisher.start()
        self.display.start()

    def state(self, **changes: Any) -> None:
        self.publisher.publish(Event("state", 1.0, {**STATE, **changes}))

    def caption(self, text: str, ts: float = 1.0, *, final: bool = True) -> None:
        self.publisher.publish(Event("caption", ts, {"type": "caption", "text": text, "final": final}))

    def stop(self) -> None:
        self.publisher.stop()
        self.display.stop()


@pytest.fixture
def kiosk() -> Iterator[Kiosk]:
    broker = EmbeddedBroker(0, 0)
    broker.start()
    desk = Kiosk(broker.url, broker.websocket_url)
    yield desk
    desk.stop()
    broker.stop()


def open_page(browser: Browser, kiosk: Kiosk) -> None:
    browser.go("about:blank")
    browser.complaints.clear()
    browser.go(kiosk.display.url)
    eventually(lambda: browser.js("document.body?.dataset.live") == "true")


def test_the_caption_is_shown_as_it_grows_and_moves_up_when_it_is_finished(browser: Browser, kiosk: Kiosk) -> None:
    kiosk.state(caption="HEL")
    open_page(browser, kiosk)
    eventually(lambda: browser.text("#caption") == "HEL")  # retained: a page opened late shows it too
    kiosk.state(caption="HELLO")
    eventually(lambda: browser.text("#caption") == "HELLO")
    kiosk.caption("HELLO", 12.5)
    kiosk.state()
    eventually(lambda: browser.text("#history") == "HELLO")
    assert browser.text("#caption") == ""
    kiosk.publisher.publish(Event("spoken", 13.0, {"id": "12.500", "text": "HELLO", "outcome": "played"}))
    eventually(lambda: "spoken aloud" in browser.text("#history"))
    assert browser.complaints == []


def test_a_repaired_caption_shows_what_was_read(browser: Browser, kiosk: Kiosk) -> None:
    open_page(browser, kiosk)
    kiosk.publisher.publish(Event("caption", 12.5, {"text": "HELLO", "spelled": "HELO", "final": True}))
    eventually(lambda: "read as HELO" in browser.text("#history"))
    kiosk.publisher.publish(Event("spoken", 13.0, {"id": "12.500", "text": "HELLO", "outcome": "played"}))
    eventually(lambda: "spoken aloud" in browser.text("#history"))
    assert "read as HELO" in browser.text("#history")


def test_a_caption_that_was_cut_off_is_not_called_unspoken(browser: Browser, kiosk: Kiosk) -> None:
    open_page(browser, kiosk)
    kiosk.caption("A LONG ONE", 12.5)
    kiosk.publisher.publish(Event("spoken", 43.0, {"id": "12.500", "text": "A LONG ONE", "outcome": "timed_out"}))
    eventually(lambda: "spoken in part" in browser.text("#history"))


def test_captions_are_text_and_never_markup(browser: Browser, kiosk: Kiosk) -> None:
    open_page(browser, kiosk)
    kiosk.caption("<img src=x onerror=alert(1)> été 手話")
    eventually(lambda: browser.text("#history") == "<img src=x onerror=alert(1)> été 手話")
    assert browser.js("document.images.length") == 0


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("no_signer", "in front of the camera"), ("too_dark", "too dark"), ("hand_lost", "left the picture"),
        ("too_far", "come closer"), ("paused", "Reading is paused"), ("camera_lost", "camera is not working"),
    ],
)  # fmt: skip
def test_it_says_in_plain_words_why_nothing_is_read(browser: Browser, kiosk: Kiosk, reason: str, words: str) -> None:
    kiosk.state(silent=reason, signer_present=False)
    open_page(browser, kiosk)
    eventually(lambda: words in browser.text("#hint"))


def test_hands_that_were_lowered_finish_the_text_and_are_not_missed(browser: Browser, kiosk: Kiosk) -> None:
    kiosk.state(caption="HELLO", silent="hand_lost")
    open_page(browser, kiosk)
    eventually(lambda: "the text is finished in a moment" in browser.text("#hint"))


def test_the_buttons_send_their_commands(browser: Browser, kiosk: Kiosk) -> None:
    open_page(browser, kiosk)
    for name in ("clear", "backspace", "speak"):
        browser.click(f'[data-command="{name}"]')
    eventually(lambda: kiosk.commands == [Command("clear"), Command("backspace"), Command("speak")])


def test_muted_and_the_signer_are_shown(browser: Browser, kiosk: Kiosk) -> None:
    kiosk.state(muted=True, signer_present=False, silent="no_signer")
    open_page(browser, kiosk)
    eventually(lambda: browser.text("#muted") == "Sound off")
    assert browser.text("#signer") == "Nobody in view"
    kiosk.state()
    eventually(lambda: browser.text("#signer") == "Signer in view")
    assert browser.text("#muted") == ""


def test_of_two_captions_of_one_moment_each_is_marked_as_its_own(browser: Browser, kiosk: Kiosk) -> None:
    open_page(browser, kiosk)
    for signer, text in ((1, "HELLO"), (2, "WORLD")):
        body = {"type": "caption", "text": text, "final": True, "signer": signer}
        kiosk.publisher.publish(Event("caption", 12.5, body))
    eventually(lambda: "WORLD" in browser.text("#history"))
    kiosk.publisher.publish(Event("spoken", 13.0, {"id": "12.500-2", "text": "WORLD", "outcome": "played"}))
    eventually(lambda: "spoken aloud" in browser.text("#history"))
    marked = browser.js(
        "[...document.querySelectorAll('#history .spoken')].map(e => e.parentElement.textContent).join()"
    )
    assert "WORLD" in marked
    assert "HELLO" not in marked


def test_practice_is_shown_and_no_caption_of_it_looks_spoken(browser: Browser, kiosk: Kiosk) -> None:
    kiosk.state(practice=True)
    open_page(browser, kiosk)
    eventually(lambda: "nothing is spoken" in browser.text("#practice"))
    kiosk.publisher.publish(
        Event("caption", 12.5, {"type": "caption", "text": "HELLO", "final": True, "practice": True})
    )
    kiosk.publisher.publish(Event("spoken", 13.0, {"id": "12.500", "text": "HELLO", "outcome": "muted"}))
    kiosk.state(practice=False)
    eventually(lambda: browser.text("#practice") == "")
    assert "practice: not spoken" in browser.text("#history")
    assert "sound off" not in browser.text("#history")


def test_a_stopped_daemon_is_said_and_its_buttons_rest(browser: Browser, kiosk: Kiosk) -> None:
    open_page(browser, kiosk)
    kiosk.publisher.stop()
    eventually(lambda: "switched off" in browser.text("#hint"))
    assert browser.js("[...document.querySelectorAll('button')].every((button) => button.disabled)")


def test_a_message_that_is_no_json_does_not_stop_the_page(browser: Browser, kiosk: Kiosk) -> None:
    open_page(browser, kiosk)
    connection = kiosk.publisher._connection
    assert connection is not None
    connection._client.publish("asl/kiosk/caption", b"\xff{")
    kiosk.caption("AFTER")
    eventually(lambda: browser.text("#history") == "AFTER")


@pytest.mark.parametrize("foreign", [b"null", b"{}", b"5", b'{"caption": null}'])
def test_a_state_of_somebody_else_does_not_stop_the_page(browser: Browser, tmp_path: Path, foreign: bytes) -> None:
    broker = Mosquitto(tmp_path, websockets=True).start()
    kiosk = Kiosk(broker.url, f"ws://127.0.0.1:{broker.websocket_port}")
    open_page(browser, kiosk)
    stranger = Listener(broker.port)
    stranger.send("asl/kiosk/state", foreign)
    kiosk.caption("HEARD")
    eventually(lambda: browser.text("#history") == "HEARD")
    stranger.close()
    broker.kill()
    eventually(lambda: "Disconnected" in browser.text("#connection"))
    broker.start()
    kiosk.state(caption="AFTER")
    eventually(lambda: browser.text("#caption") == "AFTER", seconds=20)
    kiosk.stop()
    broker.kill()


def test_what_a_daemon_that_is_gone_left_behind_is_not_shown(browser: Browser, kiosk: Kiosk) -> None:
    kiosk.state(caption="SECRET")
    open_page(browser, kiosk)
    eventually(lambda: browser.text("#caption") == "SECRET")
    kiosk.publisher.stop()
    eventually(lambda: "switched off" in browser.text("#hint"))
    assert browser.text("#caption") == ""


def test_long_and_large_messages_arrive_whole(browser: Browser, kiosk: Kiosk) -> None:
    open_page(browser, kiosk)
    for number in range(300):
        kiosk.state(caption=f"{number} " + "LONG " * 100)
    eventually(lambda: browser.text("#caption").startswith("299 LONG"))
    assert browser.complaints == []


def test_it_says_when_the_broker_is_away_and_comes_back_by_itself(browser: Browser, tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path, websockets=True).start()
    kiosk = Kiosk(broker.url, f"ws://127.0.0.1:{broker.websocket_port}")
    kiosk.state(caption="BEFORE")
    open_page(browser, kiosk)
    eventually(lambda: browser.text("#caption") == "BEFORE")
    broker.kill()
    eventually(lambda: "Disconnected" in browser.text("#connection"))
    assert "connection is being made again" in browser.text("#hint")
    broker.start()
    kiosk.state(caption="AFTER")
    eventually(lambda: browser.text("#caption") == "AFTER", seconds=20)
    eventually(lambda: browser.text("#connection") == "Connected")
    kiosk.caption("AND CAPTIONS TOO")
    eventually(lambda: browser.text("#history") == "AND CAPTIONS TOO")
    kiosk.stop()
    broker.kill()


def test_the_page_logs_in_with_a_user_of_its_own(browser: Browser, tmp_path: Path) -> None:
    passwords = tmp_path / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", passwords, "display", "pw"], check=True, stderr=subprocess.DEVNULL)
    broker = Mosquitto(tmp_path, f"password_file {passwords}", websockets=True, anonymous=False).start()
    secrets = {"ASL_EDGE_DISPLAY_USERNAME": "display", "ASL_EDGE_DISPLAY_PASSWORD": "pw"}
    url = f"ws://127.0.0.1:{broker.websocket_port}"
    display = DisplayServer(DisplayConfig(port=0), url, "kiosk", environment=secrets)
    display.start()
    browser.go(display.url)
    eventually(lambda: browser.text("#connection") == "Connected")
    display.stop()
    broker.kill()


def test_a_broker_that_never_answers_is_said_on_the_page(browser: Browser) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"ws://127.0.0.1:{listening.getsockname()[1]}"
        display = DisplayServer(DisplayConfig(port=0), url, "kiosk", environment={})
        display.start()
        browser.go(display.url)
        eventually(lambda: "does not answer" in browser.text("#connection"))
        display.stop()


@pytest.mark.parametrize("missing", ["/settings.json", "/mqtt.js"])
def test_a_page_of_which_a_part_did_not_come_is_loaded_again(browser: Browser, kiosk: Kiosk, missing: str) -> None:
    refused: list[str] = []

    class Gateway(BaseHTTPRequestHandler):
        """The page's server, but for the first request of one part."""

        def do_GET(self) -> None:
            if self.path == missing and not refused:
                refused.append(self.path)
                self.close_connection = True
                return
            url = kiosk.display.url.rstrip("/") + self.path
            with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - that server
                self.send_response(200)
                for name in ("Content-Type", "Content-Security-Policy"):
                    self.send_header(name, answer.headers[name])
                self.end_headers()
                self.wfile.write(answer.read())

        def log_message(self, *_: object) -> None:
            pass

    kiosk.state(caption="HEL")
    with LoopbackServer(Gateway) as gateway:
        browser.go(f"http://127.0.0.1:{gateway.port}/")
        eventually(lambda: browser.text("#caption") == "HEL", 30)
    assert refused == [missing]


def test_a_page_that_was_told_of_no_broker_sends_for_the_staff(browser: Browser) -> None:
    display = DisplayServer(DisplayConfig(port=0), None, "kiosk", environment={})
    display.start()
    browser.go(display.url)
    eventually(lambda: "set display.broker_websocket_url" in browser.text("#connection"))
    assert browser.text("#hint") == "This page is not set up yet. Please tell the staff."
    display.stop()


def test_a_refused_password_is_said_on_the_page(browser: Browser, tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path, websockets=True, anonymous=False).start()
    display = DisplayServer(DisplayConfig(port=0), f"ws://127.0.0.1:{broker.websocket_port}", "kiosk", environment={})
    display.start()
    browser.go(display.url)
    eventually(lambda: "not authorised" in browser.text("#connection"))
    display.stop()
    broker.kill()

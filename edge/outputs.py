"""Everywhere an event can go: MQTT, the caption page, the loudspeaker, the terminal. None can hold up a step."""

import contextlib
import logging
import os
import queue
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from edge.config import Config
from edge.display import DisplayServer
from edge.events import Stamper
from edge.loopback import Vacated, by_port
from edge.mqtt import Command, EmbeddedBroker, Publisher
from edge.speech import Speaker, Spoken
from edge.standard_streams import close_output, is_stalled
from edge.terminal import SHOWN, clock_time, describe
from edge.types import Event

log = logging.getLogger(__name__)

_Part = TypeVar("_Part", EmbeddedBroker | None, DisplayServer | None, Publisher, Speaker)

_COMMANDS_WAITING = 32
"""Commands kept between two frames; a person gives far fewer, a runaway program's are dropped."""


@dataclass(frozen=True, slots=True)
class _Parts:
    """The running parts."""

    config: Config
    stamper: Stamper
    broker: EmbeddedBroker | None
    publisher: Publisher
    display: DisplayServer | None
    speaker: Speaker

    def stop(self, but: "_Parts | None" = None) -> None:
        """Stop speech first, then MQTT (so last messages go out), then the broker; skip parts shared with `but`."""
        kept = (but.speaker, but.publisher, but.display, but.broker) if but else ()
        for part in (self.speaker, self.publisher, self.display, self.broker):
            if part is not None and part not in kept:
                part.stop()


class Outputs:
    """The outward parts; fans events out to them."""

    def __init__(self, config: Config, now: Callable[[], float] = time.time) -> None:
        """Start the parts; `now` is the events' clock.

        Raises:
            AslEdgeError: a port is taken, or an option cannot be used. Nothing is left running.
        """
        self._now = now
        self._commands: queue.Queue[Command] = queue.Queue(maxsize=_COMMANDS_WAITING)
        self._on_terminal = "JOURNAL_STREAM" not in os.environ  # what a visitor signs does not belong in the journal
        self._parts = self._made(config, None)
        self._parts.publisher.start()
        self.speaker.start()

    @property
    def speaker(self) -> Speaker:
        return self._parts.speaker

    def reconfigure(self, config: Config) -> None:
        """Take another configuration: parts that it does not change go on, the others are replaced.

        Raises:
            AslEdgeError: a port is taken, or an option cannot be used. All go on as they were.
        """
        old, new = self._parts, self._made(config, self._parts)
        if new.config.device != old.config.device:
            old.publisher.forget()
        elif old.config.mqtt.discovery and not new.config.mqtt.discovery:
            old.publisher.forget(discovery_alone=True)
        self._parts = new
        old.stop(but=new)
        if new.publisher is not old.publisher:
            new.publisher.start()
        if new.speaker is not old.speaker:
            new.speaker.start()

    def _made(self, config: Config, old: _Parts | None) -> _Parts:
        """Parts for a configuration, reusing those of `old` that it does not change; listeners already listen."""
        kept = _kept(old, config) if old else _Kept()
        leaving = [old.broker, old.display] if old else []
        vacated = by_port(listening for part in leaving if part and part not in kept for listening in part.sockets)
        with contextlib.ExitStack() as undo:

            def new(part: _Part) -> _Part:
                if part is not None:
                    undo.callback(part.stop)
                return part

            stamper = old.stamper if old and old.config.device == config.device else Stamper(config.device)
            broker = kept.broker or new(_broker(config, vacated))
            url = broker.url if broker else str(config.mqtt.url)
            publisher = kept.publisher or new(Publisher(config.mqtt, stamper, url, self._take, self._now))
            page_url = broker.websocket_url if broker else config.display.broker_websocket_url
            display = kept.display or new(_display(config, page_url, vacated))
            speaker = kept.speaker or new(Speaker(config.speech, self._spoken))
            undo.pop_all()
        return _Parts(config, stamper, broker, publisher, display, speaker)

    def send(self, event: Event) -> None:
        """Publish an event; a finished caption is also spoken and shown on the terminal."""
        self._parts.publisher.publish(event)
        if event.topic in SHOWN and self._on_terminal:
            self._show(describe(event.body, clock_time(event.ts)))
        if event.topic == "caption" and event.body["final"]:
            self._speak(event)

    def _speak(self, caption: Event) -> None:
        """Have a finished caption spoken; a practice caption is only reported as muted."""
        text, name = caption.body["text"], _caption_id(caption)
        if caption.body.get("practice") and self._parts.config.speech.enabled:
            self._spoken(Spoken(name, text, "muted", 0.0, ""), practice=True)
        else:
            self.speaker.say(text, name)

    def _show(self, line: str) -> None:
        try:
            if not is_stalled(sys.stdout):
                print(line, flush=True)
        except BrokenPipeError:
            raise  # `asl-edge run | head`: the reader wanted no more
        except OSError as error:
            self._on_terminal = False
            close_output()
            log.warning("standard output cannot be written (%s); going on without", error.strerror)

    def take_commands(self) -> list[Command]:
        """All commands since the last call."""
        taken = []
        while True:
            try:
                taken.append(self._commands.get_nowait())
            except queue.Empty:
                return taken

    def counters(self) -> dict[str, Any]:
        return self._parts.publisher.counters()

    def stop(self) -> None:
        self._parts.stop()

    def _take(self, command: Command) -> None:
        try:
            self._commands.put_nowait(command)
        except queue.Full:
            message = f"cmd/{command.name}: {_COMMANDS_WAITING} commands are waiting already; send it again later"
            self._parts.publisher.publish(Event("error", self._now(), {"message": message}))

    def _spoken(self, spoken: Spoken, *, practice: bool = False) -> None:
        """Publish what became of a caption; may be called from the speaking thread."""
        _, _, signer = spoken.id.partition("-")  # see `_caption_id`
        body = {
            "type": "spoken",
            "id": spoken.id,
            "text": spoken.text,
            "outcome": spoken.outcome,
            "seconds": round(spoken.seconds, 2),
            "detail": spoken.detail,
            **({"signer": int(signer)} if signer else {}),
            **({"practice": True} if practice else {}),
        }
        self._parts.publisher.publish(Event("spoken", self._now(), body))


def _caption_id(caption: Event) -> str:
    """`TS`, or `TS-SIGNER` if several are read; page.js makes the same from a caption it receives."""
    signer = caption.body.get("signer")
    return f"{caption.ts:.3f}" + (f"-{signer}" if signer else "")


class _Kept(NamedTuple):
    """The parts that go on; None if there is none or a new one is needed."""

    broker: EmbeddedBroker | None = None
    publisher: Publisher | None = None
    display: DisplayServer | None = None
    speaker: Speaker | None = None


def _kept(old: _Parts, config: Config) -> _Kept:
    """The parts unaffected by the change; a broker that has ended is not kept, nor are those it served."""
    before = old.config
    same_broker = (old.broker is None or old.broker.runs) and _broker_ports(before) == _broker_ports(config)
    same_mqtt = same_broker and (before.device, before.mqtt) == (config.device, config.mqtt)
    return _Kept(
        old.broker if same_broker else None,
        old.publisher if same_mqtt else None,
        old.display if same_mqtt and before.display == config.display else None,
        old.speaker if before.speech == config.speech else None,
    )


def _broker_ports(config: Config) -> tuple[int, int] | None:
    mqtt = config.mqtt
    return (mqtt.embedded_port, mqtt.embedded_websocket_port) if mqtt.url is None else None


def _broker(config: Config, vacated: Vacated) -> EmbeddedBroker | None:
    """A configuration's broker, already listening: only then is its port known."""
    if (ports := _broker_ports(config)) is None:
        return None
    broker = EmbeddedBroker(*ports)
    broker.start(vacated)
    return broker


def _display(config: Config, websocket_url: str | None, vacated: Vacated) -> DisplayServer | None:
    """A configuration's caption page, already listening."""
    if not config.display.enabled:
        return None
    display = DisplayServer(config.display, websocket_url, config.device)
    display.start(vacated)
    return display

"""Everything an event can reach: MQTT, the display page, the loudspeaker, the terminal. None can hold up a step."""

from __future__ import annotations

import logging
import os
import queue
import time
from collections.abc import Callable
from typing import Any

from edge.config import Config
from edge.display import DisplayServer
from edge.errors import one_line
from edge.events import Stamper
from edge.mqtt import Command, EmbeddedBroker, Publisher
from edge.speech import Speaker, Spoken
from edge.terminal import SHOWN, clock_time, close_output, describe
from edge.types import Event

log = logging.getLogger(__name__)

_COMMANDS_WAITING = 32
"""Commands kept between two frames; a person presses far fewer, a runaway program is dropped."""


class Outputs:
    """Starts and stops the outward parts together and fans events out to them."""

    def __init__(self, config: Config, stamper: Stamper) -> None:
        """Prepare; an embedded broker starts to listen, since its port is known only then.

        Raises:
            AslEdgeError: a port is taken, or an option cannot be used.
        """
        self._commands: queue.Queue[Command] = queue.Queue(maxsize=_COMMANDS_WAITING)
        self._config, self._stamper = config, stamper
        self._on_terminal = "JOURNAL_STREAM" not in os.environ  # what a visitor signs does not belong in the journal
        self.broker: EmbeddedBroker | None = None
        self.display: DisplayServer | None = None
        self.speaker = Speaker(config.speech, self._spoken)
        url = config.mqtt.url
        websocket_url = config.display.broker_websocket_url
        try:
            if url is None:
                self.broker = EmbeddedBroker(config.mqtt.embedded_port, config.mqtt.embedded_websocket_port)
                self.broker.start()
                url, websocket_url = self.broker.url, self.broker.websocket_url
            self.publisher = Publisher(config.mqtt, stamper, url, self._take)
            if config.display.enabled:
                self.display = DisplayServer(config.display, websocket_url, config.device)
        except BaseException:
            if self.broker:
                self.broker.stop()
            raise

    @classmethod
    def started(cls, config: Config, stamper: Stamper | None = None) -> Outputs:
        """Running outputs; with `stamper`, events go on counting where it stands.

        Raises:
            AslEdgeError: a port is taken, or an option cannot be used. Nothing is left running.
        """
        outputs = cls(config, stamper or Stamper(config.device))
        try:
            outputs._start()
        except BaseException:
            outputs.stop()
            raise
        return outputs

    def _start(self) -> None:
        self.publisher.start()
        self.speaker.start()
        if self.display:
            self.display.start()

    def send(self, event: Event) -> None:
        """Publish an event; a finished caption is also spoken, and shown on the terminal."""
        self.publisher.publish(event)
        if event.topic in SHOWN and self._on_terminal:
            self._show(describe(event.body, clock_time(event.ts)))
        if event.topic == "caption" and event.body["final"]:
            caption = f"{event.ts:.3f}"  # as the page makes it of a caption
            if "signer" in event.body:
                caption += f"-{event.body['signer']}"
            self.speaker.say(event.body["text"], caption)

    def _show(self, line: str) -> None:
        try:
            print(line, flush=True)
        except BrokenPipeError:
            raise  # `asl-edge run | head`: whoever started it wanted no more
        except OSError as error:
            self._on_terminal = False
            close_output()
            log.warning("standard output cannot be written (%s); going on without", error.strerror)

    def take_commands(self) -> list[Command]:
        """Everything asked for since the last call."""
        taken = []
        while True:
            try:
                taken.append(self._commands.get_nowait())
            except queue.Empty:
                return taken

    def reconfigured(self, config: Config) -> Outputs:
        """Outputs for a new configuration: these, where it changes nothing outward, else new ones in their place."""
        if _outward(config) == _outward(self._config):
            return self
        self.stop()
        try:
            return Outputs.started(config, self._stamper if config.device == self._config.device else None)
        except Exception as error:  # as any reload that fails
            log.error("new outputs refused, going on with the old: %s", one_line(error))
            log.debug("new outputs refused", exc_info=True)
            old = Outputs.started(self._config, self._stamper)
            message = f"reload: outputs stay as they were: {one_line(error)}"
            old.publisher.publish(Event("error", time.time(), {"message": message}))
            return old

    def counters(self) -> dict[str, Any]:
        return self.publisher.counters()

    def stop(self) -> None:
        """Silence first, then the last words on MQTT, then the broker that carries them."""
        stops: list[Callable[[], None]] = [self.speaker.stop, self.publisher.stop]
        if self.display:
            stops.append(self.display.stop)
        if self.broker:
            stops.append(self.broker.stop)
        for stop in stops:
            stop()

    def _take(self, command: Command) -> None:
        try:
            self._commands.put_nowait(command)
        except queue.Full:
            message = f"cmd/{command.name}: {_COMMANDS_WAITING} commands are waiting already; send it again later"
            self.publisher.publish(Event("error", time.time(), {"message": message}))

    def _spoken(self, spoken: Spoken) -> None:
        _, _, signer = spoken.id.partition("-")
        body = {
            "type": "spoken",
            "id": spoken.id,
            "text": spoken.text,
            "outcome": spoken.outcome,
            "seconds": round(spoken.seconds, 2),
            "detail": spoken.detail,
            **({"signer": int(signer)} if signer else {}),
        }
        self.publisher.publish(Event("spoken", time.time(), body))


def _outward(config: Config) -> tuple[object, ...]:
    return config.device, config.mqtt, config.display, config.speech

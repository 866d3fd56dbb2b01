"""`asl-edge run`: wires camera, pipeline and outputs together and keeps them going until stopped."""

import argparse
import faulthandler
import logging
import signal
import time
from collections.abc import Callable
from types import FrameType

from edge import notify
from edge.camera import Camera, EpochClock
from edge.config import Config, add_config_arguments, config_of, dump_config
from edge.errors import InputError, one_line
from edge.governor import Governor
from edge.memory import trim_heap
from edge.metrics import Stopwatch
from edge.mqtt import Command
from edge.outputs import Outputs
from edge.paths import models_dir
from edge.pipeline import Pipeline, with_latency
from edge.report import Report, info_event
from edge.standard_streams import has_terminal, silence_libraries
from edge.system import Load, temperature_celsius
from edge.types import Event, Frame

log = logging.getLogger(__name__)

_WAIT_SECONDS = 0.2
"""Longest wait for a frame before signals, commands and the watchdog get their turn."""
_MEASURE_SECONDS = 1.0
"""Time between measurements of load and temperature, while either has a limit."""
_CAMERA_DEAD_SECONDS = 10.0
"""A camera thread without a sign of life for this long is stuck: the watchdog is starved on purpose."""
_SET_BACK_SECONDS = 60.0
"""A system clock set back by more than this is followed, once nobody is there."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_config_arguments(parser, overrides=True)
    parser.add_argument("--print-config", action="store_true", help="print the configuration in force and stop")


def run(args: argparse.Namespace) -> int:
    config = config_of(args)
    if args.print_config:
        print(dump_config(config), end="")
        return 0
    logging.getLogger().setLevel(config.daemon.log_level)
    if not args.debug:
        silence_libraries()
    return Daemon(config, lambda: config_of(args)).run()


class Daemon:
    """One thread: the newest frame in, events out. Camera, broker, speech and display have their own threads."""

    def __init__(self, config: Config, load_config: Callable[[], Config]) -> None:
        """`load_config` reads the configuration again, for SIGHUP and cmd/reload."""
        self._config, self._load_config = config, load_config
        self._stop = self._reload = False
        nohup = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        self._at_terminal = has_terminal() and not nohup
        self._stopwatch = Stopwatch()
        self._clock = EpochClock()
        self._camera = Camera(config.camera, self._clock)
        self._pipeline = Pipeline(config, models_dir(config), self._stopwatch)
        self._report = Report(config.daemon.stats_seconds)
        self._governor = Governor(config.governor)
        self._cpu_load = Load()
        self._ready = False

    def run(self) -> int:
        """Run until SIGTERM, SIGINT, or the end of a finite source or of the terminal."""
        faulthandler.enable()  # the watchdog's SIGABRT leaves every thread's stack in the journal
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        self._camera.start(required=not notify.enabled())  # a service waits for its camera, a person gets an error
        try:
            self._outputs = Outputs(self._config, self._clock.now)
            self._serve()
        finally:
            self._camera.stop()
        return 0

    def _serve(self) -> None:
        try:
            state = self._pipeline.state(self._clock.now())  # a broker may have the last run's, caption and all
            self._send(info_event(self._config, self._pipeline, self._camera), *state)
            while not self._stop and not self._camera.ended:
                self._turn()
            ended = self._clock.now()
            events = self._pipeline.finish(ended)
            latency_ms = (self._clock.now() - ended) * 1000
            self._send(*(with_latency(event, latency_ms) for event in events))
            while self._outputs.speaker.speaks and not self._stop:  # the last caption of a video
                self._alive()
                self._run_commands()
                time.sleep(_WAIT_SECONDS)
        finally:
            notify.stopping()
            self._outputs.stop()

    def _turn(self) -> None:
        if self._clock.ahead_seconds > _SET_BACK_SECONDS and self._pipeline.idle:
            self._follow_clock()
        if self._governor.on:
            self._govern()
        frame = self._camera.latest(_WAIT_SECONDS, self._wants)
        if self._reload:
            self._reload = False
            self._reload_config()
        self._run_commands()
        if frame is not None:
            self._read(frame)
        else:
            self._wait_for_camera()
        if self._report.due():
            counters = self._outputs.counters()
            self._send(self._report.stats(self._stopwatch, self._pipeline, self._camera, self._governor, counters))

    def _wants(self, ts: float) -> bool:
        """Whether to read the frame at this time; one from before the clock was set back would lie in the future."""
        return ts <= self._clock.now() and self._governor.admit(ts)

    def _follow_clock(self) -> None:
        """The system clock was set back: continue from there, forgetting everything from before."""
        log.info("the system clock was set back by %.0f s: followed", self._clock.ahead_seconds)
        self._clock.follow()
        self._pipeline.reset()
        self._governor = Governor(self._config.governor)
        self._report = Report(self._config.daemon.stats_seconds, self._camera.dropped)

    def _read(self, frame: Frame) -> None:
        self._pipeline.camera_lost = False
        events = self._pipeline.step(frame)
        latency_ms = (self._clock.now() - frame.ts) * 1000
        self._send(*(with_latency(event, latency_ms) for event in events))
        self._report.frame(latency_ms, events)
        self._governor.observe_frame(
            frame.ts, hand=self._pipeline.hand_up, nothing=self._pipeline.landmarker.sees_nothing
        )
        self._alive()

    def _govern(self) -> None:
        if not self._cpu_load.due(_MEASURE_SECONDS):
            return
        now = self._clock.now()
        changed = self._governor.observe_load(now, self._cpu_load.cpu_percent(), temperature_celsius())
        rates = self._governor.rates(now)
        self._pipeline.landmarker.set_pose_interval_times(rates.pose)
        if changed:
            log.info("load: body read %g times less often, %s frames a second", rates.pose, rates.fps or "all")

    def _wait_for_camera(self) -> None:
        lost = self._camera.state == "lost"
        if lost and not self._ready and not notify.enabled():
            raise InputError(self._camera.problem)
        self._pipeline.camera_lost = lost
        now = self._clock.now()
        self._send(*(self._pipeline.unseen(now) if lost else self._pipeline.state(now)))
        if time.monotonic() - self._camera.alive_at < _CAMERA_DEAD_SECONDS and (lost or self._ready):
            self._alive()

    def _alive(self) -> None:
        """A frame was processed, or a missing camera is being looked for: both are signs of health."""
        notify.watchdog()
        if not self._ready:
            self._ready = True
            notify.ready()
            log.info("ready, reading %s", self._camera.name)

    def _run_commands(self) -> None:
        for command in self._outputs.take_commands():
            self._run_command(command)

    def _run_command(self, command: Command) -> None:
        now, pipeline = self._clock.now(), self._pipeline
        match command.name:
            case "clear":
                self._outputs.speaker.cancel()
                self._send(*pipeline.command("clear", now))
            case "backspace" | "speak":
                self._send(*pipeline.command(command.name, now))
            case "mute":
                pipeline.muted = bool(command.value)
                self._mute()
            case "pause":
                pipeline.paused = bool(command.value)
            case "practice":
                self._send(*pipeline.practise(now, on=bool(command.value)))
                self._mute()
            case "reload":
                self._reload = True
        self._send(*pipeline.state(now))

    def _mute(self) -> None:
        self._outputs.speaker.mute(self._pipeline.muted or self._pipeline.practice)

    def _reload_config(self) -> None:
        """SIGHUP or cmd/reload: take the new configuration and models, or keep the old ones and say why."""
        notify.reloading()
        try:
            config = self._load_config()
            pipeline = Pipeline(config, models_dir(config), self._stopwatch)
            camera = self._camera
            if config.camera != self._config.camera:
                camera = Camera(config.camera, self._clock)
                camera.check()
            self._outputs.reconfigure(config)
        except Exception as error:  # whatever it is, it must not end a daemon that reads
            log.error("reload refused, going on as before: %s", one_line(error))
            log.debug("reload refused", exc_info=True)
            self._send(Event("error", self._clock.now(), {"message": f"reload refused: {one_line(error)}"}))
            notify.ready("reload refused, going on as before")
            return
        if camera is not self._camera:
            self._camera.stop()  # first: many cameras serve only one process or thread
            camera.begin()
            self._camera = camera
        pipeline.continue_from(self._pipeline)
        logging.getLogger().setLevel(config.daemon.log_level)
        self._config, self._pipeline = config, pipeline
        trim_heap()  # the networks that were replaced
        self._mute()
        self._governor = Governor(config.governor)
        self._report = Report(config.daemon.stats_seconds, camera.dropped)
        self._send(info_event(config, pipeline, camera), *pipeline.state(self._clock.now()))
        notify.ready("configuration loaded again")
        log.info("configuration and models loaded again")

    def _send(self, *events: Event) -> None:
        for event in events:
            self._outputs.send(event)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        closed = self._at_terminal and not has_terminal()
        if number == signal.SIGHUP and not closed:
            self._reload = True
        else:
            self._stop = True

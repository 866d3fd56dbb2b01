"""Every option of the daemon, once: name, type, default and meaning. Units are in the names."""

import re
from dataclasses import dataclass, field
from typing import Any

TOPIC_PART = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""What may be one level of an MQTT topic."""
GESTURES = ("thumb_up", "thumb_down", "open_palm")
"""What `edge.gestures` recognises. No pinch: unseen people's is read as an O."""


def option(
    default: Any,
    doc: str,
    *,
    choices: tuple[str, ...] = (),
    above: float | None = None,
    at_least: float | None = None,
    at_most: float | None = None,
    topic: bool = False,
) -> Any:
    """A config field: its meaning for the README's table, and the values that the loader allows."""
    limits = {"choices": choices, "above": above, "at_least": at_least, "at_most": at_most, "topic": topic}
    return field(default=default, metadata={"doc": doc, **limits})


def section(cls: type) -> Any:
    return field(default_factory=cls)


@dataclass(frozen=True, slots=True)
class CameraConfig:
    """Where pictures come from."""

    source: str = option(
        "0", "V4L2 index or path, video file, image folder, http(s) or rtsp URL, `exec:COMMAND`, or `demo[:TEXT]`"
    )
    width_px: int = option(
        640, "width asked of the camera, and the frame width of `exec:` sources", at_least=16, at_most=8192
    )
    height_px: int = option(
        480, "height asked of the camera, and the frame height of `exec:` sources", at_least=16, at_most=8192
    )
    fps: float = option(
        30.0, "frame rate asked of the camera; pictures in a folder are played at it", above=0, at_least=0.01
    )
    mirrored: bool = option(False, "the camera gives mirrored pictures (a webcam in selfie mode)")
    stall_seconds: float = option(
        3.0,
        "a camera silent for so long is closed and opened again, one that gives only damaged pictures counts as lost",
        above=0,
        at_most=3600,
    )
    reopen_max_seconds: float = option(
        30.0, "longest pause between two attempts to open a lost source", above=0, at_most=3600
    )


@dataclass(frozen=True, slots=True)
class LandmarksConfig:
    """How hands and body are found."""

    hands: str = option("hands", "name of the hand bundle under the models folder")
    pose: str = option("pose", "name of the pose bundle under the models folder")
    pose_interval_seconds: float = option(
        0.1, "time between two runs of the pose network; 0 runs it on every frame", at_least=0
    )
    threads: int = option(1, "threads of each network; more cost CPU time and save little", at_least=1, at_most=16)


@dataclass(frozen=True, slots=True)
class SignerConfig:
    """Which of the people in the picture is read: the largest, nearest the zone."""

    zone_x: float = option(
        0.5, "where the signer stands: 0 is the left edge of the picture, 1 the right one", at_least=0, at_most=1
    )
    zone_width: float = option(
        1.0, "how wide that place is, of the picture's width; who stands outside counts for less", at_least=0, at_most=2
    )
    hold_seconds: float = option(1.0, "a signer not seen for so long has left, and another is chosen", at_least=0)
    switch_seconds: float = option(
        2.0, "somebody larger or nearer must stand there for so long to be read instead", at_least=0
    )


@dataclass(frozen=True, slots=True)
class GovernorConfig:
    """The daemon's budget; it reads the body, then frames, less often until it keeps to it."""

    cpu_percent: float | None = option(
        None, "CPU the daemon may use, in percent of one core; empty sets no limit", above=0
    )
    temperature_celsius: float | None = option(
        None, "temperature of the hottest sensor above which less is read; empty sets no limit", above=0
    )


@dataclass(frozen=True, slots=True)
class LettersConfig:
    """Fingerspelling."""

    enabled: bool = option(True, "read fingerspelled letters")
    bundle: str = option("letters", "name of the letter bundle under the models folder")


@dataclass(frozen=True, slots=True)
class WordsConfig:
    """Signs for whole words."""

    enabled: bool = option(True, "read signs too; of those it does not know about one in ten still makes it speak")
    bundle: str = option("words", "name of the word bundle under the models folder")
    active: str | None = option(
        None, "the words that may be said, with commas between; fewer are told apart better. Empty: all good enough"
    )


@dataclass(frozen=True, slots=True)
class CaptionsConfig:
    """How letters become a caption."""

    word_gap_seconds: float = option(1.5, "hands down for so long puts a space after the letters", above=0)
    final_seconds: float = option(3.0, "hands down for so long finishes the caption, which is then spoken", above=0)
    max_characters: int = option(200, "a caption this long is finished at the next letter", at_least=1)
    least_letters: int = option(
        2, "a caption of fewer letters is dropped when the hands rest: it was nobody who spells", at_least=1
    )
    lexicon: bool = option(True, "repair finished words (HELO to HELLO); the event carries both")
    own_words: str | None = option(None, "text file of words to repair to and to leave alone, one a line")


@dataclass(frozen=True, slots=True)
class ControlsConfig:
    """Gestures, held still for 0.7 s, that edit the caption while letters are read; off until named here."""

    space: str | None = option(
        None, "gesture that ends the word; needs `letters.enabled`; empty: none", choices=GESTURES
    )
    delete: str | None = option(
        None,
        "gesture that takes back the repair of a word, then the last letter; needs `letters.enabled`; empty: none",
        choices=GESTURES,
    )
    clear: str | None = option(
        None, "gesture that empties the caption unspoken; needs `letters.enabled`; empty: none", choices=GESTURES
    )


@dataclass(frozen=True, slots=True)
class MqttConfig:
    """The broker. User name and password come from ASL_EDGE_MQTT_USERNAME and ASL_EDGE_MQTT_PASSWORD."""

    url: str | None = option(
        None,
        "`mqtt://host[:port]`, `mqtts://...`, `ws://...` or `wss://...`; empty starts an embedded broker on loopback",
    )
    ca_file: str | None = option(None, "certificate authority file for mqtts and wss; empty uses the system's")
    keepalive_seconds: int = option(
        30, "MQTT keep-alive; the last will is sent 1.5 times this after the power is cut", at_least=1, at_most=65535
    )
    outbox_messages: int = option(
        500, "events kept while the broker is away; the oldest are dropped and counted", at_least=1
    )
    outbox_seconds: float = option(
        60.0, "events older than this are not sent any more when the broker comes back", above=0
    )
    discovery: bool = option(True, "publish Home Assistant discovery")
    embedded_port: int = option(
        1883, "TCP port of the embedded broker on 127.0.0.1; 0 picks a free one", at_least=0, at_most=65535
    )
    embedded_websocket_port: int = option(
        9001, "websocket port of the embedded broker on 127.0.0.1; 0 picks a free one", at_least=0, at_most=65535
    )


@dataclass(frozen=True, slots=True)
class DisplayConfig:
    """The caption page in a browser."""

    enabled: bool = option(True, "serve the caption page on loopback")
    port: int = option(8080, "its port on 127.0.0.1; 0 picks a free one", at_least=0, at_most=65535)
    broker_websocket_url: str | None = option(
        None,
        "`ws://...` or `wss://...`: where the page reaches the broker of `mqtt.url`, unless it is the embedded one",
    )


@dataclass(frozen=True, slots=True)
class SpeechConfig:
    """Finished captions are read aloud."""

    enabled: bool = option(True, "speak finished captions")
    backend: str = option("espeak-ng", "speech synthesiser", choices=("espeak-ng", "pyttsx3"))
    voice: str = option("en-us", "voice name of the back-end")
    words_per_minute: int = option(160, "speaking rate", at_least=40)
    queue: int = option(4, "captions waiting to be spoken; the oldest is dropped when full", at_least=1)
    timeout_seconds: float = option(30.0, "an utterance still playing after this is cut off", above=0)


@dataclass(frozen=True, slots=True)
class DaemonConfig:
    """The process itself."""

    log_level: str = option("INFO", "least severity that is logged", choices=("DEBUG", "INFO", "WARNING", "ERROR"))
    stats_seconds: float = option(30.0, "time between two `stats` messages", above=0)


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that can be set."""

    device: str = option(
        "kiosk", "name of this device in every topic, `asl/<device>/...`: letters, digits, `-` and `_`", topic=True
    )
    models_dir: str | None = option(None, "folder of the model bundles; empty uses the ones installed with the package")
    signers: int = option(1, "how many people are read at once, each with an own caption", at_least=1, at_most=4)
    camera: CameraConfig = section(CameraConfig)
    landmarks: LandmarksConfig = section(LandmarksConfig)
    signer: SignerConfig = section(SignerConfig)
    governor: GovernorConfig = section(GovernorConfig)
    letters: LettersConfig = section(LettersConfig)
    words: WordsConfig = section(WordsConfig)
    captions: CaptionsConfig = section(CaptionsConfig)
    controls: ControlsConfig = section(ControlsConfig)
    mqtt: MqttConfig = section(MqttConfig)
    display: DisplayConfig = section(DisplayConfig)
    speech: SpeechConfig = section(SpeechConfig)
    daemon: DaemonConfig = section(DaemonConfig)

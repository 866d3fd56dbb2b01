"""A configuration mistake is one line with file, line, key and what was expected."""

import dataclasses
from pathlib import Path

import pytest
import yaml

from edge.config import Config, dump_config, load_config, load_settings, options_table, parse_settings
from edge.errors import InputError
from training.letters.config import LetterConfig
from training.words.config import WordConfig

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("camera:\n  fsp: 3", "f.yaml:2: camera.fsp: unknown key; did you mean 'fps'?"),
        ("camera:\n  fps: fast", "f.yaml:2: camera.fps: expected a number, got 'fast'"),
        ("camera:\n  width_px: 3.5", "f.yaml:2: camera.width_px: expected a whole number, got 3.5"),
        ("speech:\n  enabled: 1", "f.yaml:2: speech.enabled: expected true or false, got 1"),
        ("device: [a]", "f.yaml:1: device: expected text, got ['a']"),
        ("camera: 3", "f.yaml:1: camera: expected keys and values, got '3'"),
        ("- a\n- b", "f.yaml:1: the file: expected keys and values, got a list"),
        ("device: a\ndevice: b", "f.yaml:2: device: given twice; keep one of them"),
        ("camera: [", "f.yaml:1: not valid YAML"),
        ("device: a/b", "f.yaml:1: device: 'a/b' cannot stand in an MQTT topic"),
        ("camera:\n  fps: 0", "f.yaml:2: camera.fps: must be more than 0, got 0.0"),
        ("speech:\n  backend: sox", "f.yaml:2: speech.backend: expected one of espeak-ng, pyttsx3, got 'sox'"),
        ("daemon:\n  log_level: LOUD", "f.yaml:2: daemon.log_level: expected one of"),
        ("device: !foo bar", "f.yaml:1: device: 'bar' cannot be read as !foo; put it in quotes"),
        ("device: 2024-13-45", "f.yaml:1: device: '2024-13-45' cannot be read as timestamp; put it in quotes"),
        ("device: !!int x", "f.yaml:1: device: 'x' cannot be read as int; put it in quotes"),
        ("display:\n  port: 70000", "f.yaml:2: display.port: must be at most 65535, got 70000"),
        ("mqtt:\n  keepalive_seconds: 70000", "f.yaml:2: mqtt.keepalive_seconds: must be at most 65535, got 70000"),
    ],
)
def test_a_mistake_names_its_place_and_its_mending(text: str, line: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_settings(text, "f.yaml", Config)
    assert str(caught.value).startswith(line)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("roundz: 3", "f.yaml:1: roundz: unknown key; did you mean 'rounds'?"),
        ("rounds: 3\npasses: 2.9", "f.yaml:2: passes: expected a whole number, got 2.9"),
        ("seed: true", "f.yaml:1: seed: expected a whole number, got True"),
        ("learning_rate: .nan", "f.yaml:1: learning_rate: nan is no number to work with"),
        ("learning_rate: .inf", "f.yaml:1: learning_rate: inf is no number to work with"),
        ("augment:\n  jitter: much", "f.yaml:2: augment.jitter: expected a number, got 'much'"),
        ("shape_units: 3", "f.yaml:1: shape_units: expected a list, got 3"),
        ("shape_units: [64, 2.5]", "f.yaml:1: shape_units[1]: expected a whole number, got 2.5"),
        ("augment:\n  turn_degrees: [1, 2]", "f.yaml:2: augment.turn_degrees: expected a list of 3, got [1, 2]"),
        ("augment: {turn_degrees: [1, 2, .nan]}", "f.yaml:1: augment.turn_degrees[2]: nan is no number"),
    ],
)
def test_a_mistake_in_the_settings_of_a_training_names_its_place_too(text: str, line: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_settings(text, "f.yaml", LetterConfig)
    assert str(caught.value).startswith(line)
    assert "\n" not in str(caught.value)


def test_what_a_training_is_told_stands_over_the_defaults(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("rounds: 3\nshape_units: [64]\naugment: {turn_degrees: [1, 2, 3.5]}\n")
    settings = load_settings(tmp_path / "c.yaml", LetterConfig)
    assert (settings.rounds, settings.shape_units, settings.augment.turn_degrees) == (3, (64,), (1.0, 2.0, 3.5))
    assert settings.passes == LetterConfig().passes
    assert load_settings(None, LetterConfig) == LetterConfig()


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.yaml: cannot be read"):
        load_config(tmp_path / "nowhere.yaml")


def test_an_empty_file_means_the_defaults() -> None:
    assert parse_settings("", "f", Config) == Config()
    assert parse_settings("camera:\nmqtt:\n", "f", Config) == Config()


def test_what_is_printed_reads_back_to_the_same_configuration() -> None:
    text = "device: door-2\ncamera:\n  source: 1\n  fps: 15\nmqtt:\n  url: mqtt://h\n"
    config = parse_settings(text, "f", Config)
    assert config.camera.source == "1"
    assert parse_settings(dump_config(config), "f", Config) == config


def test_the_command_line_overrides_the_file(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text("camera:\n  source: /dev/video4\n")
    assert load_config(file, {"camera.source": "demo:HI"}).camera.source == "demo:HI"


def test_an_empty_text_is_an_option_left_empty() -> None:
    text = "models_dir: ''\nmqtt: {url: ''}\ncaptions: {own_words: ''}\ncontrols: {space: ''}\n"
    assert parse_settings(text, "f", Config) == Config()
    assert load_config(None, {"mqtt.url": ""}) == Config()
    with pytest.raises(InputError, match=r"^f:1: device: '' cannot stand in an MQTT topic"):
        parse_settings("device: ''", "f", Config)


def test_the_kiosk_file_spells_out_the_defaults() -> None:
    assert load_config(ROOT / "configs/edge.yaml") == Config()


@pytest.mark.parametrize(("name", "cls"), [("letters", LetterConfig), ("words", WordConfig)])
def test_the_training_files_spell_out_all_defaults(name: str, cls: type[LetterConfig | WordConfig]) -> None:
    file = ROOT / "configs" / f"{name}.yaml"
    assert load_settings(file, cls) == cls()
    defaults, written = dataclasses.asdict(cls()), yaml.safe_load(file.read_text("utf-8"))
    assert written.keys() == defaults.keys()
    assert all(written[part].keys() == defaults[part].keys() for part in ("shares", "augment"))


@pytest.mark.parametrize("file", sorted((ROOT / "configs").glob("edge*.yaml")), ids=lambda path: path.name)
def test_every_shipped_configuration_loads(file: Path) -> None:
    load_config(file)


def test_the_readme_table_is_the_one_the_schema_makes() -> None:
    assert options_table() in (ROOT / "README.md").read_text("utf-8")

"""What the daemon counts of itself: by the clock that nobody sets, of all signers, anew after a reload."""

import time
from types import SimpleNamespace
from typing import Any

import pytest

from edge.camera import EpochClock
from edge.config import GovernorConfig
from edge.governor import Governor
from edge.metrics import Stopwatch
from edge.report import Report
from edge.types import Event


def stats(report: Report, **camera: int) -> dict[str, Any]:
    pipeline: Any = SimpleNamespace(abstentions=0)
    seen: Any = SimpleNamespace(clock=EpochClock(), **camera)
    return report.stats(Stopwatch(), pipeline, seen, Governor(GovernorConfig()), {}).body


def test_every_letter_and_word_of_every_signer_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    report = Report(30.0)
    report.frame(
        5.0, [Event("letter", 1.0, {"signer": 1}), Event("letter", 1.0, {"signer": 2}), Event("state", 1.0, {})]
    )
    monkeypatch.setattr(time, "monotonic", lambda: now + 36)
    assert stats(report, dropped=0)["emissions_per_hour"] == pytest.approx(200)
    monkeypatch.setattr(time, "monotonic", lambda: now + 72)
    assert stats(report, dropped=0)["emissions_per_hour"] == 0


def test_where_nothing_was_said_no_time_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """0 ms would be the best figure there is."""
    now = time.monotonic()
    report = Report(30.0)
    report.frame(5.0, [Event("state", 1.0, {})])
    assert stats(report, dropped=0)["capture_to_emit_ms"] == {"p50": None, "p95": None, "p99": None}
    report.frame(5.0, [Event("letter", 1.0, {})])
    monkeypatch.setattr(time, "monotonic", lambda: now + 36)
    assert stats(report, dropped=0)["capture_to_emit_ms"] == {"p50": 5.0, "p95": 5.0, "p99": 5.0}


def test_a_clock_that_is_set_back_holds_no_stats_up(monkeypatch: pytest.MonkeyPatch) -> None:
    report, now = Report(30.0), time.monotonic()
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert not report.due()
    monkeypatch.setattr(time, "monotonic", lambda: now + 31)
    assert report.due()


def test_frames_that_were_dropped_before_are_not_counted_again() -> None:
    assert stats(Report(30.0, dropped=30), dropped=32)["dropped"] == 2

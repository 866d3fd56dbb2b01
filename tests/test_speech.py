"""Captions are really heard, in order, and can be cut.

What is played goes through the real aplay and ALSA into a PulseAudio null sink, and is listened to at its monitor.
"""

import time
from collections.abc import Callable

import numpy as np
import pytest
from speech_tools import LOUD, Desk, Ear, children, needs_pulse, wait_for

from edge.speech import Spoken

pytest_plugins = ("speech_tools",)

pytestmark = needs_pulse


@pytest.mark.parametrize("backend", ["espeak-ng", "pyttsx3"])
def test_a_caption_is_really_heard(backend: str, ear: Ear, open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(backend=backend)
    desk.say("THANK YOU VERY MUCH")
    assert desk.outcomes(1) == ["played"]
    ((start, end),) = ear.sounds()
    assert 0.8 < end - start < 2.0, "four words at 160 words a minute"
    assert np.sqrt(np.mean(ear.heard() ** 2)) > LOUD
    assert desk.reports[0] == Spoken("c0", "THANK YOU VERY MUCH", "played", desk.reports[0].seconds, "")
    assert end - start <= desk.reports[0].seconds < end - start + 10


def test_two_captions_are_both_heard_in_order(ear: Ear, open_desk: Callable[..., Desk]) -> None:
    desk = open_desk()
    desk.say("one coffee for sam and two teas for ann please", "yes")
    assert desk.outcomes(2) == ["played", "played"]
    assert [report.text for report in desk.reports] == ["one coffee for sam and two teas for ann please", "yes"]
    long, short = ear.sounds()
    assert long[1] - long[0] > 3 * (short[1] - short[0]) > 0


def test_cancel_is_silence_at_once(ear: Ear, open_desk: Callable[..., Desk]) -> None:
    desk = open_desk()
    desk.say("one two three four five six seven eight nine ten", "and this is never begun")
    wait_for(ear.loud_times, "nothing is heard")
    time.sleep(0.5)
    cancelled_at = time.monotonic()
    desk.speaker.cancel()
    assert sorted(desk.outcomes(2)) == ["cancelled", "cancelled"]
    time.sleep(0.8)
    assert ear.loud_times()[-1] - cancelled_at < 0.6
    assert not children()

    ear.forget()
    desk.say("again")
    assert desk.outcomes(3)[-1] == "played"
    assert ear.sounds()


def test_muting_cuts_the_sound_and_what_follows_stays_unsaid(ear: Ear, open_desk: Callable[..., Desk]) -> None:
    desk = open_desk()
    desk.say("one two three four five six seven eight nine ten")
    wait_for(ear.loud_times, "nothing is heard")
    desk.speaker.mute(True)
    assert desk.outcomes(1) == ["muted"]
    time.sleep(0.3)
    ear.forget()
    desk.say("not this")
    assert desk.outcomes(2) == ["muted", "muted"]
    time.sleep(0.3)
    assert not ear.loud_times()
    desk.speaker.mute(False)
    desk.say("but this")
    assert desk.outcomes(3)[-1] == "played"
    assert ear.sounds()


def test_stopping_in_mid_sentence_is_quick_and_leaves_no_child(ear: Ear, open_desk: Callable[..., Desk]) -> None:
    desk = open_desk()
    desk.say("one two three four five six seven eight nine ten", "waiting")
    wait_for(ear.loud_times, "nothing is heard")
    started = time.monotonic()
    desk.speaker.stop()
    assert time.monotonic() - started < 2.0
    assert sorted(desk.outcomes(2)) == ["cancelled", "cancelled"]
    assert not children()
    desk.say("too late")
    assert desk.outcomes(3)[-1] == "cancelled"

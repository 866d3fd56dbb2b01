"""Where the hand is at every moment: eased moves between letters, J and Z as motions, a slide for doubles."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from edge.demo.alphabet import REST
from edge.demo.hand import POSE_SIZE, rotation
from edge.demo.person import Person
from edge.demo.timetable import Span
from edge.types import Floats

SLIDE = 0.9
"""How far a doubled letter slides outwards, in palms."""

LAZY_ABOVE = 2.0
"""Letters a second above which fingers begin to fall short of their letter, as in fluent spelling."""

STAGGER = 0.2
"""How long after the first finger the last one starts, as a share of the move."""

JOINTS = slice(3, POSE_SIZE)
TURN = slice(POSE_SIZE, POSE_SIZE + 4)
PLACE = slice(POSE_SIZE + 4, POSE_SIZE + 6)
STATE_SIZE = POSE_SIZE + 6
"""A pose, its orientation as a quaternion, its place in palms (outwards is negative x, down is positive y)."""

# Share of the motion; yaw, pitch and roll added to the letter's own; place in palms. The turns of a J were fitted to
# recorded ones: the little finger falls outwards, swings round at the bottom and comes up with the palm turned in.
J_PATH = (
    (0.0, 0, 0, 0, 0.0, 0.0),
    (0.3, -10, 25, 50, -0.28, 0.12),
    (0.5, 5, 55, 65, -0.3, 0.38),
    (0.7, 80, 65, 0, -0.1, 0.33),
    (0.85, 118, 35, -12, 0.1, 0.08),
    (1.0, 142, 5, 0, 0.25, -0.1),
)
# The index finger writes the letter for the signer to read: the viewer sees it mirrored. Tips cover 2.3 x 2.3 palms.
Z_PATH = (
    (0.0, 0, 0, -22, 0.45, -0.6),
    (0.3, 0, 0, 12, -0.4, -0.55),
    (0.68, 0, 0, -18, 0.4, 0.5),
    (1.0, 0, 0, 12, -0.4, 0.55),
)


@dataclass(frozen=True, slots=True)
class Key:
    """The hand at one moment. It stops there, or passes `through`."""

    at: float
    state: Floats
    through: bool = False


class Performance:
    """State of the hand as a function of time."""

    def __init__(
        self, spans: Sequence[Span], person: Person, *, letters_per_second: float, bounce: bool, lowered: float
    ) -> None:
        script = _Script(spans, person, _laziness(letters_per_second), bounce, lowered)
        self._keys = tuple(_near(script.keys()))
        self._times = np.array([key.at for key in self._keys])
        self._person = person
        lags = person.lags
        self._lag = np.zeros(STATE_SIZE, np.float32)
        self._lag[3:8] = lags[0]
        self._lag[8:28] = np.repeat(lags[1:], 5)

    def state(self, ts: float) -> Floats:
        """(STATE_SIZE,) at a time; at rest before the first key and after the last."""
        after = int(np.clip(np.searchsorted(self._times, ts, side="right"), 1, len(self._keys) - 1))
        before, key = self._keys[after - 1], self._keys[after]
        share = float(np.clip((ts - before.at) / max(key.at - before.at, 1e-9), 0.0, 1.0))
        state = self._between(after, before, key, share)
        state[TURN] /= np.linalg.norm(state[TURN])
        alive: Floats = state + self._person.tremor(ts)
        return alive

    def _between(self, after: int, before: Key, key: Key, share: float) -> Floats:
        if not (before.through or key.through):
            shares = np.clip((share - self._lag * STAGGER) / (1 - STAGGER), 0.0, 1.0)
            eased = shares**3 * (10 - 15 * shares + 6 * shares**2)  # least jerk
            moved: Floats = before.state + (key.state - before.state) * eased
            return moved
        seconds = key.at - before.at
        leave, arrive = self._velocity(after - 1) * seconds, self._velocity(after) * seconds
        rest = 1 - share
        swept: Floats = (
            before.state * (rest * rest * (1 + 2 * share))
            + key.state * (share * share * (1 + 2 * rest))
            + leave * (share * rest * rest)
            - arrive * (share * share * rest)
        )
        return swept

    def _velocity(self, index: int) -> Floats:
        if not self._keys[index].through:
            return np.zeros(STATE_SIZE, np.float32)
        before, after = self._keys[index - 1], self._keys[index + 1]
        velocity: Floats = (after.state - before.state) / (after.at - before.at)
        return velocity


def turn_of(state: Floats) -> Floats:
    """A state's orientation (3 x 3)."""
    w, x, y, z = state[TURN]
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ],
        np.float32,
    )


def _quaternion(turn: Floats) -> Floats:
    """w, x, y, z of a rotation, by the eigenvector of the largest eigenvalue: no orientation is singular."""
    (a, b, c), (d, e, f), (g, h, i) = turn
    table = np.array(
        [
            [a + e + i, h - f, c - g, d - b],
            [h - f, a - e - i, b + d, c + g],
            [c - g, b + d, e - a - i, f + h],
            [d - b, c + g, f + h, i - a - e],
        ]
    )
    found: Floats = np.linalg.eigh(table)[1][:, -1].astype(np.float32)
    return found


def _state(pose: Floats, place: tuple[float, float], added: tuple[float, float, float] = (0, 0, 0)) -> Floats:
    state = np.zeros(STATE_SIZE, np.float32)
    state[:POSE_SIZE] = pose
    state[TURN] = _quaternion(rotation(*(pose[:3] + added).tolist()))
    state[PLACE] = place
    return state


def _laziness(letters_per_second: float) -> float:
    return float(np.clip((letters_per_second - LAZY_ABOVE) * 0.05, 0.0, 0.2))


def _near(keys: Iterator[Key]) -> Iterator[Key]:
    """The same keys, with each quaternion's sign chosen nearest to the one before."""
    last: Floats | None = None
    for key in keys:
        if last is not None and float(key.state[TURN] @ last) < 0:
            key.state[TURN] *= -1
        last = key.state[TURN]
        yield key


@dataclass(frozen=True)
class _Script:
    """What the hand does, as keys."""

    spans: Sequence[Span]
    person: Person
    laziness: float
    bounce: bool
    lowered: float

    def keys(self) -> Iterator[Key]:
        slid = 0.0
        for index, span in enumerate(self.spans):
            if span.kind == "rest":
                slid = 0.0
                for at in (span.started_at, span.ended_at):
                    yield Key(at, _state(REST, (0.4, self.lowered)))
            if span.letter is None:
                continue
            doubled = index >= 2 and self.spans[index - 2].letter == span.letter
            if doubled and self.bounce:
                yield self._bounce(self.spans[index - 1], span.letter)
            slid = slid - SLIDE if doubled and not self.bounce else slid * 0.5
            if span.letter in "JZ":
                yield from self._traced(span, span.letter, slid)
            else:
                pose = self._short_of(index, span.letter)
                for at in (span.started_at, span.ended_at):
                    yield Key(at, _state(pose, (slid, 0.0)))

    def _bounce(self, move: Span, letter: str) -> Key:
        middle = (move.started_at + move.ended_at) / 2
        return Key(middle, _state(self.person.pose(letter), (0.0, 0.35), (0, 20, 0)), through=True)

    def _traced(self, span: Span, letter: str, slid: float) -> Iterator[Key]:
        pose, path = self.person.pose(letter), J_PATH if letter == "J" else Z_PATH
        for share, yaw, pitch, roll, x, y in path:
            size = self.person.sweep
            state = _state(pose, (x * size + slid, y * size), (yaw * size, pitch * size, roll * size))
            # the corners of a Z are stops, the bend of a J is one sweep
            at = span.started_at + share * (span.drawn_at - span.started_at)
            yield Key(at, state, through=letter == "J" and 0 < share < 1)
        yield Key(span.ended_at, state.copy())

    def _short_of(self, index: int, letter: str) -> Floats:
        """The letter's pose, pulled towards its neighbours in the word as far as the pace makes the hand lazy."""
        pose = self.person.pose(letter).copy()
        near = [self.spans[place].letter for place in (index - 2, index + 2) if 0 <= place < len(self.spans)]
        for other in near:
            pose[JOINTS] += self.laziness / 2 * (self.person.pose(other or letter)[JOINTS] - pose[JOINTS])
        return pose

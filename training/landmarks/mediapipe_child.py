"""MediaPipe's own answers, from an interpreter that has it: pictures on standard input, JSON lines out.

Run as a program (`mediapipe_child.py hands|holistic|stills`). It imports nothing of this project, since mediapipe
0.10.18 needs another numpy than the daemon.
"""

import json
import struct
import sys
from typing import Any

HEADER = struct.Struct("<II")
"""Height and width of the BGR picture that follows; a height of 0 starts a new clip."""

_SIDES = {"Left": "right", "Right": "left"}
"""MediaPipe names hands as in a mirror; here pictures are not mirrored and sides are the signer's."""


def main(solution: str) -> None:
    import mediapipe  # noqa: PLC0415 - the parent imports this file for HEADER alone
    import numpy as np  # noqa: PLC0415

    if solution == "holistic":
        engine = mediapipe.solutions.holistic.Holistic(model_complexity=1)
    else:
        engine = mediapipe.solutions.hands.Hands(
            model_complexity=1, max_num_hands=2, static_image_mode=solution == "stills"
        )
    source = sys.stdin.buffer
    while len(header := source.read(HEADER.size)) == HEADER.size:
        height, width = HEADER.unpack(header)
        if height == 0:
            engine.reset()
            continue
        image = np.frombuffer(source.read(height * width * 3), np.uint8).reshape(height, width, 3)
        answer = _answer(solution, engine.process(np.ascontiguousarray(image[:, :, ::-1])))
        print(json.dumps(answer), flush=True)


def _answer(solution: str, result: Any) -> dict[str, Any]:
    if solution == "holistic":
        hands = [("left", result.left_hand_landmarks), ("right", result.right_hand_landmarks)]
        pose = _points(result.pose_landmarks) if result.pose_landmarks else None
        return {"hands": [[side, _points(hand)] for side, hand in hands if hand], "pose": pose}
    found = zip(result.multi_handedness or [], result.multi_hand_landmarks or [], strict=True)
    return {"hands": [[_SIDES[side.classification[0].label], _points(hand)] for side, hand in found], "pose": None}


def _points(landmarks: Any) -> list[list[float]]:
    return [[point.x, point.y, point.z] for point in landmarks.landmark]


if __name__ == "__main__":
    main(sys.argv[1])

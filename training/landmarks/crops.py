"""What the int8 networks see in real use, cut from pictures by the float networks themselves."""

from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np

from edge.bundle import Bundle
from edge.landmarks.crop import Region, covering_square, crop_into
from edge.landmarks.hands import HandNetworks
from edge.landmarks.pose import PoseNetworks
from edge.types import Image
from training.landmarks.pictures import clips, frames, stills

INPUT_SIDE_PX = {"palm": 192, "near": 128, "hand": 192, "detector": 224, "landmark": 256, "original hand": 224}
"""Side of each network's input. The hand's is smaller here than MediaPipe's own, which comes last; `near` is the palm
detector's network over fewer pixels."""

Crops = dict[str, list[tuple[str, Image]]]
"""By network: (source, crop)."""


class Cropper:
    """Collects crops. Every other picture is mirrored, so both hands are seen equally often."""

    def __init__(self, hands: Bundle, pose: Bundle) -> None:
        self._hands = HandNetworks(hands)
        self._pose = PoseNetworks(pose)
        self.crops: Crops = defaultdict(list)
        self._count = 0

    def add(self, source: str, image: Image) -> None:
        self._count += 1
        if self._count % 2:
            image = np.ascontiguousarray(image[:, ::-1])
        self._keep("detector", source, image, covering_square(image), cv2.BORDER_CONSTANT)
        for region in self._hands.find(image)[:2]:
            # The tracker looks where the landmarks were, so both a palm's first region and the next one occur.
            hand = self._hands.read(image, region)
            if hand is not None:
                for looked_at in (region, hand.region):
                    self._keep("hand", source, image, looked_at)
                    self._keep("original hand", source, image, looked_at)
        person = max((body for body, _ in self._pose.find(image)), key=lambda body: body.size, default=None)
        if person is not None:
            read = self._pose.read(image, person)
            if read is not None:
                self._keep("landmark", source, image, read[1])

    def _keep(
        self, network: str, source: str, image: Image, region: Region, border: int = cv2.BORDER_REPLICATE
    ) -> None:
        out = np.empty((INPUT_SIDE_PX[network], INPUT_SIDE_PX[network], 3), np.uint8)
        crop_into(image, region, out, border)
        self.crops[network].append((source, out))


def collect(data: Path, hands: Bundle, pose: Bundle, *, held_out: bool, per_label: int, every: int) -> Crops:
    """Crops of the calibration sources, or of the held-out ones."""
    cropper = Cropper(hands, pose)
    for picture in stills(data, held_out=held_out, per_label=per_label):
        cropper.add(picture.source, picture.image)
    for source, file in clips(data, held_out=held_out):
        for image in frames(file, every):
            cropper.add(source, image)
    return cropper.crops

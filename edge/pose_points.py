"""Which of MediaPipe's 33 pose landmarks is what; left and right are the signer's."""

NOSE = 0
SHOULDERS = LEFT_SHOULDER, RIGHT_SHOULDER = 11, 12
ELBOWS = LEFT_ELBOW, RIGHT_ELBOW = 13, 14
WRISTS = LEFT_WRIST, RIGHT_WRIST = 15, 16

"""Labels with a special meaning, kept apart from the networks: listing bundles needs no interpreter."""

NOTHING = "nothing"
"""Label of a hand that spells no letter."""
MOTION_LETTERS = ("J", "Z")
"""Letters drawn in the air: one frame cannot show them."""

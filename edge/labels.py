"""Labels that mean more than their name, apart from the networks: to list bundles takes no interpreter."""

NOTHING = "nothing"
"""Label of a hand that spells no letter."""
MOTION_LETTERS = ("J", "Z")
"""Letters that are drawn in the air: one frame cannot show them."""

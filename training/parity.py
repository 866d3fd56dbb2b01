"""Whether an int8 network decides as its float twin does, on people neither has seen: figures and gate."""

from collections.abc import Iterable, Mapping

import numpy as np

from edge.errors import AslEdgeError
from training.figures import Judgement

MOST_ACCURACY_LOST = 0.003
LEAST_AGREEMENT = 0.99
"""Bounds of issues 4 and 5 on held-out signers."""


def parity_of(pairs: Iterable[tuple[Judgement, Judgement]], labels: tuple[str, ...]) -> dict[str, float]:
    """Figures from what float and int8 said of the same clips."""
    rows = [(labels.index(a.label), int(a.probabilities.argmax()), int(b.probabilities.argmax())) for a, b in pairs]
    truth, exact, quantized = np.array(rows, np.int64).T
    return {
        "clips": len(truth),
        "float_accuracy": round(float((exact == truth).mean()), 5),
        "int8_accuracy": round(float((quantized == truth).mean()), 5),
        "agreement": round(float((exact == quantized).mean()), 5),
    }


def check_parity(parity: Mapping[str, float]) -> None:
    """Refuse an int8 model that differs from its float twin on people neither has seen.

    Raises:
        AslEdgeError: by how much it failed.
    """
    lost = parity["float_accuracy"] - parity["int8_accuracy"]
    if abs(lost) > MOST_ACCURACY_LOST or parity["agreement"] < LEAST_AGREEMENT:
        raise AslEdgeError(
            f"int8 is not faithful on held-out signers: accuracy {parity['float_accuracy']:.4f} -> "
            f"{parity['int8_accuracy']:.4f} (at most {MOST_ACCURACY_LOST} apart), agreement {parity['agreement']:.4f} "
            f"(at least {LEAST_AGREEMENT}); calibrate on more varied windows or train longer"
        )


def check_agreement(share: float) -> None:
    """Refuse an int8 model that differs from its float twin even on training windows.

    Raises:
        AslEdgeError: says on how many.
    """
    if share < LEAST_AGREEMENT:
        raise AslEdgeError(
            f"int8 agrees with float on {share:.2%} of training windows, wanted {LEAST_AGREEMENT:.0%}; "
            "calibrate on more varied windows"
        )

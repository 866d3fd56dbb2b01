"""Whether an int8 network decides as its float twin does, on people that neither has seen: the figures and the gate."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from edge.errors import AslEdgeError

MOST_ACCURACY_LOST = 0.003
LEAST_AGREEMENT = 0.99


def parity_of(truth: NDArray[np.int64], exact: NDArray[np.int64], quantized: NDArray[np.int64]) -> dict[str, float]:
    """From (N,) labels: the true ones, and the best ones by float and by int8."""
    return {
        "clips": len(truth),
        "float_accuracy": round(float((exact == truth).mean()), 5),
        "int8_accuracy": round(float((quantized == truth).mean()), 5),
        "agreement": round(float((exact == quantized).mean()), 5),
    }


def check_parity(parity: Mapping[str, float]) -> None:
    """Refuse an int8 model that is not its float twin on people neither has seen.

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
    """Refuse an int8 model that decides otherwise than its float twin on training windows already.

    Raises:
        AslEdgeError: on how many.
    """
    if share < LEAST_AGREEMENT:
        raise AslEdgeError(
            f"int8 agrees with float on {share:.2%} of training windows, wanted {LEAST_AGREEMENT:.0%}; "
            "calibrate on more varied windows"
        )

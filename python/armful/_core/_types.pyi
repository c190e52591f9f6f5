from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64] | Sequence[float]
Integers: TypeAlias = NDArray[np.int64] | Sequence[int]
Slots: TypeAlias = NDArray[np.intp] | Sequence[int]

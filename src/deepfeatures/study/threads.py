"""One thread for each job: what it makes then does not depend on how many cores there are, and jobs side by side do not
wait for each other's threads.

torch is told in the process (`torch.set_num_threads`). BLAS of numpy and OpenMP of scikit-learn read the environment
when they are loaded, so it has to be said before. Threads that wait for a core that others have wait busily: many small
k-means, beside two other jobs on two cores, took more than ten times as long as with one thread.
"""

from __future__ import annotations

import os
from collections.abc import MutableMapping

from deepfeatures.study.recipes import THREADS

VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def environment() -> dict[str, str]:
    """What processes that compute are started with."""
    return dict.fromkeys(VARIABLES, str(THREADS))


def limit(here: MutableMapping[str, str] = os.environ) -> None:
    """For this process, before numpy is imported, and for those that it starts."""
    here.update(environment())

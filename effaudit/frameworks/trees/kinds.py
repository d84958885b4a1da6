"""Whether child indices form a tree that can be walked without leaving it, whichever library wrote them."""

from __future__ import annotations

import numpy as np

from effaudit.core.store import Array


def is_tree(children: Array, nodes: int) -> bool:
    """Is every node but the root (node 0) the child of exactly one split? `children` holds both sides of all splits.

    Then no walk from the root leaves the arrays, and none goes in circles: the node at which it entered a circle would have
    two parents.
    """
    if nodes < 1 or children.min(initial=1) < 1 or children.max(initial=0) >= nodes:
        return False
    parents = np.bincount(children.astype(np.int64, copy=False), minlength=nodes)
    return bool(np.all(parents[1:] == 1))

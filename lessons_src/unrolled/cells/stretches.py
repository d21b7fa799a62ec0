"""Back-propagation through time, a stretch of steps at a time.

All that later steps tell earlier ones is the gradient with respect to the state between them. So a long sequence can
be cut without changing its gradient: the last stretch goes first, and what it gives as the gradient of its initial
state is the d_final of the stretch before it. (Truncated back-propagation would put 0 there.) It is done for speed:
what a stretch needs besides its tape stays in the cache and serves the next one, where for a whole sequence it would
be as large as the tape, and to be given that much memory anew can take longer than the arithmetic.
"""

import numpy as np

from .arrays import Gradients

ROWS = 1024  # steps of a stretch times samples: enough for fast matrix products, little enough for a cache


def in_stretches(backward, parameters, tape, dh, d_final):
    """The Gradients of backward(parameters, tape, dh, d_final), which is called for one stretch after another.

    dh (T, B, H) and d_final (B, S) are arrays, checked; tape has `between`.
    """
    T, B, _ = dh.shape
    steps = max(1, ROWS // B)
    if T <= steps:
        return backward(parameters, tape, dh, d_final)
    x = states = blocks = None
    for stop in range(T, 0, -steps):
        start = max(0, stop - steps)
        stretch = backward(parameters, tape.between(start, stop), dh[start:stop], d_final)
        if blocks is None:
            blocks = {name: block for name, block in vars(stretch.parameters).items() if block is not None}
            x, states = (np.empty((T, *whole.shape[1:]), whole.dtype) for whole in (stretch.x, stretch.states))
        else:
            for name in blocks:
                blocks[name] += getattr(stretch.parameters, name)
        x[start:stop], states[start:stop], d_final = stretch.x, stretch.states, stretch.initial
    return Gradients(type(parameters)(**blocks), x, d_final, states)

"""The recursive network: one map of two children to their parent, applied at every node of a binary tree.

Recurrent and recursive are two words: the recurrent network is the recursive one whose tree is a chain (Goodfellow,
Bengio and Courville, 2016, section 10.6).
"""

import math

import torch
from torch import nn


class RecursiveNetwork(nn.Module):
    """parent = tanh(U left + W right + b), with the same weights at every node; initialised as torch.nn.RNN.

    A tree is a leaf, a tensor (B, size), or a pair of trees. Its value is that of its root, (B, size).
    """

    def __init__(self, size):
        super().__init__()
        drawn = lambda *shape: nn.init.uniform_(torch.empty(shape), -1 / math.sqrt(size), 1 / math.sqrt(size))
        self.W, self.U = nn.Parameter(drawn(size, size)), nn.Parameter(drawn(size, size))
        self.b = nn.Parameter(drawn(size) + drawn(size))

    def forward(self, tree):
        if isinstance(tree, torch.Tensor):
            return tree
        left, right = tree
        return torch.tanh(self(left) @ self.U.T + self(right) @ self.W.T + self.b)


def chain(leaves):
    """((a, b), c), ...: the tree of a recurrent network, its first leaf the initial state."""
    tree, *others = leaves
    for leaf in others:
        tree = (tree, leaf)
    return tree


def balanced(leaves):
    """The tree that halves the leaves again and again. Raises ValueError for none."""
    leaves = list(leaves)
    if not leaves:
        raise ValueError("a tree has at least one leaf, got none")
    half = (len(leaves) + 1) // 2
    return leaves[0] if len(leaves) == 1 else (balanced(leaves[:half]), balanced(leaves[half:]))


def depth(tree):
    """The number of nodes between the root and its farthest leaf: 0 for a leaf."""
    return 1 + max(depth(tree[0]), depth(tree[1])) if isinstance(tree, tuple) else 0

"""The recursive network: on a chain it is torch.nn.RNN, gradients included; on another tree it is not."""

import pytest
import torch

from unrolled.models.recursive import RecursiveNetwork, balanced, chain, depth


@pytest.fixture
def networks():
    torch.manual_seed(0)
    recursive, recurrent = RecursiveNetwork(4).double(), torch.nn.RNN(4, 4).double()
    recurrent.load_state_dict(
        dict(weight_ih_l0=recursive.W, weight_hh_l0=recursive.U, bias_ih_l0=recursive.b, bias_hh_l0=0 * recursive.b)
    )
    return recursive, recurrent, list(torch.randn(6, 3, 4, dtype=torch.float64))


def test_on_a_chain_it_is_the_recurrent_network_and_so_is_its_gradient(networks):
    recursive, recurrent, leaves = networks
    value, (_, last) = recursive(chain(leaves)), recurrent(torch.stack(leaves[1:]), leaves[0][None])
    torch.testing.assert_close(value, last[0], rtol=0, atol=1e-14)
    value.square().sum().backward()
    last.square().sum().backward()
    for ours, theirs in ((recursive.W, "weight_ih_l0"), (recursive.U, "weight_hh_l0"), (recursive.b, "bias_ih_l0")):
        torch.testing.assert_close(ours.grad, getattr(recurrent, theirs).grad, rtol=0, atol=1e-13)


def test_on_other_trees_it_is_another_function(networks):
    recursive, _, leaves = networks
    values = [recursive(tree) for tree in (chain(leaves), balanced(leaves), chain(leaves[::-1]))]
    assert min((values[0] - other).abs().max() for other in values[1:]) > 1e-2


def test_left_and_right_have_matrices_of_their_own(networks):
    recursive, _, (a, b, *_) = networks
    torch.testing.assert_close(recursive((a, b)), torch.tanh(a @ recursive.U.T + b @ recursive.W.T + recursive.b))


@pytest.mark.parametrize("leaves, of_chain, of_balanced", [(1, 0, 0), (2, 1, 1), (5, 4, 3), (8, 7, 3), (9, 8, 4)])
def test_a_chain_is_as_deep_as_it_is_long_and_a_balanced_tree_is_not(leaves, of_chain, of_balanced):
    assert depth(chain(range(leaves))) == of_chain
    assert depth(balanced(range(leaves))) == of_balanced


def leaves_of(tree):
    return leaves_of(tree[0]) + leaves_of(tree[1]) if isinstance(tree, tuple) else [tree]


@pytest.mark.parametrize("shape", [chain, balanced])
def test_a_tree_has_its_leaves_in_order(shape):
    assert leaves_of(shape(range(7))) == list(range(7))


def test_no_leaves_are_no_tree():
    with pytest.raises(ValueError, match="at least one leaf"):
        balanced([])

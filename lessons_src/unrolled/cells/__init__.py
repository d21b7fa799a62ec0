"""Recurrent cells in NumPy: forward and backward over a whole sequence, the equations visible in the code.

A cell is a module. Every cell module offers the same five names, so that what works for one works for all:

    Parameters                                              frozen dataclass of arrays: W (input), U (recurrent), ...
    initialise(input_size, hidden_size, rng, ...)           -> Parameters
    forward(parameters, x, initial=None, lengths=None, ...) -> h, tape
    backward(parameters, tape, dh=None, d_final=None)       -> Gradients
    step_jacobians(parameters, tape)                        -> d(state after step t) / d(state before it)

Sequences are time-major: x is (T, B, I), h is (T, B, H). The *state* is what one step hands to the next, one array of
(B, S): S = H where the state is h alone; a cell with more keeps its parts side by side. A tape holds what backward
needs; it has `final`, the state after the last step, and `between(start, stop)`, the tape of those steps alone.
Samples of different lengths share a batch by `lengths`, (B,) integers: past its end a sample's state stays as it is,
its h is 0, and nothing there matters, as in PyTorch's packed sequences.
Arrays are float32 or float64, all of one dtype, and the dtype is preserved. Nothing is broadcast or converted.

The cells are `rnn` and `jordan`, `lstm`, `gru`, and their relatives `lstm_variants`, `mingru` and `minlstm`; `wrappers`
stacks any of them and runs them in both directions; `layouts` takes weights to PyTorch, Keras and ONNX, and back.
"""

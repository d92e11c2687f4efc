"""Writes tests/data/recurrent.csv: recurrent layers of PyTorch, forward and back, for tests/recurrent.

    pip install torch==2.15.0
    python crates/neurona/tests/scripts/recurrent.py > crates/neurona/tests/data/recurrent.csv

Seed 20260401. Each line is a case, an array and its values, row by row. Inputs are f32 numbers; biases are multiples of
2^-10, so that the sum of PyTorch's two is exact in f32. PyTorch computes in f64 on a CPU. The loss is the sum of the
outputs times `dy`. With a truncation the window is cut from its end into pieces of so many steps, and the state is
detached between them.
"""

import numpy
import torch

STEPS, INPUTS, UNITS = 7, 3, 4
CASES = [
    # Case, module, arguments, whether all states are given, steps that the gradient goes back through.
    ("rnn_tanh_last", torch.nn.RNN, {}, False, STEPS),
    ("rnn_relu_all", torch.nn.RNN, {"nonlinearity": "relu"}, True, STEPS),
    ("rnn_tanh_all_2", torch.nn.RNN, {}, True, 2),
    ("gru_last", torch.nn.GRU, {}, False, STEPS),
    ("gru_all", torch.nn.GRU, {}, True, STEPS),
    ("gru_last_3", torch.nn.GRU, {}, False, 3),
    ("gru_all_3", torch.nn.GRU, {}, True, 3),
    ("lstm_last", torch.nn.LSTM, {}, False, STEPS),
    ("lstm_all", torch.nn.LSTM, {}, True, STEPS),
    ("lstm_last_1", torch.nn.LSTM, {}, False, 1),
    ("lstm_all_4", torch.nn.LSTM, {}, True, 4),
]


def detached(state):
    return tuple(part.detach() for part in state) if isinstance(state, tuple) else state.detach()


def merged(module, values):
    """Two biases as one for each sum: those of n in a GRU stay two."""
    of_input, of_state = values("bias_ih_l0"), values("bias_hh_l0")
    if isinstance(module, torch.nn.GRU):
        both = of_input[: 2 * UNITS] + of_state[: 2 * UNITS]
        return numpy.concatenate([both, of_input[2 * UNITS :], of_state[2 * UNITS :]])
    return of_input + of_state


def main():
    torch.set_num_threads(1)
    random = numpy.random.default_rng(20260401)

    def uniform(*shape):
        return random.uniform(-1, 1, shape).astype(numpy.float32).astype(numpy.float64)

    for name, kind, arguments, every, back in CASES:
        module = kind(INPUTS, UNITS, dtype=torch.float64, **arguments)
        with torch.no_grad():
            for parameter in module.parameters():
                values = uniform(*parameter.shape)
                parameter.copy_(torch.tensor(values if values.ndim > 1 else numpy.round(values * 1024) / 1024))
        x = torch.tensor(uniform(STEPS, INPUTS), requires_grad=True)
        pieces, state = [], None
        ends = sorted(range(STEPS, 0, -back))
        for start, end in zip([0, *ends], ends):
            piece, state = module(x[start:end], None if state is None else detached(state))
            pieces.append(piece)
        y = torch.cat(pieces)
        y = y if every else y[-1]
        dy = torch.tensor(uniform(*y.shape))
        (y * dy).sum().backward()

        def value(parameter):
            return getattr(module, parameter).detach().numpy()

        def gradient(parameter):
            return getattr(module, parameter).grad.numpy()

        gradients_of_bias = gradient("bias_ih_l0")
        if kind is torch.nn.GRU:
            gradients_of_bias = numpy.concatenate([gradients_of_bias, gradient("bias_hh_l0")[2 * UNITS :]])
        arrays = {
            "weights": value("weight_ih_l0"),
            "recurrent": value("weight_hh_l0"),
            "bias": merged(module, value),
            "x": x.detach().numpy(),
            "dy": dy.numpy(),
            "y": y.detach().numpy(),
            "dx": x.grad.numpy(),
            "dweights": gradient("weight_ih_l0"),
            "drecurrent": gradient("weight_hh_l0"),
            "dbias": gradients_of_bias,
        }
        for array, values in arrays.items():
            print(name, array, *(repr(float(value)) for value in values.reshape(-1)), sep=",")


if __name__ == "__main__":
    main()

"""Numbers to hold batch normalisation to: prints crates/neurona-train/src/network/norm/pytorch.csv.

A network 3-4-3-2, both hidden layers with BatchNorm1d before their activation (tanh, SiLU), takes 10 steps of gradient
descent on eight rows at once, by the squared error. Values and data are the sines below, rounded to f32; PyTorch
computes in f64. A line of `values` holds, after so many steps, weights and biases layer by layer, then gamma, beta,
running mean and running variance of each normalised layer; a line of `outputs` the outputs of the eight rows in
inference. `rounding` is the largest deviation up to that step when PyTorch computes in f32. Run with PyTorch 2.15.0.
"""

import math
import struct

import torch


def f32(value):
    return struct.unpack("f", struct.pack("f", value))[0]


def sines(count, start, scale, middle=0.0):
    return [f32(math.sin(start + 1.7 * at) * scale + middle) for at in range(count)]


RATE, SIZES, ROWS = f32(0.1), (3, 4, 3, 2), 8


def run(dtype):
    def tensor(values, *shape):
        return torch.tensor(values, dtype=dtype).reshape(*shape)

    linear = [torch.nn.Linear(i, o, dtype=dtype) for i, o in zip(SIZES, SIZES[1:])]
    norms = [torch.nn.BatchNorm1d(size, dtype=dtype) for size in SIZES[1:-1]]
    with torch.no_grad():
        for start, layer in enumerate(linear):
            outputs, inputs = layer.weight.shape
            layer.weight.copy_(tensor(sines(outputs * inputs, start, 0.9), outputs, inputs))
            layer.bias.copy_(tensor(sines(outputs, start + 0.5, 0.3), outputs))
        for start, norm in enumerate(norms):
            size = norm.num_features
            norm.weight.copy_(tensor(sines(size, start + 0.25, 0.5, 1.0), size))
            norm.bias.copy_(tensor(sines(size, start + 0.75, 0.5), size))
    tanh, silu = torch.nn.Tanh(), torch.nn.SiLU()
    network = torch.nn.Sequential(linear[0], norms[0], tanh, linear[1], norms[1], silu, linear[2])
    inputs, targets = tensor(sines(ROWS * 3, 0.1, 1.5), ROWS, 3), tensor(sines(ROWS * 2, 0.7, 1.0), ROWS, 2)
    optimizer = torch.optim.SGD(network.parameters(), lr=RATE)
    lines = {}
    for step in range(1, 11):
        network.train()
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(network(inputs), targets).backward()
        optimizer.step()
        network.eval()
        parts = [part for layer in linear for part in (layer.weight, layer.bias)]
        parts += [p for n in norms for p in (n.weight, n.bias, n.running_mean, n.running_var)]
        lines["values", step] = torch.cat([part.detach().flatten() for part in parts])
        lines["outputs", step] = network(inputs).detach().flatten()
    return lines


exact, single = run(torch.float64), run(torch.float32)
rounding = {"values": 0.0, "outputs": 0.0}
print("what,step,rounding,...")
for (what, step), line in exact.items():
    rounding[what] = max(rounding[what], (single[what, step].double() - line).abs().max().item())
    if step in (1, 2, 10):
        print(f"{what},{step},{rounding[what]:.3g}," + ",".join(f"{value:.12g}" for value in line.tolist()))

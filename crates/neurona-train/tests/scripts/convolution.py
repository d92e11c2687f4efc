"""Numbers to hold the layers of signals and images to: prints crates/neurona-train/src/network/tests/pytorch.csv.

Each case is a network with a mini-batch of two rows, or four where it is normalised, and the squared error. One layer
at most is normalised, so that worst cases of rounding do not grow too far. PyTorch computes in f64, so that the numbers are exact to what an f32 can show; values and data are multiples of 1/64, which an
f32 holds, drawn with SEED.

Channels come last in the file, and PyTorch has them first. Inputs, weights and targets are therefore tensors in the
file's layout, and each function below permutes them for PyTorch and its result back: (B, H, W, C) to (B, C, H, W), the
weights (F, kernel, channels) to (F, channels, kernel), those of a depthwise convolution (kernel, F) to (F, 1, kernel).
As the gradients are those of the tensors before, they have the file's layout too. A flattened image goes pixel by pixel.

PyTorch's `padding` adds the same number of cells on both sides. TensorFlow's `same` has the odd cell at the end, and
padding by side is different on each; both are written with F.pad here, before a convolution without padding.

In front of every network stand a scale and a shift for each value of the input: their gradients are, for each value,
the sum over the rows of dx times the input, and of dx.

A line has the name of the case, what it holds, and the numbers: `inputs`; `targets`; `values`, of each layer in turn
weights and biases, and at the end gamma and beta of normalised layers; `outputs`; `loss`; `gradient`, in the order of
`values`; of a normalised network also `running`, the running means and variances of each layer after this mini-batch
when they were 0 and 1 before, and `inference`, the outputs by these, rounded to f32. Run with PyTorch 2.15.0.
"""

import random

import torch
import torch.nn.functional as F

SEED = 1998
torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)
draw = random.Random()


def values(*shape, size=1.0):
    """Multiples of 1/64 up to a size."""
    count = torch.Size(shape).numel()
    numbers = [draw.randint(-int(64 * size), int(64 * size)) / 64 for _ in range(count)]
    return torch.tensor(numbers).reshape(shape).requires_grad_()


def near(middle, *shape):
    """Multiples of 1/64 from half the middle to one and a half."""
    return (middle + values(*shape, size=middle / 2)).detach().requires_grad_()


def channels_first(x):
    return x.movedim(-1, 1)


def channels_last(x):
    return x.movedim(1, -1)


def pair(number, axes):
    return tuple(number) if isinstance(number, (tuple, list)) else (number,) * axes


def reach(kernel, dilation):
    return [(k - 1) * d + 1 for k, d in zip(kernel, dilation)]


def sides(padding, cells, kernel, stride, dilation):
    """Cells before and after, axis by axis."""
    spans = reach(kernel, dilation)
    if padding == "same":
        totals = [max((-(-n // s) - 1) * s + r - n, 0) for n, s, r in zip(cells, stride, spans)]
        return [(total // 2, total - total // 2) for total in totals]
    if padding == "causal":
        return [(spans[0] - 1, 0)] + [(0, 0)] * (len(spans) - 1)
    return padding or [(0, 0)] * len(spans)


def pad(x, padding, window, value=0.0):
    """Pads the axes behind the channels; F.pad counts them from the last."""
    around = sides(padding, x.shape[2:], *window)
    return F.pad(x, [cells for axis in reversed(around) for cells in axis], value=value)


class Layer:
    """Learned values in the order of the file, and what PyTorch makes of an input with its channels last."""

    def __init__(self, forward, parameters=(), norm=None, activation=lambda z: z):
        self.forward, self.parameters, self.norm, self.activation = forward, list(parameters), norm, activation
        self.running = [torch.zeros(norm), torch.ones(norm)] if norm else []
        self.gamma_and_beta = [near(0.25, norm), values(norm, size=0.5)] if norm else []

    def __call__(self, x, training=True):
        z = self.forward(x)
        if self.norm:
            z = channels_last(F.batch_norm(channels_first(z), *self.running, *self.gamma_and_beta, training))
        return self.activation(z)

    def parts(self):
        return [self]


class Joined(Layer):
    """Branches of the same input, each a list of layers; an empty one is the input itself."""

    def __init__(self, join, *branches):
        super().__init__(None)
        self.join, self.branches = join, branches

    def __call__(self, x, training=True):
        return self.join(*(run(branch, x, training) for branch in self.branches))

    def parts(self):
        return [part for branch in self.branches for layer in branch for part in layer.parts()]


def run(layers, x, training=True):
    for layer in layers:
        x = layer(x, training)
    return x


def conv(axes, seen, filters, kernel, stride=1, dilation=1, groups=1, padding=None, activation=torch.tanh, norm=False):
    window = [pair(number, axes) for number in (kernel, stride, dilation)]
    # Smaller where more are summed up, so that rounding errors do not grow on their way through the layers.
    size = min(0.5, 4 / (seen * torch.Size(window[0]).numel()))
    weights, bias = values(filters, *window[0], seen, size=size), values(filters)
    function = F.conv1d if axes == 1 else F.conv2d

    def forward(x):
        x = pad(channels_first(x), padding, window)
        return channels_last(function(x, channels_first(weights), bias, *window[1:2], 0, window[2], groups))

    return Layer(forward, (weights, bias), filters if norm else None, activation)


def depthwise(axes, channels, each, kernel, stride=1, dilation=1, padding=None, activation=torch.tanh, norm=False):
    window = [pair(number, axes) for number in (kernel, stride, dilation)]
    weights, bias = values(*window[0], channels * each, size=0.75), values(channels * each)
    function = F.conv1d if axes == 1 else F.conv2d

    def forward(x):
        x = pad(channels_first(x), padding, window)
        first = weights.movedim(-1, 0).unsqueeze(1)
        return channels_last(function(x, first, bias, *window[1:2], 0, window[2], channels))

    return Layer(forward, (weights, bias), channels * each if norm else None, activation)


def max_pool(axes, kernel, stride, padding=None):
    window = [pair(number, axes) for number in (kernel, stride, 1)]
    function = F.max_pool1d if axes == 1 else F.max_pool2d

    def forward(x):
        x = pad(channels_first(x), padding, window, -torch.inf)
        # Far enough apart that no rounding changes which is the largest.
        cells = x.unfold(2, window[0][0], window[1][0])
        cells = cells.unfold(3, window[0][1], window[1][1]).flatten(-2) if axes == 2 else cells
        first, second = cells.topk(2).values.unbind(-1)
        assert (first - second > 1e-3).all()
        return channels_last(function(x, window[0], window[1]))

    return Layer(forward)


def avg_pool(axes, kernel, stride, padding=None):
    window = [pair(number, axes) for number in (kernel, stride, 1)]
    function = F.avg_pool1d if axes == 1 else F.avg_pool2d

    def forward(x):
        x = channels_first(x)
        if isinstance(padding, int):
            return channels_last(function(x, *window[:2], padding, count_include_pad=False))
        # By sides PyTorch has no such mean: that of the padded input, divided by that of padded ones.
        share = function(pad(torch.ones_like(x), padding, window), *window[:2])
        return channels_last(function(pad(x, padding, window), *window[:2]) / share)

    return Layer(forward)


def global_avg():
    return Layer(lambda x: x.flatten(1, -2).mean(1))


def global_max():
    def forward(x):
        first, second = x.flatten(1, -2).movedim(1, -1).topk(2).values.unbind(-1)
        assert (first - second > 1e-3).all()
        return first

    return Layer(forward)


def scale(channels, activation=torch.tanh):
    factors, shifts = values(channels), values(channels)
    return Layer(lambda x: factors * x + shifts, (factors, shifts), activation=activation)


def flatten():
    return Layer(lambda x: x.flatten(1))


def dense(inputs, outputs, activation=lambda z: z):
    weights, bias = values(outputs, inputs, size=0.5), values(outputs)
    return Layer(lambda x: F.linear(x, weights, bias), (weights, bias), activation=activation)


def relu(z):
    # Far enough from the kink that no rounding changes the side.
    assert (z.abs() > 1e-3).all()
    return torch.relu(z)


def residual(body, shortcut=(), activation=relu):
    return Joined(lambda y, x: activation(y + x), body, shortcut)


def concat(first, second):
    return Joined(lambda y, z: torch.cat((y, z), -1), first, second)


def identity(z):
    return z


CASES = {
    "conv1d": ((9, 3), lambda: [conv(1, 3, 4, 3)]),
    "conv1d_stride_dilation": ((13, 2), lambda: [conv(1, 2, 3, 3, 2, 2)]),
    "conv1d_groups": ((7, 4), lambda: [conv(1, 2, 6, 2, groups=2)]),
    "conv1d_same": ((8, 2), lambda: [conv(1, 2, 3, 3, 2, padding="same")]),
    "conv1d_sides": ((6, 2), lambda: [conv(1, 2, 2, 3, padding=[(2, 1)], activation=F.silu)]),
    "conv1d_causal": ((9, 2), lambda: [conv(1, 2, 3, 3, 2, 2, padding="causal")]),
    "conv2d": ((5, 6, 2), lambda: [conv(2, 2, 3, (3, 2))]),
    "conv2d_stride_dilation": ((7, 8, 2), lambda: [conv(2, 2, 3, (2, 3), (2, 1), (2, 2))]),
    "conv2d_groups": ((4, 5, 4), lambda: [conv(2, 2, 6, (3, 2), groups=2)]),
    "conv2d_groups_same": ((5, 4, 6), lambda: [conv(2, 2, 3, 3, 2, 1, 3, "same")]),
    "conv2d_same_odd": ((4, 6, 2), lambda: [conv(2, 2, 3, 3, 2, padding="same")]),
    "conv2d_same_even": ((5, 4, 1), lambda: [conv(2, 1, 2, (4, 2), padding="same")]),
    "conv2d_same_dilation": ((6, 5, 2), lambda: [conv(2, 2, 2, (2, 3), (3, 2), (3, 2), padding="same")]),
    "conv2d_sides": ((5, 4, 2), lambda: [conv(2, 2, 3, 3, 2, padding=[(1, 2), (0, 1)])]),
    "conv2d_causal": ((5, 4, 2), lambda: [conv(2, 2, 3, (3, 2), padding="causal")]),
    "pointwise": ((3, 4, 3), lambda: [conv(2, 3, 4, 1, activation=F.silu)]),
    "pointwise_stride": ((5, 4, 3), lambda: [conv(2, 3, 2, 1, 2, padding="same")]),
    "depthwise1d": ((10, 2), lambda: [depthwise(1, 2, 3, 3, 2, 2)]),
    "depthwise2d_same": ((6, 5, 3), lambda: [depthwise(2, 3, 1, 3, 2, padding="same")]),
    "depthwise2d_twice": ((5, 6, 2), lambda: [depthwise(2, 2, 2, (2, 3), activation=F.silu)]),
    "depthwise2d_sides": ((4, 4, 3), lambda: [depthwise(2, 3, 2, 3, (2, 1), padding=[(1, 0), (2, 1)])]),
    "max_pool1d": ((9, 2), lambda: [max_pool(1, 3, 2)]),
    "max_pool2d": ((4, 6, 2), lambda: [max_pool(2, 2, 2)]),
    "max_pool2d_same": ((6, 5, 2), lambda: [max_pool(2, 3, 2, "same")]),
    "avg_pool1d": ((8, 2), lambda: [avg_pool(1, 2, 2)]),
    "avg_pool2d": ((5, 6, 2), lambda: [avg_pool(2, (2, 3), (1, 2))]),
    "avg_pool2d_same": ((6, 5, 2), lambda: [avg_pool(2, 3, 2, "same")]),
    "avg_pool2d_around": ((5, 6, 2), lambda: [avg_pool(2, 3, 2, 1)]),
    "global_avg_pool": ((4, 3, 3), lambda: [conv(2, 3, 4, 2), global_avg()]),
    "global_max_pool": ((9, 2), lambda: [conv(1, 2, 3, 2), global_max()]),
    "scale": ((3, 4, 2), lambda: [scale(2)]),
    "flatten": ((4, 3, 2), lambda: [conv(2, 2, 3, 2), flatten(), dense(18, 4)]),
    "residual": ((4, 4, 2), lambda: [
        residual([conv(2, 2, 3, 3, padding="same"), conv(2, 3, 2, 1, activation=identity)]),
    ]),
    "residual_projection": ((5, 4, 2), lambda: [residual(
        [conv(2, 2, 3, 3, 2, padding="same", activation=relu), conv(2, 3, 3, 3, padding="same", activation=identity)],
        [conv(2, 2, 3, 1, 2, padding="same", activation=identity)],
        F.silu,
    )]),
    "concat": ((6, 3), lambda: [
        concat([conv(1, 3, 2, 1)], [max_pool(1, 3, 1, "same"), conv(1, 3, 3, 3, padding="same")]), scale(5), global_avg(),
    ]),
    "batch_norm": ((5, 5, 2), lambda: [
        conv(2, 2, 3, 2, 2, padding="same", norm=True), conv(2, 3, 2, 1, activation=F.silu), global_avg(),
    ]),
    "batch_norm_depthwise": ((6, 2), lambda: [
        depthwise(1, 2, 2, 3, activation=identity, norm=True), conv(1, 4, 3, 2), flatten(), dense(9, 2),
    ]),
    "batch_norm_residual": ((4, 4, 2), lambda: [
        residual([
            conv(2, 2, 3, 2, padding="same", activation=F.silu, norm=True), conv(2, 3, 2, 1, activation=identity),
        ], activation=torch.tanh),
    ]),
}


def line(name, what, tensors):
    numbers = [number for tensor in tensors for number in tensor.detach().flatten().tolist()]
    # 9 digits: their rounding is a hundredth of what an f32's is.
    print(",".join([name, what] + [f"{number:.9g}" for number in numbers]))


print("case,what,...")
for name, (shape, layers) in CASES.items():
    draw.seed(f"{SEED} {name}")
    size = torch.Size(shape).numel()
    front = Layer(None, (near(1, *shape), values(*shape, size=0.25)))
    front.forward = lambda x: front.parameters[0] * x + front.parameters[1]
    network = [front] + layers()
    parts = [part for layer in network for part in layer.parts()]
    normalized = [part for part in parts if part.norm]
    inputs = values(4 if normalized else 2, *shape).detach()
    outputs = run(network, inputs)
    targets = values(*outputs.shape).detach()
    loss = F.mse_loss(outputs, targets)
    loss.backward()
    learned = [parameter for part in parts for parameter in part.parameters]
    learned += [parameter for part in normalized for parameter in part.gamma_and_beta]
    line(name, "inputs", [inputs])
    line(name, "targets", [targets])
    line(name, "values", learned)
    line(name, "outputs", [outputs])
    line(name, "loss", [loss])
    line(name, "gradient", [parameter.grad for parameter in learned])
    if normalized:
        line(name, "running", [statistic for part in normalized for statistic in part.running])
        for part in normalized:
            part.running = [statistic.float().double() for statistic in part.running]
        line(name, "inference", [run(network, inputs, training=False)])

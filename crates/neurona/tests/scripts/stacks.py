"""Writes tests/stream/stacks.rs: random stacks of every layer that streams, for tests/stream.

    python crates/neurona/tests/scripts/stacks.py > crates/neurona/tests/stream/stacks.rs

Seed 7. A stack has two to five layers over a signal; every second one ends in a vector. Layers that keep the number of samples
stand in bodies and branches too, which have to give their outputs at the same times.
"""

import random

random.seed(7)
STACKS = 20


def signal(steps, channels):
    return f"Signal<{steps}, {channels}>"


def activation():
    return random.choice(["Identity", "Relu", "Tanh", "Silu", "Sigmoid", "LeakyRelu"])


def kernel(size, stride, dilation):
    return f"Kernel1d<{size}, {stride}, {dilation}>"


def window(steps):
    """A window, how it is padded, and how many places it has."""
    while True:
        size, stride, dilation = random.choice([1, 2, 3, 5]), random.choice([1, 1, 2, 3]), random.choice([1, 1, 2, 4])
        reach = (size - 1) * dilation
        padding = random.choice(["Causal", "Valid", "before"])
        if padding == "before":
            before = random.randint(0, reach)
            places, padding = (steps + before - reach - 1) // stride + 1, f"Padding1d<{before}, 0>"
        elif padding == "Valid":
            places = (steps - reach - 1) // stride + 1
        else:
            places = -(-steps // stride)
        if steps > reach and places >= 2:
            return kernel(size, stride, dilation), padding, places


def recurrent(steps, channels, all_or_last):
    units = random.randint(1, 6)
    kind = random.choice(["Rnn", "Gru", "Lstm", "EchoState"])
    if kind == "EchoState":
        units = max(units, 2)
        return f"EchoState<{steps}, {channels}, {units}, {random.randint(1, units)}, 1, {all_or_last}>", units
    return f"{kind}<{steps}, {channels}, {units}, {all_or_last}>", units


def keeping(steps, channels, to):
    """A layer that gives a sample for each sample, at once."""
    x, y = signal(steps, channels), signal(steps, to)
    k = kernel(random.choice([1, 2, 4]), 1, random.choice([1, 3]))
    kinds = [f"Conv1d<{x}, {y}, {k}, {activation()}, Causal>"]
    if to == channels:
        kinds += [
            f"DepthwiseConv1d<{x}, {y}, {k}, {activation()}, Causal>",
            f"MaxPool<{x}, {y}, {k}, Causal>",
            f"AvgPool<{x}, {y}, {k}, Causal>",
            f"Scale<{x}, {activation()}>",
        ]
    else:
        kinds += [f"{kind}<{steps}, {channels}, {to}, All>" for kind in ["Rnn", "Gru", "Lstm"]]
    return random.choice(kinds)


def layer(steps, channels):
    """A layer, and the signal that it gives."""
    x, kind = signal(steps, channels), random.randrange(11)
    if kind < 3:
        k, padding, places = window(steps)
        filters = random.randint(1, 6)
        groups = [seen for seen in range(1, channels + 1) if channels % seen == 0 and filters % (channels // seen) == 0]
        seen = random.choice(groups)
        k = k if seen == channels else f"Grouped<{seen}, {k}>"
        return f"Conv1d<{x}, {signal(places, filters)}, {k}, {activation()}, {padding}>", places, filters
    if kind == 3:
        k, padding, places = window(steps)
        filters = channels * random.randint(1, 2)
        return f"DepthwiseConv1d<{x}, {signal(places, filters)}, {k}, {activation()}, {padding}>", places, filters
    if kind == 4:
        k, padding, places = window(steps)
        name = random.choice(["MaxPool", "AvgPool"])
        # A place of a pool has at least one sample.
        padding = "Causal" if padding.startswith("Padding1d") else padding
        places = -(-steps // int(k.split(", ")[1])) if padding == "Causal" else places
        return f"{name}<{x}, {signal(places, channels)}, {k}, {padding}>", places, channels
    if kind == 5:
        return f"Standardize<{channels}, {x}>", steps, channels
    if kind == 6:
        return f"Scale<{x}, {activation()}>", steps, channels
    if kind == 7:
        name, units = recurrent(steps, channels, "All")
        return name, steps, units
    if kind == 8:
        return f"Residual<{keeping(steps, channels, channels)}, {activation()}>", steps, channels
    if kind == 9:
        to = random.randint(1, 5)
        body, shortcut = keeping(steps, channels, to), f"Conv1d<{x}, {signal(steps, to)}, Kernel1d<1>>"
        return f"Projected<{body}, {shortcut}, {activation()}>", steps, to
    to = random.randint(1, 3), random.randint(1, 3)
    branches = ", ".join(keeping(steps, channels, part) for part in to)
    return f"Concat<{branches}, {signal(steps, sum(to))}>", steps, sum(to)


def vector(steps, channels):
    """Layers that end in a vector, and its length."""
    kind = random.randrange(3)
    if kind == 2:
        name, units = recurrent(steps, channels, "Last")
    else:
        name, units = f"Global{['Max', 'Avg'][kind]}Pool<{signal(steps, channels)}>", channels
    to = random.randint(1, 4)
    rescale = f"Rescale<{to}, {{ 0.3_f32.to_bits() }}>"
    return [name, f"Dense<{units}, {to}, {activation()}>", random.choice([rescale, f"Softmax<{to}>"])], to


def stack(number):
    steps, channels = random.randint(18, 40), random.randint(1, 4)
    first, layers = signal(steps, channels), []
    for _ in range(random.randint(2, 4)):
        name, steps, channels = layer(steps, channels)
        layers.append(name)
    last = signal(steps, channels)
    if number % 2 == 1:
        more, to = vector(steps, channels)
        layers, last = layers + more, f"[f32; {to}]"
    # What learns does not stand before a reservoir.
    frozen = max((at for at, name in enumerate(layers) if name.startswith("EchoState")), default=0)
    layers = [f"Frozen<{name}>" if at < frozen else name for at, name in enumerate(layers)]
    fields = "\n".join(f"        layer{at}: {name}," for at, name in enumerate(layers))
    return f"neurona::network! {{\n    stream struct Stack{number}: {first} => {last} {{\n{fields}\n    }}\n}}\n"


print("//! Random stacks, written by `tests/scripts/stacks.py`.\n")
print("use neurona::prelude::*;\n\nuse super::check;\n")
print("\n".join(stack(number) for number in range(STACKS)))
print("#[test]\nfn random_stacks() {")
print("\n".join(f"    check::<Stack{number}>();" for number in range(STACKS)))
print("}")

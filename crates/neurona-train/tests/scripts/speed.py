"""Samples a second of other trainers on the tasks of docs/performance.md: `cargo xtask bench trainer` runs this.

    python speed.py [--no-compile] [--mkl-avx512] T1 T2 …

prints a JSON object a line. Each peer takes the same batch again and again from memory, forward, backward and Adam, in
the fastest form that its documentation gives: PyTorch eager, with fused Adam, and compiled; JAX with a jitted step, and with
a jitted scan over 50 steps; scikit-learn's partial_fit. `--no-compile` leaves out PyTorch's compiler, which takes long.
`--mkl-avx512` times PyTorch alone and says so in its name: for a process in which MKL was made to use AVX-512. A peer that is
not installed is left out, and said so on standard error.
A figure is the median of nine measurements of some tenth of a second, after a warm-up.
"""

import json
import os
import sys
import time

import numpy as np

# Layers, batch, and whether targets are classes.
TASKS = {
    "T1": ([64, 32, 10], 32, 0.0),
    "T2": ([784, 128, 64, 10], 64, 0.2),
    "T3": ([784, 512, 512, 10], 128, 0.2),
    "T4": ("images", 64, 0.0),
    "T5": ([1, 100, 100, 100, 1], 32, 0.0),
    "T6": ("signals", 32, 0.0),
}
SHAPES = {"T4": (28, 28, 1), "T6": (50, 16)}
CLASSES = {"T1": 10, "T2": 10, "T3": 10, "T4": 10, "T6": 6}
THREADS = [1, 2]
MKL_AVX512 = "--mkl-avx512" in sys.argv
MODES = ["eager", "fused adam"] + (["compiled"] if "--no-compile" not in sys.argv else [])


def batch(task):
    layers, rows, _ = TASKS[task]
    random = np.random.default_rng(1)
    shape = SHAPES.get(task, (layers[0],))
    x = random.uniform(-1, 1, (rows, *shape)).astype(np.float32)
    if task in CLASSES:
        return x, random.integers(0, CLASSES[task], rows)
    return x, random.uniform(-1, 1, (rows, 1)).astype(np.float32)


def report(task, threads, peer, mode, step, wait=lambda: None, steps=1):
    """Times `step`, which takes `steps` steps of the optimizer."""
    rows = TASKS[task][1]
    for _ in range(5):
        step()
    wait()
    start = time.perf_counter()
    step()
    wait()
    count = max(1, int(0.1 / max(time.perf_counter() - start, 1e-7)))
    speeds = []
    for _ in range(9):
        start = time.perf_counter()
        for _ in range(count):
            step()
        wait()
        speeds.append(rows * steps * count / (time.perf_counter() - start))
    line = {"task": task, "threads": threads, "peer": peer, "mode": mode, "samples_per_second": round(np.median(speeds))}
    print(json.dumps(line), flush=True)


def pytorch(task):
    import torch
    from torch import nn

    class Signals(nn.Module):
        def __init__(self):
            super().__init__()
            self.gru, self.dense = nn.GRU(16, 32, batch_first=True), nn.Linear(32, 6)

        def forward(self, x):
            return self.dense(self.gru(x)[0][:, -1])

    def model():
        layers, _, dropout = TASKS[task]
        if layers == "images":
            conv = [nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 3), nn.ReLU(), nn.MaxPool2d(2)]
            return nn.Sequential(*conv, nn.Flatten(), nn.Linear(400, 10))
        if layers == "signals":
            return Signals()
        parts = []
        for at, (inputs, outputs) in enumerate(zip(layers, layers[1:])):
            parts.append(nn.Linear(inputs, outputs))
            if at < len(layers) - 2:
                parts.append(nn.Tanh() if task == "T5" else nn.ReLU())
                if dropout:
                    parts.append(nn.Dropout(dropout))
        return nn.Sequential(*parts)

    x, t = batch(task)
    x, t = torch.from_numpy(x), torch.from_numpy(t)
    if task == "T4":
        x = x.permute(0, 3, 1, 2).contiguous()
    loss_of = nn.CrossEntropyLoss() if task in CLASSES else nn.MSELoss()
    for threads in THREADS:
        torch.set_num_threads(threads)
        for mode in MODES:
            network = model()
            adam = torch.optim.Adam(network.parameters(), fused=mode != "eager")
            forward = network
            if mode == "compiled":
                torch._dynamo.reset()
                forward = torch.compile(network)

            def step():
                adam.zero_grad()
                loss_of(forward(x), t).backward()
                adam.step()

            try:
                name = f"pytorch {torch.__version__}" + (" with MKL on AVX-512" if MKL_AVX512 else "")
                report(task, threads, name, mode, step)
            except Exception as error:
                print(f"{task}: pytorch {mode} left out: {type(error).__name__}", file=sys.stderr)


def jax(task):
    # The number of threads is that of the process's cores.
    import jax
    from jax import lax, numpy as jnp

    layers, _, dropout = TASKS[task]
    keys = iter(jax.random.split(jax.random.key(1), 16))
    weights = lambda *shape: 0.1 * jax.random.normal(next(keys), shape)
    if layers == "images":
        parameters = [weights(3, 3, 1, 8), jnp.zeros(8), weights(3, 3, 8, 16), jnp.zeros(16), weights(400, 10), jnp.zeros(10)]
    elif layers == "signals":
        parameters = [weights(16, 96), weights(32, 96), jnp.zeros(96), jnp.zeros(32), weights(32, 6), jnp.zeros(6)]
    else:
        parameters = [p for i, o in zip(layers, layers[1:]) for p in (weights(i, o), jnp.zeros(o))]

    def forward(p, x, key):
        if layers == "images":
            for w, b in ((p[0], p[1]), (p[2], p[3])):
                x = lax.conv_general_dilated(x, w, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"))
                x = lax.reduce_window(jax.nn.relu(x + b), -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
            return x.reshape(len(x), -1) @ p[4] + p[5]
        if layers == "signals":
            of_input = jnp.swapaxes(x @ p[0] + p[2], 0, 1)

            def cell(h, z):
                of_state = h @ p[1]
                r = jax.nn.sigmoid(z[:, :32] + of_state[:, :32])
                u = jax.nn.sigmoid(z[:, 32:64] + of_state[:, 32:64])
                n = jnp.tanh(z[:, 64:] + r * (of_state[:, 64:] + p[3]))
                return (1 - u) * n + u * h, None

            h, _ = lax.scan(cell, jnp.zeros((len(x), 32)), of_input)
            return h @ p[4] + p[5]
        for at in range(0, len(p), 2):
            x = x @ p[at] + p[at + 1]
            if at + 2 < len(p):
                x = jnp.tanh(x) if task == "T5" else jax.nn.relu(x)
                if dropout:
                    key, own = jax.random.split(key)
                    x = jnp.where(jax.random.bernoulli(own, 1 - dropout, x.shape), x / (1 - dropout), 0.0)
        return x

    x, t = map(jnp.asarray, batch(task))

    def loss(p, key):
        y = forward(p, x, key)
        if task not in CLASSES:
            return jnp.mean((y - t) ** 2)
        return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(y), t[:, None], 1))

    def step(state, _):
        p, m, s, n, key = state
        key, own = jax.random.split(key)
        g = jax.grad(loss)(p, own)
        n += 1
        m = [0.9 * m + 0.1 * g for m, g in zip(m, g)]
        s = [0.999 * s + 0.001 * g * g for s, g in zip(s, g)]
        rate = 1e-3 * jnp.sqrt(1 - 0.999**n) / (1 - 0.9**n)
        return ([p - rate * m / (jnp.sqrt(s) + 1e-8) for p, m, s in zip(p, m, s)], m, s, n, key), None

    zeros = [jnp.zeros_like(p) for p in parameters]
    for mode, count in [("jit", 1), ("jit scan", 50)]:
        run = jax.jit(lambda state: lax.scan(step, state, None, length=count)[0] if count > 1 else step(state, None)[0])
        state = [(parameters, zeros, zeros, jnp.float32(0), jax.random.key(2))]

        def advance():
            state[0] = run(state[0])

        report(task, os.cpu_count(), f"jax {jax.__version__}", mode, advance, lambda: jax.block_until_ready(state[0][0]), count)


def scikit_learn(task):
    import sklearn
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    layers, rows, dropout = TASKS[task]
    if isinstance(layers, str) or dropout:
        return
    kind = MLPClassifier if task in CLASSES else MLPRegressor
    network = kind(hidden_layer_sizes=layers[1:-1], activation="tanh" if task == "T5" else "relu", batch_size=rows)
    x, t = batch(task)
    if task in CLASSES:
        classes = np.arange(CLASSES[task])
        step = lambda: network.partial_fit(x, t, classes=classes)
    else:
        step = lambda: network.partial_fit(x, t.ravel())
    report(task, os.cpu_count(), f"scikit-learn {sklearn.__version__}", "partial_fit", step)


for name in [name for name in sys.argv[1:] if name in TASKS] or TASKS:
    for peer in (pytorch,) if MKL_AVX512 else (pytorch, jax, scikit_learn):
        try:
            peer(name)
        except ImportError as error:
            print(f"{name}: {peer.__name__} left out: {error}", file=sys.stderr)

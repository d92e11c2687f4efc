"""scikit-learn and PyTorch on the tasks of crates/neurona-train/tests/tasks: prints peers.csv of that folder.

    cargo run --release -p neurona-train --example real_data -- --parts PARTS
    python3 crates/neurona-train/tests/scripts/real_data.py PARTS [TASK…] > crates/neurona-train/tests/tasks/peers.csv

Each task's TOML says network and budget for all programs, and PARTS has the rows, so that nothing differs but the
program and its random numbers: Adam with its usual constants, weights uniform with Glorot's variance, biases zero,
f32, examples mixed in each epoch, the last batch of an epoch smaller, no regularisation, no early stopping, inputs
standardised by the mean and deviation of the training part. Convolutional and recurrent networks are PyTorch's alone, and begin as
they come there, which `init = "pytorch"` says for neurona. The reservoir of the echo state network is drawn with NumPy here, and
its readout is the same ridge regression. Run with Python 3.11, scikit-learn 1.9.1, NumPy 2.4.6 and PyTorch 2.15.0 on a CPU, seeds 1
to 10.
"""

import csv
import pathlib
import sys
import tomllib
import warnings

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor

SEEDS = range(1, 11)
TASKS = pathlib.Path(__file__).parent.parent / "tasks"
TORCH = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh}


class Task:
    def __init__(self, name, parts):
        run = tomllib.loads((TASKS / f"{name}.toml").read_text())
        network, budget = run["network"], run["train"]
        self.has_classes = "label" in run["data"]
        self.rate, self.batch, self.epochs, self.ridge = map(budget.get, ("rate", "batch", "epochs", "ridge"))
        self.layers, self.input = network["layers"], network.get("input")
        if not self.input:
            self.hidden = [layer["dense"] for layer in network["layers"][:-1]]
            (self.activation,) = {layer["activation"] for layer in network["layers"][:-1]}
        target = run["data"]["label"] if self.has_classes else run["data"]["values"][0]
        (self.x, self.t), (self.test_x, self.test_t) = [
            self.read(parts / f"{name}-{part}.csv", target) for part in ("train", "test")
        ]
        # Of a signal each channel has its mean and deviation, else each input.
        cells = self.x.reshape(-1, self.input[-1] if self.input else self.x.shape[1])
        mean, deviation = [np.resize(of_cells, self.x.shape[1]) for of_cells in (cells.mean(0), cells.std(0))]
        deviation[deviation == 0] = 1
        if not network.get("standardize"):
            mean, deviation = 0, 1 / network["rescale"]
        self.x, self.test_x = [((x - mean) / deviation).astype(np.float32) for x in (self.x, self.test_x)]

    def read(self, path, target):
        with open(path, newline="") as file:
            header, *rows = csv.reader(file)
        at = header.index(target)
        x = np.array([row[:at] + row[at + 1 :] for row in rows], dtype=np.float64)
        t = [row[at] for row in rows]
        if self.has_classes and not t[0].isdigit():
            t = [sorted(set(t)).index(label) for label in t]
        return x, np.array(t, dtype=np.int64 if self.has_classes else np.float32)

    def figure(self, answers):
        if self.has_classes:
            return 100 * np.mean(answers == self.test_t)
        return np.sqrt(np.mean((answers.astype(np.float64) - self.test_t) ** 2))


class ZeroBias:
    def _init_coef(self, *arguments):
        weights, bias = super()._init_coef(*arguments)
        return weights, np.zeros_like(bias)


class Classifier(ZeroBias, MLPClassifier):
    pass


class Regressor(ZeroBias, MLPRegressor):
    pass


def scikit_learn(task, seed):
    model = (Classifier if task.has_classes else Regressor)(
        hidden_layer_sizes=task.hidden,
        activation=task.activation,
        alpha=0,
        batch_size=task.batch,
        learning_rate_init=task.rate,
        max_iter=task.epochs,
        n_iter_no_change=task.epochs,
        random_state=seed,
    )
    return task.figure(model.fit(task.x, task.t).predict(task.test_x))


class Sequence(torch.nn.Module):
    """A recurrent layer over (batch, channels, steps), whose last state it gives."""

    def __init__(self, module):
        super().__init__()
        self.module = module

    def forward(self, x):
        return self.module(x.permute(0, 2, 1))[0][:, -1]


def network(task):
    """The layers as TOML describes them, over channels that come first, with the initial values of PyTorch."""
    *cells, channels = task.input
    image, layers = len(cells) == 2, []
    for layer in task.layers:
        sizes = dict(kernel_size=layer.get("kernel"), stride=layer.get("stride", 1))
        if "conv" in layer:
            same = layer.get("padding") == "same"
            conv = torch.nn.Conv2d if image else torch.nn.Conv1d
            layers.append(conv(channels, layer["conv"], padding=(layer["kernel"] - 1) // 2 if same else 0, **sizes))
            channels = layer["conv"]
            strides = 1 if same else layer["kernel"]
            cells = [size if same else (size - strides) // sizes["stride"] + 1 for size in cells]
        elif "max_pool" in layer:
            layers.append(torch.nn.MaxPool2d(layer["max_pool"]))
            cells = [size // layer["max_pool"] for size in cells]
        elif "global_pool" in layer:
            layers += [torch.nn.AdaptiveAvgPool1d(1), torch.nn.Flatten()]
            cells = []
        elif "flatten" in layer:
            layers.append(torch.nn.Flatten())
            channels, cells = int(channels * np.prod(cells)), []
        elif "dense" in layer:
            layers.append(torch.nn.Linear(channels, layer["dense"]))
            channels = layer["dense"]
        else:
            ((cell, units),) = layer.items()
            module = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}[cell]
            layers.append(Sequence(module(channels, units, batch_first=True)))
            channels, cells = units, []
        if "activation" in layer:
            layers.append(TORCH[layer["activation"]]())
    return torch.nn.Sequential(*layers)


def echo_state(task, seed):
    """A sparse reservoir with spectral radius 0.9, weights of the input within 0.5 and biases within 0.1, and a readout by
    ridge regression on the last state."""
    random = np.random.default_rng(seed)
    layer, (steps, channels) = task.layers[0], task.input
    units, connections, leak, (ridge,) = layer["echo_state"], layer["connections"], layer["leak"], task.ridge
    weights, bias = random.uniform(-0.5, 0.5, (units, channels)), random.uniform(-0.1, 0.1, units)
    recurrent = np.zeros((units, units))
    for row in recurrent:
        row[random.choice(units, connections, replace=False)] = random.uniform(-1, 1, connections)
    recurrent *= 0.9 / np.abs(np.linalg.eigvals(recurrent)).max()

    def states(x):
        h = np.zeros((len(x), units))
        for step in x.reshape(len(x), steps, channels).swapaxes(0, 1):
            h = (1 - leak) * h + leak * np.tanh(step @ weights.T + h @ recurrent.T + bias)
        return h

    s, t = states(task.x), np.eye(int(task.t.max()) + 1)[task.t]
    off = s - s.mean(0)
    readout = np.linalg.solve(off.T @ off / len(s) + ridge * np.eye(units), off.T @ (t - t.mean(0)) / len(s))
    return task.figure(((states(task.test_x) - s.mean(0)) @ readout + t.mean(0)).argmax(1))


def pytorch(task, seed):
    torch.manual_seed(seed)
    if task.ridge:
        return echo_state(task, seed)
    if task.input:
        return fit(task, network(task), *[channels_first(task, x) for x in (task.x, task.test_x)])
    sizes = [task.x.shape[1], *task.hidden, int(task.t.max()) + 1 if task.has_classes else 1]
    layers = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        dense = torch.nn.Linear(inputs, outputs)
        torch.nn.init.xavier_uniform_(dense.weight)
        torch.nn.init.zeros_(dense.bias)
        layers += [dense, TORCH[task.activation]()]
    return fit(task, torch.nn.Sequential(*layers[:-1]), torch.from_numpy(task.x), torch.from_numpy(task.test_x))


def channels_first(task, x):
    return torch.from_numpy(x.reshape(len(x), *task.input)).movedim(-1, 1).contiguous()


def fit(task, model, x, test_x):
    loss = torch.nn.CrossEntropyLoss() if task.has_classes else torch.nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=task.rate)
    t = torch.from_numpy(task.t)
    t = t if task.has_classes else t[:, None]
    for _ in range(task.epochs):
        for rows in torch.randperm(len(x)).split(task.batch):
            optimizer.zero_grad()
            loss(model(x[rows]), t[rows]).backward()
            optimizer.step()
    with torch.no_grad():
        y = model(test_x).numpy()
    return task.figure(y.argmax(1) if task.has_classes else y[:, 0])


if __name__ == "__main__":
    torch.set_num_threads(1)
    # Training is to last as long as it is told to.
    warnings.simplefilter("ignore", ConvergenceWarning)
    parts = pathlib.Path(sys.argv[1])
    names = sys.argv[2:] or sorted(path.stem for path in TASKS.glob("*.toml") if path.stem != "energy_search")
    print("task,program,seed,figure")
    for name in names:
        task = Task(name, parts)
        programs = {"scikit-learn": scikit_learn, "pytorch": pytorch}
        if task.input:
            del programs["scikit-learn"]
        for program, train in programs.items():
            for seed in SEEDS:
                print(f"{name},{program},{seed},{train(task, seed):.6f}", flush=True)

"""scikit-learn and PyTorch on the tasks of crates/neurona-train/tests/tasks: prints peers.csv of that folder.

    cargo run --release -p neurona-train --example real_data -- --parts PARTS
    python3 crates/neurona-train/tests/scripts/real_data.py PARTS [TASK…] > crates/neurona-train/tests/tasks/peers.csv

Each task's TOML says network and budget for all programs, and PARTS has the rows, so that nothing differs but the
program and its random numbers: Adam with its usual constants, weights uniform with Glorot's variance, biases zero,
f32, examples mixed in each epoch, the last batch of an epoch smaller, no regularisation, no early stopping, inputs
standardised by the mean and deviation of the training part. Run with Python 3.11, scikit-learn 1.9.1 and PyTorch
2.15.0 on a CPU, seeds 1 to 10.
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
        self.rate, self.batch, self.epochs = budget["rate"], budget["batch"], budget["epochs"]
        self.hidden = [layer["dense"] for layer in network["layers"][:-1]]
        (self.activation,) = {layer["activation"] for layer in network["layers"][:-1]}
        target = run["data"]["label"] if self.has_classes else run["data"]["values"][0]
        (self.x, self.t), (self.test_x, self.test_t) = [
            self.read(parts / f"{name}-{part}.csv", target) for part in ("train", "test")
        ]
        mean, deviation = self.x.mean(0), self.x.std(0)
        deviation[deviation == 0] = 1
        if not network.get("standardize"):
            mean, deviation = 0, 1 / network["rescale"]
        self.x, self.test_x = [((x - mean) / deviation).astype(np.float32) for x in (self.x, self.test_x)]

    def read(self, path, target):
        with open(path, newline="") as file:
            header, *rows = csv.reader(file)
        at = header.index(target)
        x = np.array([row[:at] + row[at + 1 :] for row in rows], dtype=np.float64)
        return x, np.array([row[at] for row in rows], dtype=np.int64 if self.has_classes else np.float32)

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


def pytorch(task, seed):
    torch.manual_seed(seed)
    sizes = [task.x.shape[1], *task.hidden, int(task.t.max()) + 1 if task.has_classes else 1]
    layers = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        dense = torch.nn.Linear(inputs, outputs)
        torch.nn.init.xavier_uniform_(dense.weight)
        torch.nn.init.zeros_(dense.bias)
        layers += [dense, TORCH[task.activation]()]
    model = torch.nn.Sequential(*layers[:-1])
    loss = torch.nn.CrossEntropyLoss() if task.has_classes else torch.nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=task.rate)
    x, t = torch.from_numpy(task.x), torch.from_numpy(task.t)
    t = t if task.has_classes else t[:, None]
    for _ in range(task.epochs):
        for rows in torch.randperm(len(x)).split(task.batch):
            optimizer.zero_grad()
            loss(model(x[rows]), t[rows]).backward()
            optimizer.step()
    with torch.no_grad():
        y = model(torch.from_numpy(task.test_x)).numpy()
    return task.figure(y.argmax(1) if task.has_classes else y[:, 0])


if __name__ == "__main__":
    torch.set_num_threads(1)
    # Training is to last as long as it is told to.
    warnings.simplefilter("ignore", ConvergenceWarning)
    parts = pathlib.Path(sys.argv[1])
    names = sys.argv[2:] or ["iris", "digits", "energy", "mnist", "beijing"]
    print("task,program,seed,figure")
    for name in names:
        task = Task(name, parts)
        for program, train in {"scikit-learn": scikit_learn, "pytorch": pytorch}.items():
            for seed in SEEDS:
                print(f"{name},{program},{seed},{train(task, seed):.6f}", flush=True)

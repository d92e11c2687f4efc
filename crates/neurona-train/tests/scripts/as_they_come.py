"""neurona, scikit-learn and PyTorch as they come, on classes and on numbers: see docs/real-data.md.

    cargo build --release -p neurona-cli
    python3 crates/neurona-train/tests/scripts/as_they_come.py target/release/neurona [energy.csv]

Eight tasks of classes and eight of numbers (scikit-learn's data sets and generators; UCI energy efficiency, where its file
is named), a quarter of the rows to test, inputs standardised, one hidden layer of 32 ReLU and two of 32 and 16, Adam at
0.001 and at 0.003 in batches of 32, 60 epochs for classes and 100 for numbers, seeds 1 to 10; softmax cross-entropy and
squared error, no regularisation. All else is what each program does by default: initial values, and what is done to
targets. Of numbers there is besides neurona with targets as they are and with standardised ones, and scikit-learn within
its TransformedTargetRegressor. Figures are mean and standard deviation over the seeds, of the accuracy in percent and of the
RMSE in the unit of the target, on the test part; then how often neurona's default is worse, and better, than each of the
others by more than two standard errors of the difference. Run with Python 3.11, scikit-learn 1.9.1 and PyTorch 2.15.0.
"""

import csv
import json
import pathlib
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import torch
from sklearn import datasets
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import StandardScaler

SEEDS = range(1, 11)
BATCH, RATES, HIDDEN = 32, [1e-3, 3e-3], [(32,), (32, 16)]


def of_classes():
    for name, load in [("wine", datasets.load_wine), ("cancer", datasets.load_breast_cancer)]:
        yield name, *load(return_X_y=True)
    x, t = datasets.load_digits(return_X_y=True)
    yield "digits, 700 rows", x[:700], t[:700]
    yield "clusters", *datasets.make_classification(500, 20, n_informative=8, n_classes=3, flip_y=0.05, random_state=1)
    yield "moons", *datasets.make_moons(400, noise=0.25, random_state=2)
    yield "circles", *datasets.make_circles(400, noise=0.15, factor=0.5, random_state=3)
    yield "shells", *datasets.make_gaussian_quantiles(n_samples=800, n_features=6, n_classes=3, random_state=2)
    x, t = datasets.make_hastie_10_2(1500, random_state=2)
    yield "hastie", x, (t > 0).astype(int)


def of_numbers(energy):
    yield "diabetes", *datasets.load_diabetes(return_X_y=True)
    if energy:
        rows = np.loadtxt(energy, delimiter=",", skiprows=1)
        yield "energy", rows[:, :-1], rows[:, -1]
    yield "friedman1", *datasets.make_friedman1(600, noise=1.0, random_state=1)
    yield "friedman2", *datasets.make_friedman2(600, noise=50.0, random_state=2)
    yield "friedman3", *datasets.make_friedman3(600, noise=0.1, random_state=3)
    yield "linear, noisy", *datasets.make_regression(400, 20, n_informative=8, noise=80.0, random_state=4)
    x, t = datasets.make_regression(400, 10, n_informative=8, noise=1.0, random_state=5)
    yield "linear, of deviation 1", x, t / t.std()
    yield "linear, three targets", *datasets.make_regression(500, 10, n_informative=8, n_targets=3, noise=5.0, random_state=4)


class Task:
    """A data set, a network and a budget."""

    def __init__(self, x, t, hidden, rate, folder):
        self.are_classes = t.dtype.kind == "i"
        x, test_x, t, test_t = train_test_split(x, t, test_size=0.25, random_state=0, stratify=t if self.are_classes else None)
        self.folder, self.hidden, self.rate, self.epochs = folder, hidden, rate, 60 if self.are_classes else 100
        self.columns = [f"t{at}" for at in range(1 if t.ndim == 1 else t.shape[1])]
        for name, rows, targets in [("train", x, t), ("test", test_x, test_t)]:
            with open(folder / f"{name}.csv", "w", newline="") as file:
                table = csv.writer(file)
                table.writerow([*(f"x{at}" for at in range(x.shape[1])), *self.columns])
                targets = targets.reshape(len(targets), -1).tolist()
                table.writerows([*map(repr, row), *map(repr, of)] for row, of in zip(rows.tolist(), targets))
        scaler = StandardScaler().fit(x)
        self.x, self.test_x, self.t, self.test_t = scaler.transform(x), scaler.transform(test_x), t, test_t

    def figure(self, answers):
        if self.are_classes:
            return 100.0 * np.mean(answers == self.test_t)
        return np.sqrt(np.mean((answers - self.test_t) ** 2))

    def neurona(self, command, seed, options=""):
        targets = f"--{'label' if self.are_classes else 'values'} {','.join(self.columns)}"
        layers = ",".join(f"{size}:relu" for size in self.hidden)
        train = f"train train.csv {targets} --standardize --layers {layers} --epochs {self.epochs} --batch {BATCH} --rate {self.rate}"
        train += f" --seed {seed} {options} --quiet --out net.neurona"
        subprocess.run([command, *train.split()], cwd=self.folder, check=True, capture_output=True)
        measure = [command, *f"eval net.neurona test.csv {targets} --json".split()]
        measured = json.loads(subprocess.run(measure, cwd=self.folder, check=True, capture_output=True).stdout)
        return 100.0 * measured["accuracy"] if self.are_classes else measured["rmse"]

    def scikit_learn(self, seed, standardize=False):
        kind = MLPClassifier if self.are_classes else MLPRegressor
        net = kind(
            hidden_layer_sizes=self.hidden, alpha=0.0, batch_size=BATCH, learning_rate_init=self.rate, max_iter=self.epochs, random_state=seed,
            tol=0.0, n_iter_no_change=self.epochs + 1,
        )  # fmt: skip
        net = TransformedTargetRegressor(net, transformer=StandardScaler()) if standardize else net
        return self.figure(net.fit(self.x, self.t).predict(self.test_x))

    def pytorch(self, seed):
        torch.manual_seed(seed)
        x, test_x = [torch.tensor(rows, dtype=torch.float32) for rows in (self.x, self.test_x)]
        if self.are_classes:
            t, outputs, loss = torch.tensor(self.t), int(self.t.max()) + 1, torch.nn.CrossEntropyLoss()
        else:
            t = torch.tensor(self.t.reshape(len(self.t), -1), dtype=torch.float32)
            outputs, loss = t.shape[1], torch.nn.MSELoss()
        sizes = [x.shape[1], *self.hidden]
        layers = [layer for pair in zip(sizes, self.hidden) for layer in (torch.nn.Linear(*pair), torch.nn.ReLU())]
        net = torch.nn.Sequential(*layers, torch.nn.Linear(sizes[-1], outputs))
        optimizer = torch.optim.Adam(net.parameters(), self.rate)
        for _ in range(self.epochs):
            for rows in torch.randperm(len(x)).split(BATCH):
                optimizer.zero_grad()
                loss(net(x[rows]), t[rows]).backward()
                optimizer.step()
        with torch.no_grad():
            answers = net(test_x)
        answers = answers.argmax(1) if self.are_classes else answers
        return self.figure(answers.numpy().reshape(self.test_t.shape))


def errors_apart(figures, others):
    """By how many standard errors of the difference the first is greater."""
    variance = np.var(figures, ddof=1) + np.var(others, ddof=1)
    return (np.mean(figures) - np.mean(others)) / max(np.sqrt(variance / len(figures)), 1e-30)


def table(tasks, ways, sign):
    """A line a task; `sign` is 1 where more is better, and -1 where less is."""
    print("| task | hidden, rate |", " | ".join(ways), "|")
    apart = {name: [] for name in [*ways][1:]}
    for name, x, t in tasks:
        for hidden, rate in [(hidden, rate) for hidden in HIDDEN for rate in RATES]:
            with tempfile.TemporaryDirectory() as folder:
                task = Task(x, t, hidden, rate, pathlib.Path(folder))
                figures = {way: [call(task, seed) for seed in SEEDS] for way, call in ways.items()}
            cells = [f"{np.mean(of):.4g} ± {np.std(of, ddof=1):.2g}" for of in figures.values()]
            for way, of in apart.items():
                of.append(sign * errors_apart(figures["neurona"], figures[way]))
            print(f"| {name} | {'-'.join(map(str, hidden))}, {rate:g} |", " | ".join(cells), "|", flush=True)
    print("\n| beside neurona | worse | better | of |")
    for way, of in apart.items():
        print(f"| {way} | {sum(at < -2 for at in of)} | {sum(at > 2 for at in of)} | {len(of)} |")
    print()


def main():
    command = str(pathlib.Path(sys.argv[1]).resolve())
    warnings.simplefilter("ignore", ConvergenceWarning)
    torch.set_num_threads(1)
    ways = {
        "neurona": lambda task, seed: task.neurona(command, seed),
        "scikit-learn": lambda task, seed: task.scikit_learn(seed),
        "PyTorch": lambda task, seed: task.pytorch(seed),
    }
    table(of_classes(), ways, 1)
    ways |= {
        "as they are": lambda task, seed: task.neurona(command, seed, "--target-scaling none"),
        "standardised": lambda task, seed: task.neurona(command, seed, "--target-scaling standardize"),
        "scikit-learn, standardised": lambda task, seed: task.scikit_learn(seed, True),
    }
    table(of_numbers(sys.argv[2] if len(sys.argv) > 2 else None), ways, -1)


main()

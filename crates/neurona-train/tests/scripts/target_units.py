"""What standardised targets bring, and cost: see docs/real-data.md.

    cargo build --release -p neurona-cli
    python3 crates/neurona-train/tests/scripts/target_units.py target/release/neurona [energy.csv]

Four regressions (scikit-learn's diabetes; UCI energy efficiency, where its file is named; Friedman's first function in
two units), a quarter of the rows to test, inputs standardised, one hidden layer of 32 ReLU, 100 epochs of Adam at
0.001 in batches of 32, seeds 1 to 10. neurona with and without --standardize-targets; scikit-learn and PyTorch as they
come, which leave targets as they are, and scikit-learn within its TransformedTargetRegressor. Figures are the RMSE on
the test part in the unit of the target. Run with Python 3.11, scikit-learn 1.9.1 and PyTorch 2.15.0.
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
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes, make_friedman1
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPRegressor
from sklearn.preprocessing import StandardScaler

SEEDS = range(1, 11)
EPOCHS, BATCH, RATE, HIDDEN = 100, 32, 1e-3, 32


def tasks(energy):
    diabetes = load_diabetes()
    yield "diabetes", diabetes.data, diabetes.target
    if energy:
        rows = np.loadtxt(energy, delimiter=",", skiprows=1)
        yield "energy", rows[:, :-1], rows[:, -1]
    x, t = make_friedman1(800, noise=1.0, random_state=1)
    yield "friedman", x, (t - t.mean()) / t.std()
    yield "friedman, 1000 t - 3000", x, 1000 * t - 3000


def neurona(command, folder, parts, standardize, seed):
    for name, (x, t) in parts.items():
        with open(folder / f"{name}.csv", "w", newline="") as file:
            table = csv.writer(file)
            table.writerow([*(f"x{at}" for at in range(x.shape[1])), "t"])
            table.writerows([*map(repr, map(float, row)), repr(float(value))] for row, value in zip(x, t))
    options = f"--values t --standardize --layers {HIDDEN}:relu --epochs {EPOCHS} --batch {BATCH} --rate {RATE}"
    options += f" --seed {seed} --standardize-targets {str(standardize).lower()} --quiet --out net.neurona"
    subprocess.run([command, "train", "train.csv", *options.split()], cwd=folder, check=True, capture_output=True)
    measured = subprocess.run(
        [command, "eval", "net.neurona", "test.csv", "--values", "t", "--json"], cwd=folder, check=True, capture_output=True
    )
    return json.loads(measured.stdout)["rmse"]


def scikit_learn(parts, standardize, seed):
    net = MLPRegressor(
        hidden_layer_sizes=(HIDDEN,), alpha=0.0, batch_size=BATCH, learning_rate_init=RATE, max_iter=EPOCHS, random_state=seed, tol=0.0,
        n_iter_no_change=EPOCHS + 1,
    )  # fmt: skip
    net = TransformedTargetRegressor(net, transformer=StandardScaler()) if standardize else net
    (x, t), (test_x, test_t) = parts["train"], parts["test"]
    return np.sqrt(np.mean((net.fit(x, t).predict(test_x) - test_t) ** 2))


def pytorch(parts, seed):
    torch.manual_seed(seed)
    (x, t), (test_x, test_t) = [[torch.tensor(part, dtype=torch.float32) for part in pair] for pair in parts.values()]
    net = torch.nn.Sequential(torch.nn.Linear(x.shape[1], HIDDEN), torch.nn.ReLU(), torch.nn.Linear(HIDDEN, 1))
    optimizer = torch.optim.Adam(net.parameters(), RATE)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(x)).split(BATCH):
            optimizer.zero_grad()
            torch.nn.functional.mse_loss(net(x[rows])[:, 0], t[rows]).backward()
            optimizer.step()
    with torch.no_grad():
        return float(torch.sqrt(torch.mean((net(test_x)[:, 0] - test_t) ** 2)))


def main():
    command = str(pathlib.Path(sys.argv[1]).resolve())
    warnings.simplefilter("ignore", ConvergenceWarning)
    torch.set_num_threads(1)
    names = ["neurona", "neurona, as they are", "scikit-learn", "scikit-learn, standardised", "PyTorch"]
    print("| task | deviation of the target |", " | ".join(names), "|")
    for task, x, t in tasks(sys.argv[2] if len(sys.argv) > 2 else None):
        x, test_x, t, test_t = train_test_split(x, t, test_size=0.25, random_state=0)
        scaler = StandardScaler().fit(x)
        raw = {"train": (x, t), "test": (test_x, test_t)}
        parts = {name: (scaler.transform(x), t) for name, (x, t) in raw.items()}
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            ways = [
                lambda seed: neurona(command, folder, raw, True, seed),
                lambda seed: neurona(command, folder, raw, False, seed),
                lambda seed: scikit_learn(parts, False, seed),
                lambda seed: scikit_learn(parts, True, seed),
                lambda seed: pytorch(parts, seed),
            ]
            cells = []
            for way in ways:
                figures = [way(seed) for seed in SEEDS]
                cells.append(f"{np.mean(figures):.4g} ± {np.std(figures, ddof=1):.2g}")
        print(f"| {task} | {np.std(t):.4g} |", " | ".join(cells), "|", flush=True)


main()

"""Regressions as they come from each program, and what centred and standardised targets do: see docs/real-data.md.

    cargo build --release -p neurona-cli
    python3 crates/neurona-train/tests/scripts/target_units.py target/release/neurona [energy.csv]

Seven regressions (scikit-learn's diabetes and its generators; UCI energy efficiency, where its file is named), a quarter of
the rows to test, inputs standardised, one hidden layer of 32 ReLU and two of 32 and 16, 100 epochs of Adam at 0.001 and at
0.003 in batches of 32, seeds 1 to 10. neurona by default, with targets as they are and with standardised ones;
scikit-learn and PyTorch as they come, which leave targets as they are, and scikit-learn within its
TransformedTargetRegressor. Figures are the mean and the standard deviation of the RMSE on the test part in the unit of the
target; then how often the default is worse, and better, than each of the others by more than two standard errors of the
difference. Run with Python 3.11, scikit-learn 1.9.1 and PyTorch 2.15.0.
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
from sklearn.datasets import load_diabetes, make_friedman1, make_friedman2, make_friedman3, make_regression
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPRegressor
from sklearn.preprocessing import StandardScaler

SEEDS = range(1, 11)
EPOCHS, BATCH, RATES, HIDDEN = 100, 32, [1e-3, 3e-3], [(32,), (32, 16)]


def tasks(energy):
    diabetes = load_diabetes()
    yield "diabetes", diabetes.data, diabetes.target
    if energy:
        rows = np.loadtxt(energy, delimiter=",", skiprows=1)
        yield "energy", rows[:, :-1], rows[:, -1]
    yield "friedman1", *make_friedman1(600, noise=1.0, random_state=1)
    yield "friedman2", *make_friedman2(600, noise=50.0, random_state=2)
    yield "friedman3", *make_friedman3(600, noise=0.1, random_state=3)
    yield "linear, noisy", *make_regression(400, 20, n_informative=8, noise=80.0, random_state=4)
    x, t = make_regression(400, 10, n_informative=8, noise=1.0, random_state=5)
    yield "linear, of deviation 1", x, t / t.std()


def neurona(command, folder, parts, hidden, rate, scaling, seed):
    for name, (x, t) in parts.items():
        with open(folder / f"{name}.csv", "w", newline="") as file:
            table = csv.writer(file)
            table.writerow([*(f"x{at}" for at in range(x.shape[1])), "t"])
            table.writerows([*map(repr, map(float, row)), repr(float(value))] for row, value in zip(x, t))
    layers = ",".join(f"{size}:relu" for size in hidden)
    options = f"--values t --standardize --layers {layers} --epochs {EPOCHS} --batch {BATCH} --rate {rate} --seed {seed}"
    options += f"{scaling} --quiet --out net.neurona"
    subprocess.run([command, "train", "train.csv", *options.split()], cwd=folder, check=True, capture_output=True)
    measured = subprocess.run(
        [command, "eval", "net.neurona", "test.csv", "--values", "t", "--json"], cwd=folder, check=True, capture_output=True
    )
    return json.loads(measured.stdout)["rmse"]


def scikit_learn(parts, hidden, rate, standardize, seed):
    net = MLPRegressor(
        hidden_layer_sizes=hidden, alpha=0.0, batch_size=BATCH, learning_rate_init=rate, max_iter=EPOCHS, random_state=seed, tol=0.0,
        n_iter_no_change=EPOCHS + 1,
    )  # fmt: skip
    net = TransformedTargetRegressor(net, transformer=StandardScaler()) if standardize else net
    (x, t), (test_x, test_t) = parts["train"], parts["test"]
    return np.sqrt(np.mean((net.fit(x, t).predict(test_x) - test_t) ** 2))


def pytorch(parts, hidden, rate, seed):
    torch.manual_seed(seed)
    (x, t), (test_x, test_t) = [[torch.tensor(part, dtype=torch.float32) for part in pair] for pair in parts.values()]
    sizes = [x.shape[1], *hidden]
    layers = [layer for pair in zip(sizes, hidden) for layer in (torch.nn.Linear(*pair), torch.nn.ReLU())]
    net = torch.nn.Sequential(*layers, torch.nn.Linear(sizes[-1], 1))
    optimizer = torch.optim.Adam(net.parameters(), rate)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(x)).split(BATCH):
            optimizer.zero_grad()
            torch.nn.functional.mse_loss(net(x[rows])[:, 0], t[rows]).backward()
            optimizer.step()
    with torch.no_grad():
        return float(torch.sqrt(torch.mean((net(test_x)[:, 0] - test_t) ** 2)))


def errors_apart(figures, others):
    """By how many standard errors of the difference the second is greater."""
    variance = np.var(figures, ddof=1) + np.var(others, ddof=1)
    return (np.mean(others) - np.mean(figures)) / np.sqrt(variance / len(figures))


def main():
    command = str(pathlib.Path(sys.argv[1]).resolve())
    warnings.simplefilter("ignore", ConvergenceWarning)
    torch.set_num_threads(1)
    names = ["neurona", "as they are", "standardised", "scikit-learn", "scikit-learn, standardised", "PyTorch"]
    print("| task | deviation | hidden, rate |", " | ".join(names), "|")
    apart = {name: [] for name in names[1:]}
    for task, x, t in tasks(sys.argv[2] if len(sys.argv) > 2 else None):
        x, test_x, t, test_t = train_test_split(x, t, test_size=0.25, random_state=0)
        scaler = StandardScaler().fit(x)
        raw = {"train": (x, t), "test": (test_x, test_t)}
        parts = {name: (scaler.transform(x), t) for name, (x, t) in raw.items()}
        for hidden, rate in [(hidden, rate) for hidden in HIDDEN for rate in RATES]:
            with tempfile.TemporaryDirectory() as folder:
                folder = pathlib.Path(folder)
                ways = [
                    lambda seed: neurona(command, folder, raw, hidden, rate, "", seed),
                    lambda seed: neurona(command, folder, raw, hidden, rate, " --target-scaling none", seed),
                    lambda seed: neurona(command, folder, raw, hidden, rate, " --target-scaling standardize", seed),
                    lambda seed: scikit_learn(parts, hidden, rate, False, seed),
                    lambda seed: scikit_learn(parts, hidden, rate, True, seed),
                    lambda seed: pytorch(parts, hidden, rate, seed),
                ]
                figures = [[way(seed) for seed in SEEDS] for way in ways]
            cells = [f"{np.mean(of):.4g} ± {np.std(of, ddof=1):.2g}" for of in figures]
            for name, others in zip(names[1:], figures[1:]):
                apart[name].append(errors_apart(figures[0], others))
            print(f"| {task} | {np.std(t):.4g} | {'-'.join(map(str, hidden))}, {rate:g} |", " | ".join(cells), "|", flush=True)
    print("\n| beside neurona | worse | better | of |")
    for name, of in apart.items():
        print(f"| {name} | {sum(at < -2 for at in of)} | {sum(at > 2 for at in of)} | {len(of)} |")


main()

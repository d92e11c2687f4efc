"""Reference numbers of the tests in this folder, in float64: NumPy's moments, river's Page-Hinkley, and ADWIN as the paper
has it, with every number of the window kept. `pip install numpy river`, then `python reference.py`."""

import math

import numpy as np
from river.drift import PageHinkley


def word(i):
    return (i * 2654435761 % 2**32) >> 16


def step(i):
    return word(i) / 65536 / 4 + (0.5 if 1000 <= i < 2000 else 0.25)


first = np.array([word(i) / 65536 for i in range(5000)])
second = np.array([20 + word(i) % 100 / 8 for i in range(5000)])
print("means", [first.mean(), second.mean()])
print("variances", [first.var(), second.var()])

# One that never fades (alpha 1), for a rise; river begins a new test at the number after the change.
test = PageHinkley(min_instances=30, delta=0.05, threshold=5.0, alpha=1.0, mode="up")
found = []
for i in range(3000):
    test.update(step(i))
    if test.drift_detected:
        found.append(i)
print("Page-Hinkley", found)

# Buckets, the oldest first, each a list of numbers; at most six of a size.
buckets, found, delta = [], [], 0.002
nearest = math.inf
for i in range(3000):
    buckets.append([step(i)])
    size = 1
    while True:
        same = [k for k, bucket in enumerate(buckets) if len(bucket) == size]
        if len(same) < 7:
            break
        buckets[same[0] : same[1] + 1] = [buckets[same[0]] + buckets[same[1]]]
        size *= 2
    cut = True
    changed = False
    while cut:
        cut = False
        window = np.concatenate(buckets)
        n, variance = len(window), window.var()
        if n < 10:
            break
        d = math.log(2 * math.log(n) / delta)
        place = 0
        for bucket in buckets:
            place += len(bucket)
            if place < 5 or n - place < 5:
                continue
            recip = 1 / place + 1 / (n - place)
            bound = math.sqrt(2 * recip * variance * d) + 2 / 3 * d * recip
            difference = abs(window[:place].mean() - window[place:].mean())
            nearest = min(nearest, abs(difference - bound) / bound)
            if difference > bound:
                cut = changed = True
        if cut:
            buckets.pop(0)
    if changed:
        found.append(i)
print("ADWIN", found, "window", sum(map(len, buckets)), "nearest to a bound", nearest)

"""Numbers to hold the metrics to: prints crates/neurona-train/src/metrics/sklearn.csv.

Truths and scores come from a generator that the test repeats. Scores are sixteenths that add up to 1, exact in binary,
so that many are tied. Run with scikit-learn 1.9.1.
"""

import warnings

import numpy as np
from sklearn import metrics

warnings.simplefilter("ignore")  # What is not defined counts as 0 in the means: that is what the test looks at.


class Draw:
    """The linear congruential generator of Numerical Recipes; its upper bits."""

    def __init__(self, seed):
        self.state = seed

    def below(self, bound):
        self.state = (self.state * 1664525 + 1013904223) % 2**32
        return (self.state >> 16) % bound


def case(seed, rows, classes):
    """Truths, and scores in sixteenths; half of the truths are the class with the highest score."""
    draw = Draw(seed)
    truths, scores = [], []
    for _ in range(rows):
        row = [0] * classes
        for _ in range(16):
            row[draw.below(classes)] += 1
        highest = row.index(max(row))
        truths.append(highest if draw.below(2) == 0 else draw.below(classes))
        scores.append(row)
    return np.array(truths), np.array(scores) / 16


def show(name, figure, value):
    print(f"{name},{figure},{value:.17g}")


def classes(name, truths, predicted):
    show(name, "accuracy", metrics.accuracy_score(truths, predicted))
    show(name, "balanced_accuracy", metrics.balanced_accuracy_score(truths, predicted))
    for figure in ("precision", "recall", "f1"):
        score = getattr(metrics, f"{figure}_score")
        show(name, f"macro_{figure}", score(truths, predicted, average="macro"))
        present = sorted(set(truths) | set(predicted))
        for label, value in zip(present, score(truths, predicted, average=None, labels=present)):
            show(name, f"{figure}_{label}", value)


print("case,figure,value")
truths, scores = case(6, 80, 2)
classes("two", truths, scores.argmax(axis=1))
show("two", "roc_auc", metrics.roc_auc_score(truths, scores[:, 1]))

truths, scores = case(2, 90, 4)
classes("four", truths, scores.argmax(axis=1))
show("four", "roc_auc", metrics.roc_auc_score(truths, scores, multi_class="ovr", average="macro"))
for label in range(4):
    show("four", f"roc_auc_{label}", metrics.roc_auc_score(truths == label, scores[:, label]))

# Class 3 has answers but no examples, class 2 examples but no answers, class 4 neither.
truths, scores = case(3, 70, 4)
predicted = scores.argmax(axis=1)
classes("absent", np.where(truths == 3, 0, truths), np.where(predicted == 2, 1, predicted))

draw = Draw(4)
expected = np.array([draw.below(1000) / 16 for _ in range(50)])
predicted = expected + np.array([(draw.below(400) - 200) / 16 for _ in range(50)])
show("values", "rmse", metrics.root_mean_squared_error(expected, predicted))
show("values", "mae", metrics.mean_absolute_error(expected, predicted))
show("values", "r2", metrics.r2_score(expected, predicted))

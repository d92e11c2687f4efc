"""The rows of the digits that are put aside for testing: prints crates/neurona-train/tests/digits_test_rows.txt.

Run with scikit-learn 1.9.1; `tests/data/digits.csv` has the rows of `load_digits` in its order.
"""

from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

labels = load_digits().target
_, test = train_test_split(range(len(labels)), test_size=0.2, stratify=labels, random_state=0)
for at in range(0, len(test), 20):
    print(*test[at : at + 20])

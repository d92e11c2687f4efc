"""Numbers to hold the classical neurons to: prints crates/neurona-train/src/classical/sklearn.csv.

Data are the irises in tests/data, rounded to f32 as the trainer reads them: `first`, setosa or another, which a plane
separates; `last`, versicolor or virginica, which none does; `all` three; `curved`, `last` with the products of degree 2
of its petals alone. A line holds the weights, a row for each output, then the biases. Run from the repository with
scikit-learn 1.9.1.
"""

import numpy as np
from scipy.special import expit, softmax
from sklearn.linear_model import LogisticRegression, Perceptron, SGDRegressor
from sklearn.preprocessing import PolynomialFeatures

EPOCHS = 50
table = np.genfromtxt("tests/data/iris.csv", delimiter=",", skip_header=1)
inputs, classes = table[:, :4].astype(np.float32).astype(float), table[:, 4].astype(int)
last = classes > 0
curved = PolynomialFeatures(2, include_bias=False).fit_transform(inputs[last][:, 2:])
DATA = {
    "first": (inputs, (classes > 0).astype(int)),
    "last": (inputs[last], classes[last] - 1),
    "all": (inputs, classes),
    "curved": (curved.astype(np.float32).astype(float), classes[last] - 1),
}


def show(neuron, data, setting, curvature, weights, bias):
    values = np.concatenate([np.ravel(weights), np.ravel(bias)])
    print(f"{neuron},{data},{setting},{curvature:.3g}," + ",".join(f"{value:.17g}" for value in values))


def curvature(x, y, model, penalty):
    """The least eigenvalue of the Hessian of the mean loss, but for the bias that changes no probability.

    The squared gradient over twice this bounds how far scikit-learn is from the least loss: it must be below 1e-15.
    """
    rows, ones = len(x), np.column_stack([x, np.ones(len(x))])
    weights = np.column_stack([model.coef_, model.intercept_])
    outputs = len(weights)
    z = ones @ weights.T
    if outputs == 1:
        p, t = expit(z), y[:, None]
        blocks = (p * (1 - p))[:, :, None]
    else:
        p, t = softmax(z, axis=1), np.eye(outputs)[y]
        blocks = np.einsum("ri,ij->rij", p, np.eye(outputs)) - np.einsum("ri,rj->rij", p, p)
    penalties = np.full(weights.shape, float(penalty))
    penalties[:, -1] = 0
    hessian = np.einsum("rij,ra,rb->iajb", blocks, ones, ones).reshape(weights.size, weights.size)
    hessian = (hessian + np.diag(penalties.ravel())) / rows
    gradient = ((p - t).T @ ones + penalties * weights) / rows
    least = np.linalg.eigvalsh(hessian)[0 if outputs == 1 else 1]
    assert np.sum(gradient**2) / (2 * least) < 1e-15
    return least


print("neuron,data,setting,curvature,values")
for data in ("first", "last"):
    x, y = DATA[data]
    model = Perceptron(shuffle=False, tol=None, max_iter=EPOCHS, eta0=1).fit(x, y)
    show("perceptron", data, EPOCHS, 0, model.coef_, model.intercept_)
for data in ("first", "last"):
    x, y = DATA[data]
    for rate in (0.001, 0.01):
        settings = dict(penalty=None, learning_rate="constant", shuffle=False, tol=None)
        model = SGDRegressor(eta0=rate, max_iter=EPOCHS, **settings).fit(x, 2.0 * y - 1)
        show("adaline", data, rate, 0, model.coef_, model.intercept_)
for neuron, data, penalty in [
    ("logistic", "first", 1),
    ("logistic", "last", 1),
    ("logistic", "last", 0),
    ("logistic", "curved", 1),
    ("logistic", "curved", 0),
    ("softmax", "all", 1),
    ("softmax", "all", 0.01),
]:
    x, y = DATA[data]
    C = 1 / penalty if penalty else np.inf
    model = LogisticRegression(C=C, solver="newton-cholesky", tol=1e-13, max_iter=1000).fit(x, y)
    if neuron == "softmax":
        model.intercept_ -= model.intercept_.mean()
    show(neuron, data, penalty, curvature(x, y, model, penalty), model.coef_, model.intercept_)

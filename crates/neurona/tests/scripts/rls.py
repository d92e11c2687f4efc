"""Writes tests/data/rls.csv: weighted least squares in closed form, for tests/rls.rs.

    pip install numpy==2.4.6
    python crates/neurona/tests/scripts/rls.py > crates/neurona/tests/data/rls.csv

Seed 20261128. Each line is a case, an array and its values, row by row. With phi = (x, 1), the weights of the beginning w0 and n
examples the weights are the solution of

    (sum over k of f^(n - k) phi phi' + f^n / v I) w = sum over k of f^(n - k) phi t' + f^n / v w0,

with the forgetting f and the variance v. `condition` is the condition number of the matrix on the left. Inputs, targets and w0
are f32 numbers; NumPy computes in f64.
"""

import numpy

INPUTS, OUTPUTS, EXAMPLES = 3, 2, 40
CASES = [("all", 1.0, 10.0), ("forgetting", 0.875, 100.0)]


def line(case, name, values):
    print(f"{case},{name}," + ",".join(repr(float(value)) for value in numpy.ravel(values)))


def main():
    random = numpy.random.default_rng(20261128)
    for case, forgetting, variance in CASES:
        draw = lambda *shape: random.uniform(-1, 1, shape).astype(numpy.float32).astype(float)
        x, t, start = draw(EXAMPLES, INPUTS), draw(EXAMPLES, OUTPUTS), draw(OUTPUTS, INPUTS + 1)
        phi = numpy.hstack([x, numpy.ones((EXAMPLES, 1))])
        counts = forgetting ** numpy.arange(EXAMPLES - 1, -1, -1)
        ridge = forgetting**EXAMPLES / variance
        left = phi.T @ (counts[:, None] * phi) + ridge * numpy.eye(INPUTS + 1)
        right = phi.T @ (counts[:, None] * t) + ridge * start.T
        line(case, "settings", [forgetting, variance])
        line(case, "x", x)
        line(case, "t", t)
        line(case, "start", start)
        line(case, "end", numpy.linalg.solve(left, right).T)
        line(case, "condition", [numpy.linalg.cond(left)])


main()

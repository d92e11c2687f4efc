"""Derives the constants of crates/neurona/src/fast.rs by Remez's exchange algorithm, and prints them as Rust.

Usage: python3 fast_coefficients.py        (needs mpmath; 20 s)

Two approximations, each with the smallest largest relative error on its interval:

  exp    2^f = 1 + f - f (1 - f) q(f) for f in [0, 1), q a polynomial of degree 3. The form is exact at both ends, so
         that neighbouring powers of two meet. The coefficients are rounded to 32-bit fixed point.
  tanh   tanh x = x P(x^2) / Q(x^2) for |x| <= CLIP, P and Q polynomials of degree 3, the first coefficient of P one,
         which saves a product. The coefficients are rounded to f32. CLIP is where the error of the fraction and the
         error of answering 1 are about the same.

After the constants, the largest error of the approximation with these rounded constants, in exact arithmetic.
"""

import struct

from mpmath import cos, lu_solve, matrix, mp, mpf, nint, nstr, pi, polyval, tanh

mp.dps = 40
CLIP = mpf("7.1")


def chebyshev(count, low, high):
    return [low + (high - low) * (1 - cos(pi * (i + mpf(1) / 2) / count)) / 2 for i in range(count)]


def alternation(error, low, high, count):
    """The points, `count` of them, where the error is largest between its changes of sign; and the largest."""
    peaks = []
    for x in chebyshev(2000, low, high):
        e = error(x)
        if peaks and (e > 0) == (peaks[-1][1] > 0):
            if abs(e) > abs(peaks[-1][1]):
                peaks[-1] = (x, e)
        else:
            peaks.append((x, e))
    while len(peaks) > count:
        peaks.pop(0 if abs(peaks[0][1]) < abs(peaks[-1][1]) else -1)
    assert len(peaks) == count, "the error does not alternate: start from other points"
    return [x for x, _ in peaks], max(abs(e) for _, e in peaks)


def exchange(fit, low, high, count):
    """Remez: fits a levelled error at `count` points, moves the points to the peaks, until peaks and level agree."""
    points = chebyshev(count, low, high)
    while True:
        coefficients, level, error = fit(points)
        points, largest = alternation(error, low, high, count)
        if largest < level * (1 + mpf(10) ** -5):
            return coefficients


def power_of_two(degree):
    """q, lowest coefficient first."""

    def exact(f):
        return (1 + f - mpf(2) ** f) / (f * (1 - f))

    def weight(f):
        return f * (1 - f) / mpf(2) ** f

    def fit(points):
        # sum of c_j f^j + (-1)^i level / weight(f) = exact(f)
        system = matrix(len(points), len(points))
        right = matrix(len(points), 1)
        for i, f in enumerate(points):
            for j in range(degree + 1):
                system[i, j] = f**j
            system[i, degree + 1] = (-1) ** i / weight(f)
            right[i] = exact(f)
        *q, level = lu_solve(system, right)
        return q, abs(level), lambda f: weight(f) * (exact(f) - polyval(q[::-1], f))

    return exchange(fit, mpf(10) ** -6, 1 - mpf(10) ** -6, degree + 2)


def hyperbolic_tangent(degree, clip):
    """P and Q, lowest coefficient first."""
    state = {"q": [mpf(1)] + [mpf(0)] * degree, "level": mpf(0)}

    def fit(points):
        # P x / tanh x - Q (1 + (-1)^i level) = 0 with Q(0) = 1, by Newton's steps on the product of Q and level.
        size = len(points)
        while True:
            q, level = state["q"], state["level"]
            system = matrix(size, size)
            right = matrix(size, 1)
            for i, x in enumerate(points):
                s, sign = x * x, (-1) ** i
                denominator = polyval(q[::-1], s)
                for j in range(degree + 1):
                    system[i, j] = x / tanh(x) * s**j
                for j in range(1, degree + 1):
                    system[i, degree + j] = -(1 + sign * level) * s**j
                system[i, size - 1] = -sign * denominator
                right[i] = 1 + sign * level - sign * level * denominator
            solution = list(lu_solve(system, right))
            p = solution[: degree + 1]
            state["q"] = [mpf(1)] + solution[degree + 1 : -1]
            state["level"] = solution[-1]
            if abs(solution[-1] - level) < mpf(10) ** -25:
                return (p, state["q"]), abs(level), lambda x: fraction(p, state["q"], x) / tanh(x) - 1

    p, q = exchange(fit, mpf(10) ** -4, clip, 2 * degree + 2)
    return [c / p[-1] for c in p], [c / p[-1] for c in q]


def fraction(p, q, x):
    return x * polyval(p[::-1], x * x) / polyval(q[::-1], x * x)


def to_f32(value):
    return struct.unpack("f", struct.pack("f", float(value)))[0]


def shortest(value):
    """The shortest decimal that reads as this f32."""
    return next(text for digits in range(1, 12) if to_f32(float(text := f"{value:.{digits}g}")) == value)


def main():
    q = [int(nint(c * 2**32)) for c in power_of_two(3)]
    print("const Q: [u32; 4] = [" + ", ".join(f"0x{c:08x}" for c in q) + "];")
    real = [mpf(c) / 2**32 for c in q]
    grid = chebyshev(20001, mpf(0), mpf(1))
    error = max(abs((1 + f - f * (1 - f) * polyval(real[::-1], f)) / mpf(2) ** f - 1) for f in grid)
    print(f"// largest relative error {nstr(error, 3)}")

    p, q = ([to_f32(c) for c in part] for part in hyperbolic_tangent(3, CLIP))
    print("const P: [f32; 3] = [" + ", ".join(shortest(c) for c in p[:-1]) + "];")
    print("const Q: [f32; 4] = [" + ", ".join(shortest(c) for c in q) + "];")
    grid = chebyshev(20001, mpf(10) ** -4, CLIP)
    p, q = [mpf(c) for c in p], [mpf(c) for c in q]
    error = max(abs(fraction(p, q, x) / tanh(x) - 1) for x in grid)
    largest = max(fraction(p, q, x) for x in grid)
    print(f"// largest relative error {nstr(error, 4)}, beyond the clip {nstr(1 - tanh(CLIP), 4)}")
    print(f"// the fraction stays {nstr(1 - largest, 3)} below 1")


if __name__ == "__main__":
    main()

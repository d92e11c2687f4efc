"""Numbers to hold augmentation to: `augment.py image` prints crates/neurona-train/src/augment/image/scipy.csv,
`augment.py signal` prints crates/neurona-train/src/augment/signal/scipy.csv. Run with SciPy 1.17.1 and NumPy 2.4.6.

An image of 4 x 5 pixels with two channels is mirrored, turned, enlarged and shifted: the maps of each step are
multiplied as matrices and inverted by NumPy, and SciPy interpolates. Its mode is "grid-constant", in which each of the
four pixels of an interpolation may lie beyond the edge: the result is continuous in the map. In the mode "constant" a
place that is a rounding error beyond the edge is as if it were far from it.

A signal of 13 steps with two channels, t itself and some whole numbers, is warped and delayed: SciPy integrates the
speed, a spline of degree 1, and NumPy interpolates and holds the first and the last value.
"""

import sys

import numpy as np
from scipy import interpolate, ndimage

HEIGHT, WIDTH, CHANNELS, FILL = 4, 5, 2, -2.0
# right, down, degrees (counter-clockwise as the picture is looked at), scale, flip horizontal, flip vertical
MOTIONS = [
    (0, 0, 0, 1, 0, 0),
    (1.25, -0.5, 0, 1, 0, 0),
    (0, 0, 30, 1, 0, 0),
    (0, 0, -135, 1, 0, 0),
    (0, 0, 0, 1.5, 0, 0),
    (0, 0, 0, 0.625, 0, 0),
    (0.75, 0.25, 0, 1, 1, 0),
    (0.75, 0.25, 0, 1, 0, 1),
    (-0.375, 1.5, 20, 0.875, 1, 0),
    (0.5, -0.625, -75, 1.25, 0, 1),
    (0.125, 0.25, 170, 1.125, 1, 1),
]

STEPS, KNOTS = 13, 6
# delay in steps, deviation of the speed from 1 at each knot
WARPS = [
    (0, (0, 0, 0, 0, 0, 0)),
    (2, (0, 0, 0, 0, 0, 0)),
    (-3.75, (0, 0, 0, 0, 0, 0)),
    (0, (0.5, 0.5, 0.5, 0.5, 0.5, 0.5)),
    (0, (0.5, -0.25, 0.125, 0.25, -0.5, 0.375)),
    (0, (-0.96875, 0.96875, -0.96875, 0.96875, -0.96875, 0.96875)),
    (1.625, (-0.875, -0.5, 0, 0.25, 0.75, 0.875)),
]


def image():
    y, x, channel = np.indices((HEIGHT, WIDTH, CHANNELS))
    return ((7 * x + 11 * y * y + 5 * x * y + 3 * channel) % 13 - 4).astype(float)


def move(right, down, degrees, scale, flip_horizontal, flip_vertical):
    angle = np.deg2rad(degrees)
    translate = lambda x, y: np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], float)
    middle = ((WIDTH - 1) / 2, (HEIGHT - 1) / 2)
    forward = (
        translate(right, down)
        @ translate(*middle)
        @ np.diag([scale, scale, 1])
        # The second axis points down.
        @ np.array([[np.cos(angle), np.sin(angle), 0], [-np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
        @ np.diag([1 - 2 * flip_horizontal, 1 - 2 * flip_vertical, 1])
        @ translate(-middle[0], -middle[1])
    )
    backward = np.linalg.inv(forward)[[1, 0, 2]][:, [1, 0, 2]]  # rows before columns
    channels = [
        ndimage.affine_transform(image()[..., c], backward, order=1, mode="grid-constant", cval=FILL)
        for c in range(CHANNELS)
    ]
    return np.stack(channels, axis=-1).ravel()


def warp(delay, deviations):
    t, end = np.arange(STEPS), STEPS - 1
    speed = interpolate.make_interp_spline(np.linspace(0, end, KNOTS), 1 + np.array(deviations, float), k=1)
    passed = speed.antiderivative()
    places = end * (passed(t) - passed(0)) / (passed(end) - passed(0)) - delay
    channels = [np.interp(places, t, t), np.interp(places, t, (7 * t + 3 * t * t) % 11)]
    return np.stack(channels, axis=-1).ravel()


def line(settings, values):
    print(",".join([f"{value:g}" for value in settings] + [f"{value:.12g}" for value in values]))


if sys.argv[1:] == ["image"]:
    pixels = ",".join(f"p{i}" for i in range(HEIGHT * WIDTH * CHANNELS))
    print("right,down,degrees,scale,flip_horizontal,flip_vertical," + pixels)
    for motion in MOTIONS:
        line(motion, move(*motion))
elif sys.argv[1:] == ["signal"]:
    print("delay,e0,e1,e2,e3,e4,e5," + ",".join(f"x{i}" for i in range(STEPS * 2)))
    for delay, deviations in WARPS:
        line((delay, *deviations), warp(delay, deviations))
else:
    sys.exit("expected image or signal")

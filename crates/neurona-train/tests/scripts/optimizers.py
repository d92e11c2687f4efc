"""Numbers to hold the optimizers to: prints crates/neurona-train/src/optim/pytorch.csv.

Five parameters take 25 steps by the gradients g[t][i] = sin(1 + t * (i + 1)) * 10^(i - 2): sizes from 0.01 to 100,
both signs. Constants and gradients are rounded to f32, as the trainer sees them; PyTorch computes in f64, so that the
numbers are exact to what an f32 can show. The course's own forms, which PyTorch does not have, are computed here in the
same way from their formulas. Run with PyTorch 2.15.0.
"""

import math
import struct

import torch


def f32(value):
    return struct.unpack("f", struct.pack("f", value))[0]


RATE, BETAS, EPSILON = f32(0.05), (f32(0.9), f32(0.999)), f32(1e-8)

class Course:
    """The forms of the course, in f64."""

    def __init__(self, parameters, step):
        self.w, self.step_of = parameters[0], step
        self.m, self.s = torch.zeros_like(self.w), torch.zeros_like(self.w)

    def step(self):
        self.w -= RATE * self.step_of(self, self.w.grad)

    def mean(self, g):
        self.m = BETAS[0] * self.m + (1 - BETAS[0]) * g
        return self.m

    def square(self, g, decay):
        self.s = decay * self.s + (1 - decay) * g**2
        return self.s


OPTIMIZERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=RATE),
    "heavy_ball": lambda p: torch.optim.SGD(p, lr=RATE, momentum=BETAS[0]),
    "nesterov": lambda p: torch.optim.SGD(p, lr=RATE, momentum=BETAS[0], nesterov=True),
    "momentum": lambda p: Course(p, lambda o, g: o.mean(g)),
    "normalized": lambda p: Course(p, lambda o, g: g / torch.linalg.vector_norm(g)),
    "sign": lambda p: Course(p, lambda o, g: g / g.abs()),
    "rmsprop": lambda p: torch.optim.RMSprop(p, lr=RATE, alpha=f32(0.99), eps=EPSILON),
    "rmsprop_in_root": lambda p: Course(p, lambda o, g: g / (o.square(g, f32(0.99)) + f32(1e-3)).sqrt()),
    "adam": lambda p: torch.optim.Adam(p, lr=RATE, betas=BETAS, eps=EPSILON),
    "adam_uncorrected": lambda p: Course(p, lambda o, g: o.mean(g) / (o.square(g, BETAS[1]).sqrt() + EPSILON)),
    "adamw": lambda p: torch.optim.AdamW(p, lr=RATE, betas=BETAS, eps=EPSILON, weight_decay=f32(0.01)),
}

print("optimizer,step,w0,w1,w2,w3,w4")
for name, make in OPTIMIZERS.items():
    w = torch.tensor([1.0, -2.0, 3.0, -4.0, 5.0], dtype=torch.float64)
    optimizer = make([w])
    for t in range(25):
        gradient = [f32(math.sin(1 + t * (i + 1)) * 10.0 ** (i - 2)) for i in range(5)]
        w.grad = torch.tensor(gradient, dtype=torch.float64)
        optimizer.step()
        if t in (0, 1, 24):
            print(f"{name},{t + 1}," + ",".join(f"{value:.12g}" for value in w.tolist()))

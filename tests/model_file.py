"""Reads a model file from docs/model-file.md alone and reproduces its golden example: python3 model_file.py FILE."""
import math
import struct
import sys
import zlib

ACTIVATIONS = {
    0: lambda z: z, 1: lambda z: float(z >= 0), 2: lambda z: 1 / (1 + math.exp(-z)), 3: math.tanh,
    4: lambda z: max(z, 0.0), 5: lambda z: min(max(z, 0.0), 6.0), 6: lambda z, s: z if z > 0 else s * z,
    7: lambda z, a: z if z > 0 else a * math.expm1(z), 8: lambda z: max(z, 0.0) + math.log1p(math.exp(-abs(z))),
    9: lambda z: z / (1 + math.exp(-z)), 10: lambda z: min(max(z + 3, 0.0), 6.0) / 6,
    11: lambda z: z * min(max(z + 3, 0.0), 6.0) / 6, 12: lambda z: 1 / (1 + math.exp(-z)), 13: math.tanh,
}

data = open(sys.argv[1], "rb").read()
place = 0

def fixed(count):
    global place
    place += count
    assert place <= len(data), "cut short"
    return data[place - count:place]

def varint():
    value = shift = 0
    while True:
        byte, = fixed(1)
        value, shift = value | (byte & 127) << shift, shift + 7
        if byte < 128:
            return value

def read_bytes(): return fixed(varint())
def read_list(read): return [read() for _ in range(varint())]
def floats(raw): return list(struct.unpack(f"<{len(raw) // 4}f", raw))
def f32(value): return struct.unpack("<f", struct.pack("<f", value))[0]
def constant(): return struct.unpack("<f", struct.pack("<I", varint()))[0]

def layer():
    kind = varint()
    if kind == 0:
        return kind, read_list(layer)
    if kind == 1:
        inputs, outputs, activation = varint(), varint(), varint()
        return kind, inputs, outputs, ACTIVATIONS[activation], [constant()] if activation in (6, 7) else []
    return {2: lambda: (kind, varint(), varint()), 3: lambda: (kind, varint()), 4: lambda: (kind, varint(), constant())}[kind]()

def run(layer, x, take):
    if layer[0] == 0:
        for inner in layer[1]:
            x = run(inner, x, take)
        return x
    if layer[0] == 1:
        _, inputs, outputs, activation, constants = layer
        rows, sums = [take(inputs) for _ in range(outputs)], take(outputs)
        for o, row in enumerate(rows):
            for w, v in zip(row, x):
                sums[o] = f32(sums[o] + f32(w * v))
        return [f32(activation(z, *constants)) for z in sums]
    if layer[0] == 2:
        powers = [f32(math.exp(v - max(x))) for v in x]
        return [p / sum(powers) for p in powers]
    if layer[0] == 3:
        means, scales = take(layer[1]), take(layer[1])
        return [f32(f32(v - m) * s) for v, m, s in zip(x, means, scales)]
    return [f32(layer[2] * v) for v in x]

assert fixed(8) == b"neurona\0" and varint() == 1, "no model file of version 1"
assert int.from_bytes(fixed(4), "little") == len(data), "another length"
crc = int.from_bytes(fixed(4), "little")
assert crc == zlib.crc32(data[place:], zlib.crc32(data[:place - 4])), "damaged"
start = place
network = layer()
fnv = 0xCBF29CE484222325
for byte in data[start:place]:
    fnv = (fnv ^ byte) * 0x100000001B3 % 2**64
assert int.from_bytes(fixed(8), "little") == fnv, "fingerprint"
name, layers, labels = read_bytes().decode(), read_list(read_bytes), read_list(read_bytes)
dataset, seed, tool, loss = read_bytes().decode(), varint(), read_bytes().decode(), read_bytes().decode()
metrics = read_list(lambda: (read_bytes().decode(), floats(fixed(4))[0]))
golden_input, golden_output, padding, tensors = [read_bytes() for _ in range(4)]
assert place == len(data) and (len(data) - len(tensors)) % 16 == 0 and not any(padding)
values = iter(floats(tensors))
output = run(network, floats(golden_input), lambda count: [next(values) for _ in range(count)])
assert next(values, None) is None, "values are left"
difference = max(abs(a - b) / max(abs(b), 1e-30) for a, b in zip(output, floats(golden_output), strict=True))
print(f"{name}: {len(layers)} layers, {len(labels)} labels, {loss}, metrics {metrics}, largest relative difference {difference:.1e}")
sys.exit(difference > 1e-5)

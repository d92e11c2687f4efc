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
    14: lambda z: f32(1.7159) * math.tanh(f32(2 / 3) * z),
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

def activation():
    kind = varint()
    return ACTIVATIONS[kind], [constant()] if kind in (6, 7) else []

def shape():
    """Rows, columns and channels: a signal is one row, a vector one cell."""
    kind = varint()
    axes = [varint() for _ in range(kind + 1)]
    return [1] * (2 - kind) + axes

def window():
    signal = data[place] == 1
    source, target = shape(), shape()
    kernel, stride, dilation = [[varint(), varint()] for _ in range(3)]
    padding = varint()
    sides = [varint() for _ in range(4)] if padding == 3 else None
    before = []
    for axis in (0, 1):
        reach = (kernel[axis] - 1) * dilation[axis] + 1
        same = max((target[axis] - 1) * stride[axis] + reach - source[axis], 0) // 2
        causal = reach - 1 if axis == int(signal) else 0
        before.append([0, same, causal, sides and sides[2 * axis]][padding])
    return source, target, kernel, stride, dilation, before

def layer():
    kind = varint()
    if kind == 0:
        return kind, read_list(layer)
    if kind == 1:
        return kind, varint(), varint(), activation()
    if kind == 7:
        return kind, window(), varint(), activation()
    if kind == 12:
        return kind, layer(), layer() if fixed(1)[0] else None, activation()
    if kind == 15:
        cell = varint()
        return kind, cell, activation() if cell == 0 else None, [varint() for _ in range(4)]
    fields = {
        2: (varint, varint), 3: (varint,), 4: (varint, constant), 6: (shape, shape), 8: (window, activation),
        9: (window, varint), 10: (shape, varint), 11: (shape, activation), 13: (layer, layer), 14: (shape,),
        16: (varint, varint, varint, varint, varint, constant, varint),
        17: (window, lambda: read_list(varint), activation), 18: (varint, varint, lambda: read_list(varint)),
    }
    return kind, *[read() for read in fields[kind]]

def apply(function, sums):
    value, constants = function
    return [f32(value(z, *constants)) for z in sums]

def dot(total, pairs):
    for w, v in pairs:
        total = f32(total + f32(w * v))
    return total

def meetings(window):
    """For each place the cells of the window that lie within the input: their numbers, and where their channels begin."""
    (height, width, channels), (rows, columns, _), kernel, stride, dilation, before = window
    for row, column in ((row, column) for row in range(rows) for column in range(columns)):
        met = []
        for cell in range(kernel[0] * kernel[1]):
            y = row * stride[0] + cell // kernel[1] * dilation[0] - before[0]
            x = column * stride[1] + cell % kernel[1] * dilation[1] - before[1]
            if 0 <= y < height and 0 <= x < width:
                met.append((cell, (y * width + x) * channels))
        yield met

def sigmoid(z): return f32(1 / (1 + math.exp(-z)))
def tanh(z): return f32(math.tanh(z))
def plus(a, b): return f32(a + b)
def times(a, b): return f32(a * b)

def recurrent(cell, function, sizes, x, take):
    steps, inputs, units, every = sizes
    rows = (1, 3, 4)[cell] * units
    weights, state = [take(inputs) for _ in range(rows)], [take(units) for _ in range(rows)]
    bias = take((1, 4, 4)[cell] * units)
    h, c, given = [0.0] * units, [0.0] * units, []
    for step in range(steps):
        now = x[step * inputs:(step + 1) * inputs]
        of_input = lambda row: dot(bias[row], zip(weights[row], now))
        both = lambda gate: [dot(of_input(row), zip(state[row], h)) for row in range(gate * units, (gate + 1) * units)]
        if cell == 0:
            h = apply(function, both(0))
        elif cell == 1:
            r, z = [sigmoid(v) for v in both(0)], [sigmoid(v) for v in both(1)]
            apart = [dot(bias[3 * units + u], zip(state[2 * units + u], h)) for u in range(units)]
            n = [tanh(plus(of_input(2 * units + u), times(r[u], apart[u]))) for u in range(units)]
            h = [plus(times(f32(1 - z[u]), n[u]), times(z[u], h[u])) for u in range(units)]
        else:
            i, f, g, o = [[(tanh if gate == 2 else sigmoid)(v) for v in both(gate)] for gate in range(4)]
            c = [plus(times(f[u], c[u]), times(i[u], g[u])) for u in range(units)]
            h = [times(o[u], tanh(c[u])) for u in range(units)]
        given = given + h if every else h
    return given

def mix(v):
    v = (v ^ 0x9E3779B9) * 0x85EBCA6B % 2**32
    v = (v ^ v >> 13) * 0xC2B2AE35 % 2**32
    return v ^ v >> 16

def echo_state(sizes, x, take):
    steps, inputs, units, connections, seed, leak, every = sizes
    weights, state = [take(inputs) for _ in range(units)], [take(connections) for _ in range(units)]
    bias, h, given = take(units), [0.0] * units, []
    for step in range(steps):
        sums = []
        for u in range(units):
            first = mix(seed ^ mix(u))
            start, stride = first * units >> 32, 1 + (mix(first) * (units // connections) >> 32)
            of_input = dot(bias[u], zip(weights[u], x[step * inputs:]))
            sums.append(dot(of_input, [(w, h[(start + k * stride) % units]) for k, w in enumerate(state[u])]))
        h = [plus(times(f32(1 - leak), a), times(leak, tanh(z))) for a, z in zip(h, sums)]
        given = given + h if every else h
    return given

def pool(kind, values):
    if kind == 0:
        return max(values)
    total = 0.0
    for value in values:
        total = f32(total + value)
    return f32(total / len(values))

def run(layer, x, take):
    kind, *fields = layer
    if kind == 0:
        for inner in fields[0]:
            x = run(inner, x, take)
        return x
    if kind == 1:
        inputs, outputs, function = fields
        rows, bias = [take(inputs) for _ in range(outputs)], take(outputs)
        return apply(function, [dot(b, zip(row, x)) for b, row in zip(bias, rows)])
    if kind == 2:
        powers = [f32(math.exp(v - max(x))) for v in x]
        return [p / sum(powers) for p in powers]
    if kind in (3, 14):
        channels = fields[0] if kind == 3 else fields[0][2]
        means, scales = take(channels), take(channels)
        return [f32(f32(v - means[i % channels]) * scales[i % channels]) for i, v in enumerate(x)]
    if kind == 4:
        return [f32(fields[1] * v) for v in x]
    if kind == 6:
        return x
    if kind == 7:
        slides, seen, function = fields
        channels, filters, cells = slides[0][2], slides[1][2], slides[2][0] * slides[2][1]
        weights, bias = [take(cells * seen) for _ in range(filters)], take(filters)
        first = lambda o: o // (filters * seen // channels) * seen
        pairs = lambda o, met: [(weights[o][k * seen + c], x[at + first(o) + c]) for k, at in met for c in range(seen)]
        return apply(function, [dot(bias[o], pairs(o, met)) for met in meetings(slides) for o in range(filters)])
    if kind == 8:
        slides, function = fields
        channels, filters, cells = slides[0][2], slides[1][2], slides[2][0] * slides[2][1]
        weights, bias = [take(filters) for _ in range(cells)], take(filters)
        pairs = lambda o, met: [(weights[k][o], x[at + o // (filters // channels)]) for k, at in met]
        return apply(function, [dot(bias[o], pairs(o, met)) for met in meetings(slides) for o in range(filters)])
    if kind == 9:
        channels = range(fields[0][0][2])
        return [pool(fields[1], [x[at + c] for _, at in met]) for met in meetings(fields[0]) for c in channels]
    if kind == 10:
        channels = fields[0][2]
        return [pool(fields[1], x[c::channels]) for c in range(channels)]
    if kind == 11:
        (_, _, channels), function = fields
        scales, shifts = take(channels), take(channels)
        return apply(function, [f32(f32(scales[i % channels] * v) + shifts[i % channels]) for i, v in enumerate(x)])
    if kind == 12:
        body, shortcut, function = fields
        long = run(body, x, take)
        short = run(shortcut, x, take) if shortcut else x
        return apply(function, [f32(a + b) for a, b in zip(long, short, strict=True)])
    if kind == 15:
        return recurrent(*fields, x, take)
    if kind == 16:
        return echo_state(fields, x, take)
    if kind == 17:
        slides, table, function = fields
        seen = [[c for c in range(64) if sees >> c & 1] for sees in table]
        cells = slides[2][0] * slides[2][1]
        weights, bias = [[take(cells) for _ in channels] for channels in seen], take(len(seen))
        pairs = lambda o, met: [(w[k], x[at + c]) for c, w in zip(seen[o], weights[o]) for k, at in met]
        return apply(function, [dot(bias[o], pairs(o, met)) for met in meetings(slides) for o in range(len(seen))])
    if kind == 18:
        inputs, outputs, codes = fields
        words = -(-inputs // 64)
        code = lambda o: [codes[o * words + i // 64] >> i % 64 & 1 or -1 for i in range(inputs)]
        off = lambda o: [f32(v - c) for v, c in zip(x, code(o))]
        return [-dot(0.0, zip(off(o), off(o))) for o in range(outputs)]
    (first, ahead), (second, behind) = [(run(branch, x, take), channels_of(branch)) for branch in fields]
    cells = zip(range(0, len(first), ahead), range(0, len(second), behind), strict=True)
    return [v for a, b in cells for v in first[a:a + ahead] + second[b:b + behind]]

def channels_of(layer):
    """Number of channels of a layer's output."""
    kind, *fields = layer
    if kind == 0:
        return channels_of(fields[0][-1])
    if kind == 13:
        return channels_of(fields[0]) + channels_of(fields[1])
    if kind in (7, 8, 9, 17):
        return fields[0][1][2]
    if kind in (15, 16):
        return fields[2][2] if kind == 15 else fields[2]
    return {1: lambda: fields[1], 18: lambda: fields[1], 6: lambda: fields[1][2], 12: lambda: channels_of(fields[0])}.get(
        kind, lambda: fields[0] if isinstance(fields[0], int) else fields[0][2])()

assert fixed(8) == b"neurona\0", "no model file"
version = varint()
assert version in (1, 2), "of another version"
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
targets = read_list(lambda: read_bytes().decode()) if version > 1 else []
golden_input, golden_output, padding, tensors = [read_bytes() for _ in range(4)]
assert place == len(data) and (len(data) - len(tensors)) % 16 == 0 and not any(padding)
values = iter(floats(tensors))
output = run(network, floats(golden_input), lambda count: [next(values) for _ in range(count)])
assert next(values, None) is None, "values are left"
difference = max(abs(a - b) / max(abs(b), 1e-30) for a, b in zip(output, floats(golden_output), strict=True))
print(f"{name}: {len(layers)} layers, {len(labels)} labels, {loss}, metrics {metrics}, targets {targets}, largest relative difference {difference:.1e}")
sys.exit(difference > 1e-5)

"""Averages what boards have learned with a strategy of Flower (https://flower.ai), for fleets that outgrow `neurona merge`.

    pip install flwr
    python flower.py records/*.delta --out round.delta
    neurona merge digits.neurona round.delta --out digits-2.neurona

A record of a board (the format is in `neurona::federated`) becomes the reply of a Flower client: one array, the differences, and
the number of examples. The strategy makes one array of all replies, which is written as a record again, so that the model file is
written by the command that checks it.

In a fleet a gateway is the client, `reply` is what its `fit` answers with for a board, and the server runs the strategy as it is
here. Written for flwr 1.42.
"""

import argparse
import struct
import sys
import zlib

import numpy as np
from flwr.common import Code, FitRes, Status, ndarrays_to_parameters, parameters_to_ndarrays
from flwr.server.strategy import FedAvg, FedMedian, FedTrimmedAvg

STRATEGIES = {"fedavg": FedAvg, "fedmedian": FedMedian, "fedtrimmedavg": FedTrimmedAvg}
# magic, version, length, crc; then fingerprint, base, examples, precision, and in version 2 the number of values.
HEAD, BODY, VALUES = struct.Struct("<8sBII"), struct.Struct("<QIIB"), struct.Struct("<I")
BLOCK = 64


def read(path):
    """Fingerprint, checksum of the base, examples and differences of a record."""
    data = open(path, "rb").read()
    if len(data) < HEAD.size + BODY.size + VALUES.size or data[:8] != b"nrn-diff" or data[8] not in (1, 2):
        raise ValueError(f"{path}: not a record of what a board has learned")
    _, version, length, crc = HEAD.unpack_from(data)
    if length != len(data) or crc != checksum(data):
        raise ValueError(f"{path}: damaged")
    fingerprint, base, examples, precision = BODY.unpack_from(data, HEAD.size)
    at, size, shift = HEAD.size + BODY.size, 0, 0
    values = None
    if version > 1:
        (values,), at = VALUES.unpack_from(data, at), at + VALUES.size
    while True:  # a varint
        size |= (data[at] & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if not data[at - 1] & 0x80:
            break
    body = data[at:]
    if len(body) != size:
        raise ValueError(f"{path}: malformed")
    return fingerprint, base, examples, differences(body, precision, values)


def differences(body, precision, values):
    if precision == 0:
        return np.frombuffer(body, "<f4")
    blocks, at, done = [], 0, 0
    while at < len(body):
        (scale,), at = struct.unpack_from("<f", body, at), at + 4
        size = min(BLOCK, len(body) - at if values is None else values - done)
        if values is not None and scale == 0:  # nothing was learned of it
            blocks.append(np.zeros(size, "<f4"))
        else:
            blocks.append(np.frombuffer(body, np.int8, size, at) * np.float32(scale))
            at += size
        done += size
    return np.concatenate(blocks).astype("<f4")


def checksum(data):
    """CRC-32 of every byte but its own four."""
    return zlib.crc32(data[17:], zlib.crc32(data[:13]))


def write(path, fingerprint, base, examples, values):
    body = np.asarray(values, "<f4").tobytes()
    size, varint = len(body), b""
    while size >= 0x80:
        varint, size = varint + bytes([size & 0x7F | 0x80]), size >> 7
    rest = BODY.pack(fingerprint, base, min(examples, 2**32 - 1), 0) + VALUES.pack(len(values))
    rest += varint + bytes([size]) + body
    before = struct.pack("<8sBI", b"nrn-diff", 2, HEAD.size + len(rest))
    with open(path, "wb") as file:
        file.write(before + struct.pack("<I", zlib.crc32(rest, zlib.crc32(before))) + rest)


def reply(examples, values):
    """What a client answers a round of training with."""
    return FitRes(Status(Code.OK, ""), ndarrays_to_parameters([values]), examples, metrics={})


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("records", nargs="+")
    arguments.add_argument("--out", required=True)
    arguments.add_argument("--strategy", choices=STRATEGIES, default="fedavg")
    arguments = arguments.parse_args()
    records = [read(path) for path in arguments.records]
    of = {record[:2] for record in records}
    if len(of) > 1:
        sys.exit("the records are of several networks, or from several model files")
    ((fingerprint, base),) = of
    records = [record for record in records if record[2] > 0 and np.isfinite(record[3]).all()]
    replies = [(None, reply(*record[2:])) for record in records]
    parameters, _ = STRATEGIES[arguments.strategy]().aggregate_fit(1, replies, [])
    if parameters is None:
        sys.exit("none of the records can be averaged")
    (values,) = parameters_to_ndarrays(parameters)
    write(arguments.out, fingerprint, base, sum(record[2] for record in records), values)


if __name__ == "__main__":
    main()

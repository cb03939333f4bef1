"""Writes testdata/libzstd.zst: a frame of the reference implementation in which blocks
describe, repeat and leave out the tables of their codes, for TestRecutLibzstd.

frame.py FILE
"""
import random
import struct
import sys

import pyarrow as pa


def text(s):
    return struct.pack("<I", len(s)) + s


def content():
    rng = random.Random(5)
    out = b"".join(text(b"lead-%09d" % i) for i in range(3000))
    out += b"".join(text(b"+91%010d" % rng.randrange(6 * 10**9, 10**10)) for _ in range(3000))
    out += b"".join(struct.pack("<q", 1672531200000000 + i * 13000000) for i in range(5000))
    out += bytes(140000)
    out += b"".join(text(b"user%d@example.%s" % (rng.randrange(10**8), rng.choice([b"com", b"in", b"org"]))) for _ in range(2000))
    out += b"".join(text(rng.choice([b"asked discount", b"visit monday", b"no answer"]) + rng.choice([b" price", b" too high"])) for _ in range(3000))
    return out


with open(sys.argv[1], "wb") as f:
    f.write(pa.Codec("zstd", compression_level=19).compress(content(), asbytes=True))

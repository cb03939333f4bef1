"""Files of other writers, and the judgement of another implementation.

files.py make DIR            writes DIR/*.parquet, the same people in many shapes
files.py spark DIR           adds files written by Apache Spark (needs pyspark and Java)
files.py small DIR           writes the few that are kept under testdata
files.py check BEFORE AFTER ROWS
                             exits 1 unless AFTER is BEFORE without the rows (comma
                             separated, from 0) for pyarrow and for DuckDB

Every row of a file has a text that no other row has: kj, the row in seven digits, q.
"""
import datetime
import decimal
import math
import os
import struct
import sys
import uuid

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

ROWS = 240
GROUP = 80


def token(i):
    return f"kj{i:07d}q"


def columns(i):
    """One row: a value for each way of storing one. None where it is null."""
    score = [float("nan"), -0.0, 0.0, i / 3, None, float("inf")][i % 6]
    return {
        "id": i,
        "email": token(i) + "@example.com",
        "name": None if i % 5 == 4 else f"name {i // 2}",
        "city": ["Pune", "Kochi", "Surat"][i % 3],
        "small": i % 7 - 3,
        "score": score,
        "half": None if i % 4 == 3 else i / 7,
        "ok": [True, False, None][i % 3],
        "money": decimal.Decimal(i * 101 - 5000).scaleb(-2),
        "large": None if i % 9 == 0 else decimal.Decimal(i) ** 7 * (-1) ** i,
        "day": datetime.date(2024, 1, 1) + datetime.timedelta(days=i % 300),
        "at": datetime.datetime(2024, 1, 1) + datetime.timedelta(seconds=i * 1001, microseconds=i),
        "clock": datetime.time(i % 24, i % 60, 1, i),
        "raw": None if i % 8 == 1 else struct.pack(">q", i) + b"\xff" * (i % 3),
        "fixed": uuid.UUID(int=i * 7919 << 64 | i).bytes,
        "note": None if i % 3 == 0 else "x" * (i % 40) + token(i),
        "tags": None if i % 7 == 6 else [token(i), None][: i % 3],
        "items": [{"key": f"k{k}", "value": token(i) if k else None, "n": k} for k in range(i % 4)],
        "attrs": [(f"a{k}", token(i)) for k in range(i % 2)],
        "geo": None if i % 6 == 0 else {"country": "IN", "city": token(i) if i % 2 else None},
        "nothing": None,
    }


SCHEMA = pa.schema(
    [
        pa.field("id", pa.int64(), nullable=False),
        pa.field("email", pa.string(), nullable=False),
        ("name", pa.string()),
        ("city", pa.string()),
        ("small", pa.int16()),
        ("score", pa.float64()),
        ("half", pa.float32()),
        ("ok", pa.bool_()),
        ("money", pa.decimal128(9, 2)),
        ("large", pa.decimal128(38, 0)),
        ("day", pa.date32()),
        ("at", pa.timestamp("us")),
        ("clock", pa.time64("us")),
        ("raw", pa.binary()),
        ("fixed", pa.binary(16)),
        ("note", pa.large_string()),
        ("tags", pa.list_(pa.string())),
        ("items", pa.list_(pa.struct([("key", pa.string()), ("value", pa.string()), ("n", pa.int32())]))),
        ("attrs", pa.map_(pa.string(), pa.string())),
        ("geo", pa.struct([("country", pa.string()), ("city", pa.string())])),
        ("nothing", pa.string()),
    ],
    metadata={"exported for": token(1) + "@example.com"},
)


def table(n=ROWS, skip=()):
    rows = [columns(i) for i in range(n)]
    names = [f for f in SCHEMA.names if f not in skip]
    return pa.table({f: pa.array([r[f] for r in rows], SCHEMA.field(f).type) for f in names}, schema=pa.schema([SCHEMA.field(f) for f in names], metadata=SCHEMA.metadata))


DELTA = {
    "id": "DELTA_BINARY_PACKED", "small": "DELTA_BINARY_PACKED", "at": "DELTA_BINARY_PACKED", "day": "DELTA_BINARY_PACKED",
    "email": "DELTA_BYTE_ARRAY", "note": "DELTA_LENGTH_BYTE_ARRAY", "raw": "DELTA_BYTE_ARRAY", "fixed": "DELTA_BYTE_ARRAY",
    "score": "BYTE_STREAM_SPLIT", "half": "BYTE_STREAM_SPLIT", "large": "BYTE_STREAM_SPLIT", "ok": "RLE",
}
SPLIT = {"id": "BYTE_STREAM_SPLIT", "fixed": "BYTE_STREAM_SPLIT", "at": "BYTE_STREAM_SPLIT", "money": "BYTE_STREAM_SPLIT"}


def arrow(path, n=ROWS, group=GROUP, skip=(), **options):
    options = {"compression": "zstd", "data_page_size": 700, "write_batch_size": 8, **options}
    pq.write_table(table(n, skip), path, row_group_size=group, **options)


def make(folder):
    for codec in ["none", "snappy", "gzip", "zstd", "lz4", "brotli"]:
        for version in ["1.0", "2.0"]:
            for index in [False, True]:
                name = f"{folder}/arrow_{codec}_v{version[0]}_{'index' if index else 'plain'}.parquet"
                arrow(name, compression=codec, data_page_version=version, write_page_index=index)
    for version in ["1.0", "2.0"]:
        v = version[0]
        arrow(f"{folder}/arrow_delta_v{v}.parquet", use_dictionary=False, column_encoding=DELTA, data_page_version=version, write_page_index=True)
        arrow(f"{folder}/arrow_split_v{v}.parquet", use_dictionary=False, column_encoding=SPLIT, data_page_version=version)
        arrow(f"{folder}/arrow_nodict_v{v}.parquet", use_dictionary=False, write_page_index=True, data_page_version=version)
        arrow(f"{folder}/arrow_fallback_v{v}.parquet", dictionary_pagesize_limit=300, write_page_index=True, data_page_version=version)
        arrow(f"{folder}/arrow_onepage_v{v}.parquet", data_page_size=1 << 20, data_page_version=version)
    arrow(f"{folder}/arrow_checksum.parquet", write_page_checksum=True)
    arrow(f"{folder}/arrow_nostats.parquet", write_statistics=False)
    arrow(f"{folder}/arrow_somestats.parquet", write_statistics=["email", "score"], write_page_index=True)
    arrow(f"{folder}/arrow_noschema.parquet", store_schema=False, version="1.0")
    # Spark and Hive of old: INT96 times, decimals as fixed bytes, lists of their own shape.
    arrow(f"{folder}/arrow_int96.parquet", use_deprecated_int96_timestamps=True, compression="snappy", use_compliant_nested_type=False, store_decimal_as_integer=False)
    arrow(f"{folder}/arrow_decimals.parquet", store_decimal_as_integer=True, sorting_columns=[pq.SortingColumn(0)], write_page_index=True)
    # ClickHouse-like: version 2.6, lz4, large groups, no dictionary, plain strings as binary.
    arrow(f"{folder}/clickhouse.parquet", compression="lz4", group=ROWS, use_dictionary=["city"], write_page_index=True, store_schema=False)
    arrow(f"{folder}/arrow_empty_groups.parquet", n=0)
    with pq.ParquetWriter(f"{folder}/arrow_zero_group.parquet", SCHEMA, compression="snappy") as w:
        for part in [table(30), table(0), table(30).slice(0, 0), table(40).slice(30)]:
            w.write_table(part)
    try:
        arrow(f"{folder}/arrow_bloom.parquet", bloom_filter_options={"email": {"ndv": 100, "fpp": 0.01}, "city": {"ndv": 10, "fpp": 0.01}, "id": True})
    except TypeError:
        print("this pyarrow writes no bloom filters")
    duck(folder)


def duck(folder):
    con = duckdb.connect()
    t = table()
    con.register("people", t)
    for codec in ["uncompressed", "snappy", "gzip", "zstd", "lz4_raw", "brotli"]:
        for version in ["V1", "V2"]:
            con.execute(f"COPY people TO '{folder}/duckdb_{codec}_{version}.parquet' (FORMAT parquet, CODEC {codec}, ROW_GROUP_SIZE 2048, PARQUET_VERSION {version})")
    many = 9000
    con.execute(f"""COPY (SELECT i AS id, 'kj' || lpad(i::VARCHAR, 7, '0') || 'q@example.com' AS email, i % 11 AS small, uuid() AS uuid,
        CASE WHEN i % 3 > 0 THEN 'city ' || (i % 13) END AS city, i * 0.5 AS score, [i, NULL, i + 1] AS list, {{'a': i, 'b': 'kj' || lpad(i::VARCHAR, 7, '0') || 'q'}} AS pair,
        i::HUGEINT * 1000000007 AS large, (i % 200)::UTINYINT AS tiny, INTERVAL (i) DAY AS span
        FROM range({many}) t(i)) TO '{folder}/duckdb_groups.parquet' (FORMAT parquet, CODEC zstd, ROW_GROUP_SIZE 2048)""")


def small(folder):
    for version in ["1.0", "2.0"]:
        arrow(f"{folder}/pages_v{version[0]}.parquet", n=48, group=24, skip=("large", "raw", "attrs"), data_page_version=version, write_page_index=True, data_page_size=200,
              bloom_filter_options={"email": {"ndv": 24, "fpp": 0.1}, "city": {"ndv": 3, "fpp": 0.1}})
    arrow(f"{folder}/int96.parquet", n=48, group=24, skip=("items", "attrs", "geo", "tags", "raw"), use_deprecated_int96_timestamps=True, compression="lz4", store_decimal_as_integer=False)
    arrow(f"{folder}/delta.parquet", n=48, group=24, skip=("attrs", "geo", "tags"), use_dictionary=False, column_encoding=DELTA, compression="brotli")


def spark(folder):
    from pyspark.sql import SparkSession
    from pyspark.sql import functions as F

    s = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").config("spark.sql.shuffle.partitions", "1").getOrCreate()
    s.sparkContext.setLogLevel("ERROR")
    text = F.concat(F.lit("kj"), F.lpad(F.col("id").cast("string"), 7, "0"), F.lit("q"))
    df = s.range(0, ROWS, 1, 1).select(
        "id", F.concat(text, F.lit("@example.com")).alias("email"), F.when(F.col("id") % 3 > 0, F.concat(F.lit("city "), (F.col("id") % 5).cast("string"))).alias("city"),
        (F.col("id") * 1.01).cast("decimal(9,2)").alias("money"), (F.col("id") * 3).cast("decimal(30,5)").alias("large"), F.timestamp_seconds(F.col("id") * 1001).alias("at"),
        F.array(text, F.lit(None).cast("string")).alias("tags"), F.create_map(F.lit("a"), text).alias("attrs"), F.struct(text.alias("who"), (F.col("id") % 2 == 0).alias("even")).alias("geo"),
        F.array(F.struct(F.lit("k").alias("key"), text.alias("value"))).alias("items"), (F.col("id") / 7).alias("score"), F.date_add(F.lit("2024-01-01"), (F.col("id") % 300).cast("int")).alias("day"))
    for codec in ["snappy", "zstd", "gzip", "lz4", "lz4_raw", "uncompressed"]:
        for extra in [{}, {"parquet.writer.version": "PARQUET_2_0"}, {"parquet.page.size": "600", "parquet.page.row.count.limit": "20", "parquet.bloom.filter.enabled#email": "true", "parquet.bloom.filter.expected.ndv#email": "100"}]:
            if extra and codec not in ("snappy", "zstd"):
                continue
            w = df.coalesce(1).write.mode("overwrite").option("compression", codec)
            for k, v in extra.items():
                w = w.option(k, v)
            for old in ["INT96", "TIMESTAMP_MICROS"]:
                s.conf.set("spark.sql.parquet.outputTimestampType", old)
                name = f"{folder}/spark_{codec}_{len(extra)}_{old[:5]}"
                try:
                    w.parquet(name)
                except Exception as e:
                    print(name, "not written:", str(e).splitlines()[0])
                    continue
                part = [f for f in os.listdir(name) if f.endswith(".parquet")][0]
                os.rename(f"{name}/{part}", name + ".parquet")
    s.stop()


def same(a, b):
    """Equal to the bit: NaN is NaN, -0 is not 0."""
    if isinstance(a, float) and isinstance(b, float):
        return struct.pack("d", a) == struct.pack("d", b) or math.isnan(a) and math.isnan(b)
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return isinstance(b, (list, tuple)) and len(a) == len(b) and all(same(x, y) for x, y in zip(a, b))
    return type(a) is type(b) and a == b


def compare(what, before, after, gone):
    want = [r for i, r in enumerate(before) if i not in gone]
    if len(want) != len(after):
        sys.exit(f"{what}: {len(after)} rows, want {len(want)}")
    for i, (a, b) in enumerate(zip(want, after)):
        if not same(a, b):
            sys.exit(f"{what}: row {i} differs:\n{a}\n{b}")


def bounds(path):
    """Statistics must hold for what is in the file."""
    f = pq.ParquetFile(path)
    for g in range(f.num_row_groups):
        for c in range(f.metadata.num_columns):
            col = f.metadata.row_group(g).column(c)
            st = col.statistics
            if st is None or "." in col.path_in_schema:
                continue
            vals = f.read_row_group(g, columns=[col.path_in_schema]).column(0)
            if st.has_null_count and st.null_count != vals.null_count:
                sys.exit(f"{path}: {col.path_in_schema} counts {st.null_count} nulls, has {vals.null_count}")
            if st.has_min_max:
                real = [v for v in vals.to_pylist() if v is not None and v == v]
                real = [v.bytes if isinstance(v, uuid.UUID) else v for v in real]
                if real and not (st.min <= min(real) and max(real) <= st.max):
                    sys.exit(f"{path}: {col.path_in_schema} has the bounds {st.min} {st.max}, and values {min(real)} {max(real)}")


UNREAD = set()


def check(before, after, rows):
    gone = {int(r) for r in rows.split(",")}
    a, b = pq.ParquetFile(before), pq.ParquetFile(after)
    if not a.schema.equals(b.schema) or str(a.schema).split("\n")[1:] != str(b.schema).split("\n")[1:]:
        sys.exit("the schema changed")
    if {k for k in a.schema_arrow.metadata or {}} != {k for k in b.schema_arrow.metadata or {}}:
        sys.exit("the key-value metadata changed")
    if b.metadata.num_rows != a.metadata.num_rows - len(gone):
        sys.exit("the footer counts other rows")
    compare("pyarrow", a.read().to_pylist(), b.read().to_pylist(), gone)
    bounds(after)
    con = duckdb.connect()
    try:
        old = con.execute(f"SELECT * FROM '{before}'").fetchall()
    except Exception as e:  # a file that DuckDB cannot read before either
        UNREAD.add(f"{os.path.basename(before)}: DuckDB does not read it: {str(e).splitlines()[0]}")
        return
    compare("DuckDB", old, con.execute(f"SELECT * FROM '{after}'").fetchall(), gone)
    left = [i for i in range(len(old)) if i not in gone]
    names = [d[0] for d in con.execute(f"DESCRIBE SELECT * FROM '{after}'").fetchall()]
    for i in left[:: max(1, len(left) // 8)]:  # through statistics, indexes and bloom filters
        if "email" in names and con.execute(f"SELECT id FROM '{after}' WHERE email = '{token(i)}@example.com'").fetchall() != [(i,)]:
            sys.exit(f"DuckDB does not find row {i} by its e-mail address")
        if con.execute(f"SELECT count(*) FROM '{after}' WHERE id = {i}").fetchone() != (1,):
            sys.exit(f"DuckDB does not find row {i} by its id")


def check_all(folder):
    """Lines "BEFORE AFTER ROWS" from stdin, so that Python starts once."""
    for line in sys.stdin:
        before, after, rows = line.split()
        try:
            check(before, after, rows)
        except SystemExit as e:
            print(f"FAIL {before} without {rows[:40]}: {e}")
        except Exception as e:
            print(f"FAIL {before} without {rows[:40]}: {type(e).__name__} {e}")
    print("\n".join(sorted(UNREAD)))


if __name__ == "__main__":
    {"make": make, "small": small, "spark": spark, "check": check, "all": check_all}[sys.argv[1]](*sys.argv[2:])

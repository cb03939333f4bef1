"""The DuckDB side of `make bench-parquet`.

bench.py make DIR                  writes DIR/duckdb.parquet (one page a chunk) and
                                   DIR/arrow.parquet (pages of 1 MiB), the same rows
bench.py copy FROM TO IDS          COPY without the ids of the file IDS; prints wall
                                   and CPU seconds
bench.py same A B                  exits 1 unless A and B hold equal rows, A in the order of id
bench.py read FILE COLUMNS         decodes columns on one thread to Arrow batches; prints wall and CPU
"""
import os
import sys
import time

import duckdb

ROWS = int(os.environ.get("BENCH_ROWS", 5_000_000))
GROUP = ROWS // 50


def pick(words, k):
    return "(" + str(words) + f")[1 + h(i + {k}) % {len(words)}]"


WORDS = """please call back about the order price is too high wants a quote for hundred pieces sent catalogue
no answer visit monday office asked discount delivery late invoice paid interested""".split()

QUERY = f"""
SELECT i AS id,
  'lead-' || lpad(CAST(i AS VARCHAR), 9, '0') AS lead_id,
  '+91' || CAST(6000000000 + h(i) % 3999999999 AS VARCHAR) AS phone,
  'user' || CAST(h(i + 7) % 100000000 AS VARCHAR) || '@example.' || {pick(['com', 'in', 'org'], 20)} AS email,
  {pick(['Asha', 'Ravi', 'Meera', 'Vikram', 'Sunita', 'Arjun', 'Kavya', 'Rohan'], 1)} || ' ' ||
    {pick(['Patel', 'Sharma', 'Iyer', 'Khan', 'Das', 'Rao', 'Nair', 'Gupta'], 2)} AS name,
  {pick(['Mumbai', 'Delhi', 'Chennai', 'Pune', 'Kolkata', 'Surat', 'Jaipur', 'Kochi', 'Indore', 'Nagpur'], 3)} AS city,
  {pick(['indiamart', 'justdial', 'facebook', 'google', 'walk-in'], 4)} AS source,
  {pick(['new', 'contacted', 'qualified', 'won', 'lost'], 5)} AS status,
  'agent-' || CAST(h(i + 6) % 400 AS VARCHAR) AS owner,
  TIMESTAMP '2023-01-01' + INTERVAL (i * 13) SECOND AS created_at,
  TIMESTAMP '2023-01-01' + INTERVAL (i * 13 + h(i + 8) % 100000) SECOND AS updated_at,
  CAST(h(i + 9) % 1000000 AS DECIMAL(12, 2)) / 100 AS amount,
  CAST(h(i + 10) % 1000 AS DOUBLE) / 7 AS score,
  CAST(h(i + 11) % 100 AS INTEGER) AS attempts,
  h(i + 12) % 5 = 0 AS opted_in,
  CASE WHEN h(i + 13) % 4 > 0 THEN array_to_string(list_transform(range(2 + h(i + 14) % 6),
    lambda x: ({WORDS})[1 + h(i * 8 + x) % {len(WORDS)}]), ' ') END AS note,
  substr(md5(CAST(i AS VARCHAR)), 1, 24) AS session,
  'https://shop.example.in/p/' || CAST(h(i + 18) % 5000 AS VARCHAR) || '?gclid=' ||
    substr(md5(CAST(i + 3 AS VARCHAR)), 1, 28) AS url,
  {pick(['en', 'hi', 'ta', 'mr', 'gu'], 19)} AS lang,
  DATE '2023-01-01' + CAST(i // 5000 AS INTEGER) AS day
FROM range({ROWS}) t(i) ORDER BY i"""

WRITE = f"(FORMAT parquet, CODEC zstd, ROW_GROUP_SIZE {GROUP})"


def timed(fn):
    wall, cpu = time.time(), time.process_time()
    fn()
    print(f"{time.time() - wall:.4f} {time.process_time() - cpu:.4f}")


def make(folder):
    import pyarrow as pa
    import pyarrow.parquet as pq

    first, second = folder + "/duckdb.parquet", folder + "/arrow.parquet"
    con = duckdb.connect()
    con.execute("CREATE MACRO h(x) AS CAST(hash(x) % 9000000007 AS BIGINT)")
    con.execute(f"COPY ({QUERY}) TO '{first}.tmp' {WRITE}")
    os.rename(first + ".tmp", first)
    old = pq.ParquetFile(first)
    with pq.ParquetWriter(second + ".tmp", old.schema_arrow, compression="zstd", data_page_size=1 << 20, write_page_index=True) as new:
        for batch in old.iter_batches(batch_size=GROUP):
            new.write_table(pa.Table.from_batches([batch]), row_group_size=GROUP)
    os.rename(second + ".tmp", second)


def copy(source, target, ids):
    con = duckdb.connect()
    con.execute(f"CREATE TABLE gone AS SELECT column0 AS id FROM read_csv('{ids}', header = false, columns = {{'column0': 'BIGINT'}})")
    timed(lambda: con.execute(f"COPY (SELECT * FROM '{source}' WHERE id NOT IN (SELECT id FROM gone)) TO '{target}' {WRITE}"))


def same(a, b):
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    con = duckdb.connect()
    sums = [con.execute(f"SELECT count(*), bit_xor(hash(t, 1)), sum(hash(t) % 1000003), min(id), max(id) FROM '{f}' t").fetchone() for f in (a, b)]
    kinds = [con.execute(f"DESCRIBE SELECT * FROM '{f}'").fetchall() for f in (a, b)]
    if sums[0] != sums[1] or kinds[0] != kinds[1]:
        sys.exit(f"the results differ: {sums}")
    ids = pq.read_table(a, columns=["id"]).column("id").combine_chunks()  # DuckDB's result may be in another order
    if not pc.all(pc.less(ids[:-1], ids[1:])).as_py():
        sys.exit("the rows that stay are in another order")


def read(file, columns):
    con = duckdb.connect()
    con.execute("SET threads = 1")

    def drain():
        for _ in con.execute(f"SELECT {columns} FROM '{file}'").fetch_record_batch(16384):
            pass

    timed(drain)


if __name__ == "__main__":
    {"make": make, "copy": copy, "same": same, "read": read}[sys.argv[1]](*sys.argv[2:])

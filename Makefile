# sutra: build, test and try. The only thing needed beforehand is Go.
GO      ?= go
BIN     ?= bin/sutra
PEOPLE  ?= 2000
FUZZ    ?= 20000x

.PHONY: build demo install test race bench bench-sql bench-identity bench-parquet bench-access bench-recordings interop-parquet lint fuzz contract contract-s3 contract-postgres contract-mysql s3 clean

build:
	$(GO) build -trimpath -o $(BIN) ./cmd/sutra

demo: build
	$(BIN) demo sutra-demo --people $(PEOPLE)

# Debian packages that the tests need (database servers), where they are missing.
install:
	@.ci/install

test: install lint
	$(GO) test -timeout 30m ./...

# With -short the properties are tried on a fifth of the cases: make test tries them all.
# What cuts the bytes of one page has no second goroutine, and takes minutes here.
race:
	$(GO) test -race -short -skip '^Test(Recut(Libzstd|AtRandom)?|Aligned)$$' -timeout 20m ./lineage ./pipeline/... ./connectors/all ./connectors/blob ./connectors/crm ./connectors/files ./connectors/format ./connectors/format/parquet ./connectors/recordings

lint:
	@out="$$(gofmt -l cmd connectors lineage pipeline)"; if [ -n "$$out" ]; then echo "not formatted: $$out"; exit 1; fi
	$(GO) vet ./...

bench:
	$(GO) test -run '^$$' -bench . -benchtime 1x ./...

# Who is one person, on an adversarial company: precision, recall, largest subject.
bench-identity:
	$(GO) test -run '^$$' -bench '^BenchmarkIdentity$$' -benchtime 1x ./pipeline

# Erasing rows of a Parquet file of five million, beside DuckDB and beside a copy; then the
# bytes that the commands move when one row of it in a bucket is erased.
# It wants Python and 3 GB in BENCH_DIR; BENCH_ROUNDS is how often each is done.
BENCH_DIR    ?= $(or $(TMPDIR),/tmp)/sutra-bench-parquet
BENCH_ROUNDS ?= 3
bench-parquet:
	@mkdir -p $(BENCH_DIR)
	PARQUET_PYTHON=$$(connectors/format/parquet/interop/venv.sh $(BENCH_DIR)/venv) BENCH_DIR=$(BENCH_DIR) BENCH_ROUNDS=$(BENCH_ROUNDS) \
	  $(GO) test -tags interop -run '^$$' -bench '^BenchmarkDuckDB$$' -benchtime 1x -timeout 2h ./connectors/format/parquet
	SUTRA_BENCH_FILES=$(BENCH_DIR) $(GO) test -run '^$$' -bench '^BenchmarkTrafficOfOneErasure$$' -benchtime 1x -timeout 1h ./cmd/sutra

# The access bundle of a person with 100,000 records, beside Fides' own package builder
# on 20,000 of them. It wants Python, and a few minutes for pip.
bench-access:
	@mkdir -p $(BENCH_DIR)
	FIDES_PYTHON=$$(cmd/sutra/interop/venv.sh $(BENCH_DIR)/fides) \
	  $(GO) test -tags interop -run '^$$' -bench '^BenchmarkFides$$' -benchtime 1x -timeout 1h ./cmd/sutra

# A bucket of RECORDINGS call recordings that nobody has to store: scan, scan again, plan
# and apply of the retention, verify, each with its time and memory. Ten million take hours.
RECORDINGS ?= 100000
bench-recordings:
	SUTRA_BENCH_RECORDINGS=$(RECORDINGS) $(GO) test -run '^$$' -bench '^BenchmarkRecordings$$' -benchtime 1x -timeout 8h ./cmd/sutra

# Files of PyArrow, DuckDB and parquet-go, erased and judged by PyArrow and DuckDB.
# SPARK=1 adds Spark, which wants Java.
interop-parquet:
	@mkdir -p $(BENCH_DIR)
	PARQUET_PYTHON=$$(connectors/format/parquet/interop/venv.sh $(BENCH_DIR)/venv $(if $(SPARK),pyspark==3.5.7)) PARQUET_SPARK=$(SPARK) \
	  $(GO) test -tags interop -count 1 -run '^TestInterop$$' -v ./connectors/format/parquet

# The CRM's own database: scanning a table of SUTRA_SQL_ROWS leads (5,000,000) against pgx
# alone, scanning again with 1 % changed, and erasing SUTRA_SQL_PEOPLE people (10,000) with
# children in five tables against one transaction a person.
bench-sql: install
	$(GO) test -run '^$$' -bench '^BenchmarkSQL$$' -benchtime 1x -timeout 60m ./cmd/sutra
	$(GO) test -run '^$$' -bench '^Benchmark(Postgres|MariaDB)Erase$$' -benchtime 1x ./connectors/crm

# Every fuzz target, one after the other. FUZZ is a number of runs: a duration makes Go take
# its own deadline for a failure now and then (golang/go#75804).
fuzz:
	@set -e; for pkg in $$($(GO) list ./...); do \
	  for f in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
	    echo "fuzz $$pkg $$f"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZ) -fuzzminimizetime 1x $$pkg; \
	  done; done

# The contract, exercised from outside on a world with a fresh seed. It is a
# separate checkout; CONTRACT says where. SEED repeats a run.
CONTRACT ?= ../shared/contract
SEED     ?= $(shell date +%s)
contract: build
	@if [ ! -d "$(CONTRACT)" ]; then echo "no contract at $(CONTRACT): not run"; exit 0; fi; \
	d=$$(mktemp -d) && trap 'rm -rf '"$$d" EXIT && echo "contract: seed $(SEED)" && \
	python3 "$(CONTRACT)/world.py" $$d/world --seed $(SEED) && python3 "$(CONTRACT)/drive.py" --bin $(abspath $(BIN)) --world $$d/world --kills 4

# The same on the other databases, each started for the run by a program of the tests.
contract-postgres contract-mysql: contract-%: build
	@if [ ! -d "$(CONTRACT)" ]; then echo "no contract at $(CONTRACT): not run"; exit 0; fi; \
	d=$$(mktemp -d) && trap 'rm -rf '"$$d" EXIT && echo "contract on $*: seed $(SEED)" && \
	$(GO) run ./connectors/connectortest/server/run $* -- sh -c 'python3 "$(CONTRACT)/world.py" '"$$d"'/world --seed $(SEED) --crm $* --dsn "$$CRM_DSN" && \
	  python3 "$(CONTRACT)/drive.py" --bin $(abspath $(BIN)) --world '"$$d"'/world --kills 3'

# An S3 server to play with, until it is interrupted: versions, locks, conditional
# writes. It prints the environment to export in another terminal.
s3:
	$(GO) run ./connectors/connectortest/server/run s3

# The contract with every folder of the world in a bucket that keeps versions.
contract-s3: build
	@if [ ! -d "$(CONTRACT)" ]; then echo "no contract at $(CONTRACT): not run"; exit 0; fi; \
	d=$$(mktemp -d) && trap 'rm -rf '"$$d" EXIT && echo "contract on S3: seed $(SEED)" && \
	python3 "$(CONTRACT)/world.py" $$d/world --seed $(SEED) && $(GO) run ./connectors/connectortest/server/run s3 -- sh -c \
	'python3 "$(CONTRACT)/drive.py" --bin $(abspath $(BIN)) --world '"$$d"'/world --store s3 --endpoint "$$AWS_ENDPOINT_URL" --kills 4'

clean:
	rm -rf bin sutra-demo

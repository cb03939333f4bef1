#!/usr/bin/env bash
# Makes a throw-away Python environment with the other implementations that the
# benchmark and the interop tests compare with, and prints its python.
# usage: venv.sh DIR [PACKAGE...]
set -euo pipefail
dir=$1
shift
if [ ! -x "$dir/bin/python" ]; then
  python3 -m venv "$dir"
fi
"$dir/bin/pip" install --quiet --disable-pip-version-check duckdb==1.5.6 pyarrow==26.0.1 pytz "$@" >&2
echo "$dir/bin/python"

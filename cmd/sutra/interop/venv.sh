#!/usr/bin/env bash
# Makes a throw-away Python environment with Fides, which the benchmark of access
# bundles compares with, and prints its python. Fides wants Python 3.10 to 3.13.
# usage: venv.sh DIR
set -euo pipefail
dir=$1
if [ ! -x "$dir/bin/python" ]; then
  python3 -m venv "$dir"
fi
"$dir/bin/pip" install --quiet --disable-pip-version-check ethyca-fides==2.78.2 >&2
echo "$dir/bin/python"

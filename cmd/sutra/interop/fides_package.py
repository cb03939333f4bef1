"""Builds Fides' own access package of the first rows of a table, and tells what it took.

usage: fides_package.py TABLE.csv ROWS

The package builder is Fides' as it is installed. What it would ask its database for is
the heading of the request, which is given here instead. Only the building is timed:
neither the imports nor the reading of the table.
"""

import csv
import io
import json
import resource
import sys
import time
import warnings
import zipfile

warnings.simplefilter("ignore")

from loguru import logger

import fides.api.db.base  # it knows all models, which refer to each other
from fides.api.models.privacy_request import PrivacyRequest
from fides.api.service.privacy_request.dsr_package import dsr_report_builder


def resident() -> int:
    """The memory in use, in bytes."""
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * resource.getpagesize()


def main() -> None:
    logger.remove()
    with open(sys.argv[1], newline="") as f:
        rows = [row for row, _ in zip(csv.DictReader(f), range(int(sys.argv[2])))]
    dsr_report_builder.map_privacy_request = lambda request: {
        "id": request.id, "type": "access", "requested_at": "", "identity": {"email": {"label": "Email", "value": rows[0]["email"]}},
    }
    before, at, cpu = resident(), time.perf_counter(), time.process_time()
    package = dsr_report_builder.DSRReportBuilder(PrivacyRequest(id="request"), {"files:leads": rows}).generate()
    took, cpu = time.perf_counter() - at, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
    data = package.getvalue()
    with zipfile.ZipFile(io.BytesIO(data)) as z:
        page = z.read("data/files/leads/index.html").decode()
    held = sum(page.count(row["at"]) > 0 for row in rows[:: max(1, len(rows) // 50)])
    json.dump({
        "rows": len(rows), "items": page.count("(item #"), "held": held, "seconds": took, "cpu": cpu, "bytes": len(data), "memory": peak - before,
    }, sys.stdout)


main()

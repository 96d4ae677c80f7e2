"""The service beside MLflow with the same forest, without validation, reasons and a log. Three rounds of 10 seconds."""

from pathlib import Path
from tempfile import TemporaryDirectory

from bench import servers
from bench.report import BenchTable
from bench.service import (
    APPROVED,
    COLUMNS,
    DECISIONS_PATH,
    build_load_row,
    find_ratio,
    format_least,
    prepare_store,
    require_wrk,
    run_in_turn,
)

MLFLOW, LEAST = "mlflow models serve", 40


def measure() -> BenchTable:
    """Measure requests per second of both; MLflow gets an environment of its own, which takes a minute or two."""
    require_wrk()
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        store, approved, _, row = prepare_store(folder)
        with servers.run_service(store.url, folder, 1) as one, servers.run_mlflow(row, folder) as mlflow:
            asked = {APPROVED: (one, DECISIONS_PATH, approved, 8), MLFLOW: (mlflow, "/invocations", row, 8)}
            loads = run_in_turn(asked, rounds=3, seconds=10)
        ratio = find_ratio(loads, APPROVED, MLFLOW)
        rows = [build_load_row(name, each) for name, each in loads.items()]
        compared = (f"{APPROVED}, to {MLFLOW}", f"{ratio:.0f} times", "", "", format_least(ratio, LEAST))
        return BenchTable(COLUMNS, [*rows, compared])

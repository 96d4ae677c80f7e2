"""Train candidates on growing samples of the rows, and tell the gain that more rows would bring.

A learning curve of few points: settings and features are those of the candidates as trained, nothing is searched or
cross-validated; the AUC on the test rows is judged. So people see whether `train.rows` is enough.
"""

from pathlib import Path

from credit.common.candidate_names import HEURISTIC
from credit.common.cli import make_stage
from credit.common.params import read_params
from credit.contract import load_contract
from credit.data.sampling import hash_rows, mark_sample
from credit.data.tables import open_table
from credit.learning.curve import GrowSampleParams, list_sizes, measure_learning, read_tables
from credit.reports.candidate import CandidateReport, LearningReport
from credit.training.train import TrainParams


@make_stage(__doc__)
def run(contract_file: Path, train_file: Path, test_file: Path, candidates_folder: Path, report_file: Path) -> None:
    """Write `reports/learning.json`."""
    params, training = read_params(GrowSampleParams, "grow_sample"), read_params(TrainParams, "train")
    contract = load_contract(contract_file).bind(open_table(train_file).schema_arrow.names, str(train_file))
    hashes = hash_rows(contract, train_file)
    reports = {
        name: CandidateReport.read(candidates_folder / f"{name}.json")
        for name in training.candidates
        if name != HEURISTIC
    }
    sizes = list_sizes(len(hashes), training.rows, params)
    tables = read_tables(contract, reports.values(), train_file, test_file, sizes, params.up_to)
    seed = training.cross_validation.seed
    measured = {name: measure_learning(contract, one, seed, tables) for name, one in reports.items()}
    report = LearningReport(
        training_rows=len(hashes),
        trained_on=len(hashes) if training.rows is None else int(mark_sample(hashes, training.rows).sum()),
        candidates={name: one for name, one in measured.items() if one},
    ).round_floats()
    report.write(report_file)
    for name, one in measured.items():
        print(one.finding if one else f"{name}: too few rows of a class for a learning curve")

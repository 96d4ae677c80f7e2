"""The random forest of the pipeline as a model of MLflow. Run in an environment that has mlflow."""

import json
import sys
from pathlib import Path

import pandas as pd

from credit.training.skops_files import list_trusted_types, load_estimator


def main() -> None:
    """Save the model. Arguments: the trained candidate, the design matrix of one application as JSON, the folder."""
    import mlflow.sklearn  # not in this project's own environment

    candidate, row, folder = map(Path, sys.argv[1:])
    columns = json.loads(row.read_text())["dataframe_split"]
    frame = pd.DataFrame(columns["data"], columns=columns["columns"], dtype="float32")
    mlflow.sklearn.save_model(
        load_estimator(candidate, candidate.stem),
        folder,
        input_example=frame,
        pyfunc_predict_fn="predict_proba",
        skops_trusted_types=list_trusted_types(candidate.stem),
    )


if __name__ == "__main__":
    main()

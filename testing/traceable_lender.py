"""A lender whose pipeline takes a second, in which every cause of a move is planted and so known.

The files are those of a real project, and DVC runs them; the stages are a few lines each, with one candidate whose
scores are a sum over features and a little noise by seed. A test plants the cause.
"""

import csv
import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from credit.reports.figures import GroupFigures
from credit.reports.metrics import CandidateMetrics
from testing.lenders.frozen import LENDER, ROOT
from testing.projects import Project

RATIO = "adverse_impact_ratio:race=Black"
RAW, CONTRACT = "data/raw/mine", "data/contracts/mine.yaml"
_COLUMNS = """
  id: {type: integer, role: id, description: number}
  score: {type: number, role: score, threshold: 0, description: score, reason: your score}
  income: {type: number, role: feature, description: income, reason: your income}
  home: {type: number, role: feature, description: home, reason: your home}
  race: {type: category, role: protected, allowed: [white, Black], reference: white, description: group}
  paid: {type: boolean, role: label, favourable: true, description: paid back}
"""
_HEAD = "name: mine\nrow: one loan\nsource: {title: made for a test, licence: none, citation: none}\ncolumns:"

_STAGES = {
    "ingest": f"""
import csv, json, yaml
contract = yaml.safe_load(open("{CONTRACT}"))
features = [name for name, column in contract["columns"].items() if column["role"] in ("score", "feature")]
rows = [row | {{name: float(row[name]) for name in features}} for row in csv.DictReader(open("{RAW}"))]
json.dump({{"features": features, "rows": rows}}, open("data/accepted.json", "w"))
""",
    "train": """
import json, yaml
params = yaml.safe_load(open("params.yaml"))
table = json.load(open("data/accepted.json"))
kept = [name for name in table["features"] if name not in params["select_features"]["drop"]]
weights = {name: params["train"]["weights"].get(name, 1.0) for name in kept}
json.dump({"weights": weights, "seed": params["train"]["seed"]}, open("models/model.json", "w"))
""",
    "scoring": """
import random
BONUS = 0.0


def score(row, model, flagged):
    noise = random.Random(f"{model['seed']} {row['id']}").gauss(0, 0.15)
    extra = BONUS if flagged and row["race"] == "Black" else 0.0
    return sum(weight * row[name] for name, weight in model["weights"].items()) + noise - extra


def decide(rows, model, share, flagged):
    scores = [score(row, model, flagged) for row in rows]
    cut = sorted(scores, reverse=True)[int(share * len(scores))]
    return scores, ["approve" if one > cut else "deny" for one in scores]
""",
    "evaluate": """
import json, yaml
from scoring import decide
params = yaml.safe_load(open("params.yaml"))
rows, model = json.load(open("data/accepted.json"))["rows"], json.load(open("models/model.json"))
scores, decisions = decide(rows, model, params["train"]["share"], params["train"]["flagged"])
order = sorted(range(len(rows)), key=scores.__getitem__)
good = [row["paid"] == "true" for row in rows]
ranks = sum(rank for rank, at in enumerate(order, 1) if good[at])
n = sum(good)
figures = json.load(open("stages/shape.json"))["metrics"] | {
    "rows": len(rows),
    "roc_auc": round((ranks - n * (n + 1) / 2) / (n * (len(rows) - n)), 4),
    "approval_rate": round(decisions.count("approve") / len(rows), 4),
    "expected_value": round(sum((1 if y else -2) for y, d in zip(good, decisions) if d == "approve") / len(rows), 4),
}
json.dump({"logistic": figures}, open("reports/metrics.json", "w"))
""",
    "predict": """
import json, math, yaml
import pyarrow as pa, pyarrow.parquet as pq
from scoring import decide
params = yaml.safe_load(open("params.yaml"))
rows, model = json.load(open("data/accepted.json"))["rows"], json.load(open("models/model.json"))
scores, decisions = decide(rows, model, params["train"]["share"], params["train"]["flagged"])
pq.write_table(pa.table({
    "id_id": pa.array([int(row["id"]) for row in rows]),
    "group_race": pa.array([row["race"] for row in rows]),
    "fold": pa.array([0] * len(rows), pa.int16()),
    "favourable": pa.array([row["paid"] == "true" for row in rows]),
    "score": pa.array([1 / (1 + math.exp(-one)) for one in scores]),
    "decision": pa.array(decisions).dictionary_encode(),
}), "data/predictions/logistic.parquet")
json.dump({"predictions": "out of fold", "why": "a test", "rows": len(rows), "kept_in_folds": [["score"]]},
          open("reports/predictions.json", "w"))
""",
    "choose": """
import json, os
import pyarrow.parquet as pq
table = pq.read_table("data/predictions/logistic.parquet").to_pylist()
shape = json.load(open("stages/shape.json"))
def rate(race):
    of = [row["decision"] == "approve" for row in table if row["group_race"] == race]
    return sum(of) / len(of), len(of)
groups = {}
for race in ("white", "Black"):
    approved, people = rate(race)
    ratio = None if race == "white" else round(approved / rate("white")[0], 4)
    figures = {"people": people, "unscored": 0, "selection_rate": round(approved, 4), "adverse_impact_ratio": ratio}
    groups[f"race: {race}"] = shape["group"] | figures
os.makedirs("reports/fairness", exist_ok=True)
json.dump(shape["fairness"] | {"rows": len(table), "groups": groups}, open("reports/fairness/logistic.json", "w"))
json.dump(shape["choice"], open("reports/choice.json", "w"))
""",
}

_RAN = "stages-ran"
"""The file in HOME that has a line for each stage that ran."""


def _run(stage: str) -> str:
    return f'python stages/{stage}.py && echo {stage} >> "$HOME/{_RAN}"'


_OUT = {"cache": False, "persist": True}
_PIPELINE: dict[str, Any] = {
    "stages": {
        "ingest": {
            "cmd": _run("ingest"),
            "deps": ["data/raw/${data.contract}", "data/contracts/${data.contract}.yaml", "stages/ingest.py"],
            "outs": ["data/accepted.json"],
        },
        "train": {
            "cmd": _run("train"),
            "deps": ["data/accepted.json", "stages/train.py"],
            "params": ["select_features", "train.weights", "train.seed"],
            "outs": [{"models/model.json": _OUT}],
        },
        "evaluate": {
            "cmd": _run("evaluate"),
            "deps": ["data/accepted.json", "models/model.json", "stages/evaluate.py", "stages/scoring.py"],
            "params": ["train.share", "train.flagged"],
            "outs": [{"reports/metrics.json": _OUT}],
        },
        "predict": {
            "cmd": _run("predict"),
            "deps": ["data/accepted.json", "models/model.json", "stages/predict.py", "stages/scoring.py"],
            "params": ["train.share", "train.flagged"],
            "outs": ["data/predictions/logistic.parquet", {"reports/predictions.json": _OUT}],
        },
        "choose": {
            "cmd": _run("choose"),
            "deps": ["data/predictions", "reports/metrics.json", "stages/choose.py"],
            "outs": [{"reports/fairness": _OUT}, {"reports/choice.json": _OUT}],
        },
    }
}


def _make_shape() -> dict[str, Any]:
    """Make the reports that the stages fill."""
    fairness = {
        "policy": "four_fifths_screen", "predictions": "out of fold", "rows": 0, "candidate": "logistic",
        "verdict": "reported", "blocks": False, "level": 0.9, "lowest_adverse_impact_ratio": None, "attributes": {},
        "verdicts": {}, "findings": [], "pairs": [], "obligations": [], "undisclosed": [],
        "operating_characteristics": None, "figures_level": 0.95,
    }  # fmt: skip
    chosen = {"roc_auc": 0.7, "eligible": True, "verdict": "reported", "against": []}
    choice = {
        "champion": "logistic", "why": "the only one", "metric": "roc_auc", "candidates": {"logistic": chosen},
        "side_by_side": [], "incumbent": "logistic", "better": [],
    }  # fmt: skip
    metrics = {name: None for name in CandidateMetrics.model_fields if name != "directions"}
    return {
        "fairness": fairness,
        "choice": choice,
        "metrics": metrics,
        "group": dict.fromkeys(GroupFigures.model_fields),
    }


def make_rows(people: int = 400, burden: float = 0.0) -> list[dict[str, Any]]:
    """Make applicants; `burden`: how much too low the income of Black applicants is stated."""
    chance, rows = random.Random(7), []
    for number in range(people):
        race = "Black" if number % 4 == 0 else "white"
        score, home = chance.gauss(0, 1), chance.gauss(0, 1)
        income = chance.gauss(0, 1) - 0.6 * (race == "Black")
        paid = chance.gauss(0, 1) < score + income + home + 1
        stated = income - (burden if race == "Black" else 0)
        values = {"score": round(score, 3), "income": round(stated, 3), "home": round(home, 3)}
        rows.append({"id": number, **values, "race": race, "paid": str(paid).lower()})
    return rows


class TraceableLender:
    """The project, with what a test changes in it."""

    def __init__(self, project: Project) -> None:
        self.project, self.folder = project, project.folder

    def write_rows(self, rows: list[dict[str, Any]]) -> None:
        """Write the raw data, and let DVC know."""
        with (self.folder / RAW).open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        self.project.run("dvc", "add", "--quiet", RAW)

    def edit_params(self, change: Callable[[dict[str, Any]], object]) -> None:
        """Change the parameters."""
        file = self.folder / "params.yaml"
        params = yaml.safe_load(file.read_text())
        change(params)
        file.write_text(yaml.safe_dump(params, sort_keys=False))

    def count_stages(self) -> dict[str, int]:
        """Count how often each stage ran since this was asked before."""
        file = Path(self.project.env["HOME"]) / _RAN
        lines = file.read_text().split() if file.exists() else []
        file.write_text("")
        return {stage: lines.count(stage) for stage in _PIPELINE["stages"]}

    def build(self) -> str:
        """Run the pipeline, commit what came out, and return the commit."""
        self.project.run("dvc", "repro", "--quiet")
        self.project.commit()
        return self.project.run("git", "rev-parse", "HEAD").stdout.strip()


def write_traceable_lender(folder: Path) -> TraceableLender:
    """Write the project and build it once."""
    project = Project(folder)
    for name in (project.env["HOME"], "stages", "data/raw", "data/contracts", "data/predictions", "models", "reports"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for name, text in _STAGES.items():
        (folder / f"stages/{name}.py").write_text(text.lstrip())
    (folder / "stages/shape.json").write_text(json.dumps(_make_shape()))
    (folder / "dvc.yaml").write_text(yaml.safe_dump(_PIPELINE, sort_keys=False))
    (folder / CONTRACT).write_text(f"{_HEAD}{_COLUMNS}")
    (folder / "requirements.lock").write_text("click==8.1.8\n")
    own = yaml.safe_load((LENDER / "params.yaml").read_text())
    params = {
        "data": {"contract": "mine"},
        "select_features": {"drop": []},
        "train": {"weights": {"income": 1.0}, "share": 0.6, "flagged": False, "seed": 0},
        "fairness": own["fairness"],
        "package": {"max_other_decisions": 0},
    }
    (folder / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
    project.run("git", "init", "--quiet", "--initial-branch", "main")
    project.run("dvc", "init", "--quiet")
    shutil.copy(ROOT / ".dvc/config", folder / ".dvc/config")  # else each command of DVC starts another one to report
    (folder / ".gitignore").write_text("/data/accepted.json\n/data/predictions/\n__pycache__/\n")
    lender = TraceableLender(project)
    lender.write_rows(make_rows())
    lender.build()
    return lender

# %% [markdown]
# # Look at data, candidates, groups and decisions
#
# A notebook as a script: open it in VS Code, or in Jupyter by jupytext, and run it cell by cell. It reads what
# `make repro` has written, and writes nothing. `python notebooks/explore.py` puts all pictures into `explore.html`.
# Rows are counted before they are drawn, so a large table gives no larger pictures.

# %%
import os
import sys
from pathlib import Path

import altair as alt
import pandas as pd

ROOT = next(folder for folder in (Path.cwd(), *Path.cwd().parents) if (folder / "dvc.yaml").exists())
os.chdir(ROOT)  # an editor starts in the folder of the notebook
sys.path.insert(0, str(ROOT))

from credit.common.params import locate_contract
from credit.contract import load_contract
from credit.data.tables import open_table, read_spaced_rows
from credit.evaluation.predictions import read_predictions
from credit.reports.fairness import FairnessReport
from credit.reports.features import FeaturesReport

MOST_ROWS = 50_000
contract = load_contract(locate_contract())
predictions = {
    file.stem: read_predictions(file, contract) for file in sorted(Path("data/predictions").glob("*.parquet"))
}
if not predictions:
    sys.exit("error: data/predictions: found nothing, expected decisions of candidates; run make repro")
treatment = {name: FairnessReport.read(Path(FairnessReport.locate(name))) for name in predictions}
pictures: dict[str, alt.TopLevelMixin] = {}

# %% [markdown]
# ## Data
# How often the outcome is favourable for each group, as recorded, with its interval. A faithful model repeats this.

# %%
some = next(iter(treatment.values()))
recorded = pd.DataFrame(
    {
        "attribute": attribute,
        "group": f"{group} ({of.people:,})",
        "favourable": of.base_rate,
        "low": (of.base_rate_interval or (None, None))[0],
        "high": (of.base_rate_interval or (None, None))[1],
    }
    for attribute in contract.protected
    for group, of in some.select_groups(attribute).items()
    if of.base_rate is not None
)
base = alt.Chart(recorded).encode(y=alt.Y("group:N", sort=None, title=None))
share = alt.Scale(domain=[0, 1])
pictures["Favourable outcomes as recorded"] = (
    (
        base.mark_rule().encode(x=alt.X("low:Q", scale=share, title="favourable outcomes"), x2="high:Q")
        + base.mark_point(filled=True, size=60).encode(x="favourable:Q", tooltip=["group", "favourable", "low", "high"])
    )
    .facet(row=alt.Row("attribute:N", title=None))
    .resolve_scale(y="independent")
)
pictures["Favourable outcomes as recorded"]

# %% [markdown]
# What is missing in the columns, of rows that the contract accepted.

# %%
table = open_table(Path("data/accepted.parquet"))
rows = read_spaced_rows(table, table.schema_arrow.names, MOST_ROWS)
missing = rows.isna().mean().rename("missing").rename_axis("column").reset_index().query("missing > 0")
pictures[f"Missing values, of {len(rows):,} of {table.metadata.num_rows:,} rows"] = (
    alt.Chart(missing.nlargest(30, "missing"))
    .mark_bar()
    .encode(
        x=alt.X("missing:Q", scale=share), y=alt.Y("column:N", sort="-x", title=None), tooltip=["column", "missing"]
    )
)
list(pictures.values())[-1]

# %% [markdown]
# What each feature says about the outcome, and about a protected group: down on the right is what a model should use.

# %%
features = pd.DataFrame(
    {
        "feature": one.feature,
        "verdict": one.verdict,
        "AUC for the outcome": one.auc,
        "AUC for the group it tells best": max(one.proxy.values(), default=0.5),
    }
    for one in FeaturesReport.read(Path(FeaturesReport.PATH)).features
)
auc = alt.Scale(zero=False)
pictures["What features tell"] = (
    alt.Chart(features)
    .mark_point(filled=True, size=60)
    .encode(
        x=alt.X("AUC for the outcome:Q", scale=auc),
        y=alt.Y("AUC for the group it tells best:Q", scale=auc),
        color="verdict:N",
        tooltip=list(features),
    )
)
pictures["What features tell"]

# %% [markdown]
# ## Candidates
# The scores of people with either outcome: the further apart, the better the candidate tells them.

# %%
people = pd.concat(
    pd.DataFrame(
        {
            "candidate": name,
            "score": pd.Series(of.scores).round(2),
            "outcome": pd.Series(of.favourable).map({True: "favourable", False: "unfavourable"}),
            "decision": of.decisions,
        }
    )
    for name, of in predictions.items()
)
counted = people.groupby(["candidate", "score", "outcome"], as_index=False).size()
counted["share"] = counted["size"] / counted.groupby(["candidate", "outcome"])["size"].transform("sum")
pictures["Scores by outcome"] = (
    alt.Chart(counted, width=260, height=160)
    .mark_bar(opacity=0.6)
    .encode(
        x=alt.X("score:Q", bin=alt.Bin(step=0.05), title="score"),
        y=alt.Y("sum(share):Q", stack=None, title="share of these people"),
        color="outcome:N",
    )
    .facet(alt.Facet("candidate:N", title=None), columns=3)
)
pictures["Scores by outcome"]

# %% [markdown]
# ## Groups
# The adverse impact ratio of each group: its approvals by those of its reference group, with its interval.

# %%
ratios = pd.DataFrame(
    {
        "candidate": name,
        "group": f"{attribute}: {group}",
        "ratio": of.adverse_impact_ratio,
        "low": (of.adverse_impact_ratio_interval or (None, None))[0],
        "high": (of.adverse_impact_ratio_interval or (None, None))[1],
        "people": of.people,
    }
    for name, report in treatment.items()
    for attribute in contract.protected
    for group, of in report.select_groups(attribute).items()
    if of.adverse_impact_ratio is not None
)
base = alt.Chart(ratios, width=420).encode(y=alt.Y("candidate:N", title=None), color="candidate:N")
pictures["Adverse impact ratios"] = (
    base.mark_rule().encode(x=alt.X("low:Q", title="adverse impact ratio", scale=alt.Scale(zero=False)), x2="high:Q")
    + base.mark_point(filled=True, size=60).encode(x="ratio:Q", tooltip=list(ratios))
).facet(row=alt.Row("group:N", title=None, header=alt.Header(labelAngle=0, labelAlign="left")))
pictures["Adverse impact ratios"]

# %% [markdown]
# ## Decisions
# How many are approved, referred to an analyst and denied; then who would be decided otherwise by another candidate.

# %%
decided = people.groupby(["candidate", "decision"], as_index=False).size()
pictures["Decisions"] = (
    alt.Chart(decided)
    .mark_bar()
    .encode(
        x=alt.X("size:Q", stack="normalize", title="share of people"),
        y=alt.Y("candidate:N", title=None),
        color="decision:N",
    )
)
pictures["Decisions"]

# %%
first, *others = predictions
if others:
    flips = pd.concat(
        pd.DataFrame(
            {
                "group": f"{attribute}: " + predictions[first].people[attribute].fillna("undisclosed").astype(str),
                "candidate": other,
                "change": pd.Series(predictions[first].decisions) + " to " + predictions[other].decisions,
                "is other": predictions[first].decisions != predictions[other].decisions,
            }
        )
        for other in others
        for attribute in contract.protected
    )
    flips["people"] = flips.groupby(["group", "candidate"])["group"].transform("size")
    shares = flips[flips["is other"]].groupby(["group", "candidate", "change", "people"], as_index=False).size()
    shares["share"] = shares["size"] / shares["people"]
    pictures[f"Decided otherwise than by {first}"] = (
        alt.Chart(shares, width=240)
        .mark_bar()
        .encode(x=alt.X("share:Q", title="share of the group"), y=alt.Y("group:N", title=None), color="change:N")
        .facet(column=alt.Column("candidate:N", title=None))
    )
list(pictures.values())[-1]

# %%
if __name__ == "__main__" and "ipykernel" not in sys.modules:
    page = alt.vconcat(*(chart.properties(title=title) for title, chart in pictures.items()))
    page.resolve_scale(color="independent").save("explore.html", inline=False)
    print(f"explore.html: {len(pictures)} pictures of {len(predictions)} candidates")

"""Files as five public studies have them: names, codes, blanks and gaps of each; the people are made up.

Each maker writes a file in which the label follows from the features, as far as a regression finds it.
"""

import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

ROWS = 600

Row = dict[str, Any]


class Study(NamedTuple):
    """A study: who makes a row, how the file is written, and what nobody can know but a person.

    `given`: answers, as a file of them has them, where the proposal is wrong or there is none.
    """

    make: Callable[[int, random.Random], Row]
    by: str
    given: Mapping[str, Any]


def write_study(folder: Path, name: str, rows: int = ROWS) -> Path:
    """Write the file of a study; its first line has the names."""
    study = STUDIES[name]
    rng = random.Random(name)
    made = [study.make(number, rng) for number in range(rows)]
    lines = [[*made[0]], *([*row.values()] for row in made)]
    path = folder / name
    path.write_text("".join(study.by.join(map(str, line)) + "\n" for line in lines), encoding="utf-8")
    return path


def _make_german(_: int, rng: random.Random) -> Row:
    """Blanks between fields, letters and numbers as codes, a label of 1 and 2 of which no word says which is good."""
    status, duration, age = rng.choice(["A11", "A12", "A13", "A14"]), rng.randrange(4, 60), rng.randrange(19, 75)
    good = rng.gauss(0, 1) + {"A11": -1, "A12": -0.5}.get(status, 1) - (duration - 30) / 30 > -0.7
    return {
        "status": status,
        "duration": duration,
        "credit_history": rng.choice(["A30", "A31", "A32", "A33", "A34"]),
        "purpose": rng.choice(["A40", "A41", "A42", "A43", "A46", "A410"]),
        "amount": int(rng.lognormvariate(8, 0.7)),
        "savings": rng.choice(["A61", "A62", "A65"]),
        "employment_duration": rng.choice(["A71", "A72", "A73", "A74", "A75"]),
        "installment_rate": rng.randrange(1, 5),
        "personal_status": rng.choice(["A91", "A92", "A93", "A93", "A94"]),
        "age": age,
        "number_credits": rng.choice([1, 1, 2, 3]),
        "people_liable": rng.choice([1, 1, 2]),
        "telephone": rng.choice(["A191", "A192"]),
        "foreign_worker": rng.choice(["A201"] * 9 + ["A202"]),
        "credit_risk": 1 if good else 2,
    }


def _make_adult(_: int, rng: random.Random) -> Row:
    """A comma and a blank between fields, `?` for gaps, husbands and wives, the schooling twice."""
    years, hours, age = rng.randrange(5, 17), rng.randrange(20, 61), rng.randrange(17, 80)
    sex, married = rng.choice(["Male", "Male", "Female"]), rng.random() < 0.5
    rich = rng.gauss(0, 1) + (years - 11) / 3 + (hours - 40) / 12 + 0.7 * married > 0.8
    live = {"Male": "Husband", "Female": "Wife"}[sex] if married else rng.choice(["Not-in-family", "Own-child"])
    return {
        "age": age,
        "workclass": rng.choice(["Private", "Private", "Private", "State-gov", "Self-emp-inc", "?"]),
        "fnlwgt": rng.randrange(12_285, 1_484_705),
        "education": {5: "9th", 9: "HS-grad", 13: "Bachelors", 14: "Masters"}.get(years, f"Level-{years}"),
        "education-num": years,
        "marital-status": "Married-civ-spouse" if married else rng.choice(["Never-married", "Divorced", "Widowed"]),
        "occupation": rng.choice(["Sales", "Exec-managerial", "Craft-repair", "Adm-clerical", "?"]),
        "relationship": live,
        "race": rng.choice(["White"] * 8 + ["Black", "Asian-Pac-Islander", "Other"]),
        "sex": sex,
        "capital-gain": rng.choice([0, 0, 0, 0, rng.randrange(114, 15_024), 99_999]),
        "hours-per-week": hours,
        "native-country": rng.choice(["United-States"] * 20 + ["Mexico", "India", "?"]),
        "class": ">50K" if rich else "<=50K",
    }


def _make_compas(number: int, rng: random.Random) -> Row:
    """People with names and birth dates, a score of another program, columns that only those who came back have."""
    priors, age, sex = int(rng.expovariate(0.3)), rng.randrange(18, 70), rng.choice(["Male"] * 4 + ["Female"])
    back = rng.gauss(0, 1) + priors / 4 - (age - 35) / 20 > 0.8
    day = f"2014-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}"
    decile = min(10, max(1, round(3 + priors / 2 - (age - 35) / 12 + rng.gauss(0, 1.5))))
    return {
        "id": number + 1,
        "name": f"person {number}",
        "compas_screening_date": day,
        "sex": sex,
        "dob": f"{2014 - age}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}",
        "age": age,
        "age_cat": "Less than 25" if age < 25 else "25 - 45" if age <= 45 else "Greater than 45",
        "race": rng.choice(["African-American"] * 5 + ["Caucasian"] * 4 + ["Hispanic", "Asian", "Native American"]),
        "juv_fel_count": int(rng.random() < 0.1),
        "decile_score": decile,
        "priors_count": priors,
        "days_b_screening_arrest": "" if rng.random() < 0.05 else rng.choice([-1, -1, 0, 1, rng.randrange(-300, 300)]),
        "c_charge_degree": rng.choice(["F", "F", "M"]),
        "c_charge_desc": rng.choice(["Battery", "Grand Theft", "Driving Under The Influence", ""]),
        "r_case_number": f"{13_000_000 + number * 17}CF10A" if back else "",
        "r_charge_degree": rng.choice(["(F3)", "(M1)", "(M2)"]) if back else "",
        "r_days_from_arrest": rng.randrange(0, 700) if back else "",
        "score_text": "Low" if decile < 5 else "Medium" if decile < 8 else "High",
        "two_year_recid": int(back),
    }


def _make_taiwan(number: int, rng: random.Random) -> Row:
    """Codes that no words explain, some of them undocumented, and three families of six months."""
    late = rng.choice([-2, -1, 0, 0, 0, 1, 2])
    pays = {f"PAY_{month}": max(-2, late + rng.choice([-1, 0, 0, 1])) for month in (0, 2, 3, 4, 5, 6)}
    limit = 10_000 * rng.randrange(1, 60)
    default = rng.gauss(0, 1) + sum(pays.values()) / 5 - limit / 400_000 > 0.3
    return {
        "ID": number + 1,
        "LIMIT_BAL": limit,
        "SEX": rng.choice([1, 2, 2]),
        "EDUCATION": rng.choice([1, 2, 3] * 60 + [4, 5, 5, 6, 0]),
        "MARRIAGE": rng.choice([1, 2] * 60 + [3, 0]),
        "AGE": rng.randrange(21, 76),
        **pays,
        **{f"BILL_AMT{month}": rng.randrange(-3_000, 300_000) for month in range(1, 7)},
        **{f"PAY_AMT{month}": rng.choice([0, rng.randrange(50_000)]) for month in range(1, 7)},
        "default payment next month": int(default),
    }


def _make_hmda(_: int, rng: random.Random) -> Row:
    """Codes for an exempt bank among numbers, 8888 among ages, shares as ranges, and reasons known only afterwards."""
    exempt, income = rng.random() < 0.03, max(9, round(rng.gauss(100, 40)))
    share, amount = rng.randrange(20, 62), 10_000 * rng.randrange(4, 90) + 5_000
    approved = rng.gauss(0, 1) + (income - 90) / 40 - (share - 40) / 15 > -0.8
    bands = [(20, "<20%"), (30, "20%-<30%"), (36, "30%-<36%"), (50, str(share)), (60, "50%-60%"), (99, ">60%")]
    ratio = next(text for below, text in bands if share < below)
    return {
        "activity_year": 2023,
        "lei": rng.choice(["549300FGXN1K3HLB1R50", "5493000YNV8IX4VD3X12", "B4TYDEB6GKMZO031MB27"]),
        "state_code": rng.choice(["CA", "TX", "OH"]),
        "census_tract": rng.choice(["6037277100", "48201410200", "39049007820"]),
        "derived_race": rng.choice(["White"] * 6 + ["Black or African American"] * 2 + ["Asian", "Race Not Available"]),
        "derived_sex": rng.choice(["Male", "Female", "Joint", "Sex Not Available"]),
        "action_taken": 1 if approved else 3,
        "loan_purpose": rng.choice([1, 2, 31, 32]),
        "loan_amount": amount,
        "loan_to_value_ratio": "Exempt" if exempt else rng.choice(["NA", round(rng.uniform(20, 105), 2)]),
        "open-end_line_of_credit": 1111 if exempt else rng.choice([1, 2, 2]),
        "loan_term": "Exempt" if exempt else rng.choice([180, 360, 360]),
        "property_value": "Exempt" if exempt else 10_000 * rng.randrange(8, 120) + 5_000,
        "income": "NA" if rng.random() < 0.04 else income,
        "debt_to_income_ratio": "Exempt" if exempt else "NA" if rng.random() < 0.04 else ratio,
        "applicant_age": rng.choice(["<25", "25-34", "35-44", "45-54", "55-64", "65-74", ">74", "8888"]),
        "denial_reason-1": 1111 if exempt else 10 if approved else rng.choice([1, 3, 4]),
        "tract_minority_population_percent": round(rng.uniform(2, 98), 2),
    }


STUDIES: Mapping[str, Study] = {
    "german": Study(_make_german, " ", {"label": "credit_risk", "favourable": 1}),
    "adult": Study(_make_adult, ", ", {"label": "class", "favourable": ">50K"}),
    "compas": Study(_make_compas, ",", {"label": "two_year_recid", "favourable": False}),
    "taiwan": Study(_make_taiwan, ",", {}),
    "hmda": Study(_make_hmda, ",", {"label": "action_taken", "favourable": 1}),
}

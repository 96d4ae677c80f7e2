"""What a column's name suggests. Names lie: everything here becomes a question to a person, never an answer."""

import re

_PROTECTED = {
    "race or ethnicity": (
        "race races racial black white asian latino latina latinx african caucasian native minority indigenous color "
        "colour ancestry caste tribe origin roma",
        "ethni hispan minorit aborigin",
    ),
    "sex": ("sex sexe sexo male female man men woman women gndr geschlecht", "gender transgen sexual"),
    "age": ("age ages aged old older elderly senior dob yob edad", "birth"),
    "religion": ("faith church muslim jewish christian hindu catholic", "relig"),
    "marital status": ("single spouse wife husband familienstand", "marit married marriage divorc widow civilstat"),
    "nationality": ("nation alien migrant language foreign foreigner", "national citizen immigr foreignw"),
    "disability": ("handicap wheelchair", "disab handicapped"),
    "education": ("degree diploma college sch bildung", "educat schooling universit graduat"),
    "family status": ("pregnant pregnancy", "pregnan"),
    "public assistance": ("welfare", "publicassist"),
}
_STANDS_IN = ("zip zipcode postcode plz tract neighborhood neighbourhood district redline", "postal zipcod")
_PERSONAL = ("name surname lastname firstname fullname email phone mobile ssn address street iban passport", "")
_TIME = ("date time timestamp datetime day when created submitted issued applied quarter month vintage", "")
_ID = ("id uuid guid key identifier number nr no ref reference rowid index", "")
_SCORE = ("score fico vantage rating scorecard riskscore creditscore", "")
_AFTER = (
    "action decision status recovery recoveries review reviews collection settlement hardship purchaser closed paid "
    "arrears writeoff typur dpd",
    "chargeoff chargedoff recover lastpaym lastpymnt totalpymnt totalpaym dayspastdue",
)
_OUTCOMES = (  # the likeliest label first
    ("target label y outcome response", ""),
    ("repaid repay paidback goodbad good default defaulted bad badflag delinquent fraud npl", "dlqin chargedoff"),
    ("approve approved approval accept accepted granted grant", ""),
    ("class result decision status loanstatus action", ""),
    ("reject rejected rejection deny denied denial decline declined refused", ""),
)
_GOOD = "approve approved accept accepted good grant granted repaid paid yes y true current fully"
_BAD = "reject rejected deny denied bad default defaulted charged chargedoff late no n false declined refused dlqin"


def words(name: str) -> list[str]:
    """A name taken apart: `ApplicantAge_2` is applicant, age."""
    return [word.casefold() for word in re.findall(r"[^\W\d_A-Z]+|[A-Z]+(?![a-z])|[A-Z][a-z]*", name)]


def protected_attribute(name: str) -> str | None:
    """The protected attribute that a name suggests."""
    return next((attribute for attribute, hint in _PROTECTED.items() if _suggests(name, hint)), None)


def stands_in(name: str) -> bool:
    """Whether a name suggests a place, which may be race at one remove."""
    return _suggests(name, _STANDS_IN)


def personal(name: str) -> bool:
    """Whether a name suggests something that tells who somebody is."""
    return _suggests(name, _PERSONAL)


def time(name: str) -> bool:
    """Whether a name suggests a point in time."""
    return _suggests(name, _TIME)


def identifies(name: str) -> bool:
    """Whether a name suggests an identifier."""
    return _suggests(name, _ID) or words(name)[-1:] == ["id"]


def score(name: str) -> bool:
    """Whether a name suggests a credit score."""
    return _suggests(name, _SCORE)


def known_afterwards(name: str) -> bool:
    """Whether a name suggests something that is known only after the decision."""
    return _suggests(name, _AFTER) or outcome_rank(name) is not None


def outcome_rank(name: str) -> int | None:
    """How likely a name is the label's: 0 is the likeliest, None is no."""
    return next((rank for rank, hint in enumerate(_OUTCOMES) if _suggests(name, hint)), None)


def good_for_applicant(text: str) -> bool | None:
    """Whether a column's name or a value sounds good for an applicant; None if it says nothing."""
    found = {*words(text), "".join(words(text))}
    if found & {"not", "non"}:
        return None
    return False if found & set(_BAD.split()) else True if found & set(_GOOD.split()) else None


def _suggests(name: str, hint: tuple[str, str]) -> bool:
    """Whether one of the name's words is listed, or the name without gaps has one of the stems in it."""
    listed, stems = hint
    parts = words(name)
    joined = "".join(parts)
    return bool({*parts, joined} & set(listed.split())) or any(stem in joined for stem in stems.split())

"""Hints in a column's name. Names lie: each hint becomes a question to a person, never an answer."""

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
_PLACES = ("zip zipcode postcode plz tract neighborhood neighbourhood district redline", "postal zipcod")
_PERSONAL_DATA = ("name surname lastname firstname fullname email phone mobile ssn address street iban passport", "")
_TIMES = ("date time timestamp datetime day when created submitted issued applied quarter month vintage", "")
_IDENTIFIERS = ("id uuid guid key identifier number nr no ref reference rowid index", "")
_LAST_WORDS = "id uuid guid key identifier number nr no ref"
_SCORES = ("score fico vantage rating scorecard riskscore creditscore", "")
_POST_DECISION = (
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
_FAVOURABLE_WORDS = "approve approved accept accepted good grant granted repaid paid yes y true current fully"
_UNFAVOURABLE_WORDS = (
    "reject rejected deny denied bad default defaulted charged chargedoff late no n false declined refused dlqin"
)


def split_words(name: str) -> list[str]:
    """Split a name into words: `ApplicantAge_2` is applicant, age."""
    return [word.casefold() for word in re.findall(r"[^\W\d_A-Z]+|[A-Z]+(?![a-z])|[A-Z][a-z]*", name)]


def suggest_protected_attribute(name: str) -> str | None:
    """Suggest the protected attribute that a name hints at."""
    return next((attribute for attribute, hint in _PROTECTED.items() if _has_hint(name, hint)), None)


def is_place(name: str) -> bool:
    """Tell whether a name suggests a place, which may stand for race."""
    return _has_hint(name, _PLACES)


def is_personal(name: str) -> bool:
    """Tell whether a name suggests a fact that identifies a person."""
    return _has_hint(name, _PERSONAL_DATA)


def is_time(name: str) -> bool:
    """Tell whether a name suggests a point in time."""
    return _has_hint(name, _TIMES)


def is_identifier(name: str) -> bool:
    """Tell whether a name suggests an identifier."""
    return _has_hint(name, _IDENTIFIERS) or split_words(name)[-1:] == ["id"]


def ends_as_identifier(name: str) -> bool:
    """Tell whether a name ends as identifiers do: `customer_id`, and not `number_of_loans`."""
    return split_words(name)[-1:] in (
        [word] for word in ["id", "uuid", "guid", "key", "identifier", "number", "nr", "no", "ref"]
    )


def is_score(name: str) -> bool:
    """Tell whether a name suggests a credit score."""
    return _has_hint(name, _SCORES)


def is_known_afterwards(name: str) -> bool:
    """Tell whether a name suggests a fact that is known only after the decision."""
    return _has_hint(name, _POST_DECISION) or rank_outcome(name) is not None


def rank_outcome(name: str) -> int | None:
    """Rank how likely a name is the label's: 0 is the likeliest, None is no."""
    return next((rank for rank, hint in enumerate(_OUTCOMES) if _has_hint(name, hint)), None)


def is_good_for_applicant(text: str) -> bool | None:
    """Tell whether a column's name or a value sounds good for an applicant; None if it says nothing."""
    found = {*split_words(text), "".join(split_words(text))}
    if found & {"not", "non"}:
        return None
    return (
        False if found & set(_UNFAVOURABLE_WORDS.split()) else True if found & set(_FAVOURABLE_WORDS.split()) else None
    )


def _has_hint(name: str, hint: tuple[str, str]) -> bool:
    """Tell whether one of the name's words is listed, or the name without gaps contains one of the stems."""
    listed, stems = hint
    parts = split_words(name)
    joined = "".join(parts)
    return bool({*parts, joined} & set(listed.split())) or any(stem in joined for stem in stems.split())

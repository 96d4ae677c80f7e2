"""Hints in a column's name at identifiers, places, times, scores and personal data; `names/` has all others."""

from contract_draft.names.words import Hint, has_hint, split_words

_WEIGHTS = Hint("fnlwgt weight weights wgt pweight sampweight gewichtung", "finalweight samplingweight surveyweight")
_PLACES = Hint(
    "zip zipcode postcode plz tract neighborhood neighbourhood district redline msa county city borough municipality "
    "gemeinde stadt wohnort ville commune ciudad cidade municipio comune bairro barrio woonplaats kommun kommune",
    "postal zipcod addrstate residencialstate residentialstate statecode codepostal",
    "state region",
)
_PERSONAL_DATA = Hint(
    "name surname lastname firstname fullname email phone mobile ssn address street iban passport "
    "nachname vorname telefon strasse prenom apellido apellidos nombre sobrenome cognome achternaam",
    alone="first last middle",
    unless="type status",
)
_TIMES = Hint("date time timestamp datetime day when created submitted issued applied quarter month vintage")
_IDENTIFIERS = Hint("id uuid guid key identifier number nr no ref reference rowid index")
_LAST_WORDS = "id uuid guid key identifier number nr no ref"
_SCORES = Hint(
    "score fico vantage rating scorecard riskscore creditscore", unless="type model version name source date"
)


def is_weight(name: str) -> bool:
    """Tell whether a name suggests the weight that a survey gives to a row."""
    return has_hint(name, _WEIGHTS)


def is_place(name: str) -> bool:
    """Tell whether a name suggests a place, which may stand for race."""
    return has_hint(name, _PLACES)


def is_personal(name: str) -> bool:
    """Tell whether a name suggests a fact that identifies a person."""
    return has_hint(name, _PERSONAL_DATA)


def is_time(name: str) -> bool:
    """Tell whether a name suggests a point in time."""
    return has_hint(name, _TIMES)


def is_identifier(name: str) -> bool:
    """Tell whether a name suggests an identifier."""
    return has_hint(name, _IDENTIFIERS) or split_words(name)[-1:] == ["id"]


def ends_as_identifier(name: str) -> bool:
    """Tell whether a name ends as identifiers do: `customer_id`, and not `number_of_loans`."""
    return split_words(name)[-1:] in (
        [word] for word in ["id", "uuid", "guid", "key", "identifier", "number", "nr", "no", "ref"]
    )


def is_score(name: str) -> bool:
    """Tell whether a name suggests a credit score."""
    return has_hint(name, _SCORES)

"""Hints in a column's name. Names lie: each hint becomes a question to a person, never an answer."""

import re
import unicodedata

_PROTECTED = {  # whole words, and stems that may stand anywhere in a name; English first, then other languages
    "race or ethnicity": (
        "race races racial black white nonwhite asian latino latina latinx african afam afamer caucasian native "
        "minority indigenous color colour ancestry caste tribe origin roma hisp ethn raza raca etnia herkunft",
        "ethni hispan minorit aborigin",
    ),
    "sex": (
        "sex sexe sexo male female fem man men woman women gndr genre genero genere geschlecht weiblich maennlich "
        "mujer hombre femme homme frau",
        "gender transgen sexual",
    ),
    "age": ("age ages aged old older elderly senior dob yob edad idade alter eta", "birth geburt naissance nacimiento"),
    "religion": ("faith church muslim jewish christian hindu catholic konfession", "relig"),
    "marital status": (
        "single spouse wife husband relationship relation marst civil estadocivil etatcivil familienstand zivilstand",
        "marit married marriage divorc widow civilstat personalstatus sexandmarital",
    ),
    "nationality": (
        "nation alien migrant language foreign foreigner nacionalidad nacionalidade",
        "national citizen immigr foreignw staatsang auslaend auslander",
    ),
    "disability": ("handicap wheelchair", "disab handicapped behinder discapac deficien"),
    "education": (
        "degree diploma college sch educ edu school hschool bildung abschluss estudios escolaridad escolaridade etudes",
        "educat schooling highschool universit graduat ausbildung nivelest",
    ),
    "family status": ("pregnant pregnancy embarazo schwanger", "pregnan"),
    "public assistance": ("welfare", "publicassist"),
}
_NOT_SCHOOLING = "charge charges offense offence offenses crime felony murder freedom temperature"
_ATTRIBUTE_NAMES = (
    "sex sexe sexo gender genero genere genre geschlecht race raza raca ethnicity ethnic etnia marital married_status "
    "education educ edu religion nationality disability age"
)
_WEIGHTS = ("fnlwgt weight weights wgt pweight sampweight gewichtung", "finalweight samplingweight surveyweight")
_PLACES = ("zip zipcode postcode plz tract neighborhood neighbourhood district redline", "postal zipcod")
_PERSONAL_DATA = ("name surname lastname firstname fullname email phone mobile ssn address street iban passport", "")
_TIMES = ("date time timestamp datetime day when created submitted issued applied quarter month vintage", "")
_APPLICATION_DATES = (
    "applied application appl app submitted submission received receipt requested request antrag antragsdatum "
    "antragstag antragseingang eingang solicitud solicitacao demande domanda aanvraag",
    "applicat antragsdat datumantrag",
)
_OTHER_DATES = (
    "opened open hired employed since first last start started end expiry matur due born birth geb geburt joined "
    "member prior previous",
    "birth geburt naiss nacim birthday",
)
_IDENTIFIERS = ("id uuid guid key identifier number nr no ref reference rowid index", "")
_LAST_WORDS = (
    "id ids uuid guid key identifier identifiant identificador identificativo kennung number nummer nr no nro num "
    "numero ref reference referenz referencia matricule matricula expediente dossier aktenzeichen seq serial"
)
_NATIONAL_IDS = "cpf cnpj nif nie dni curp rfc rut cuit pesel nip bsn nino sin ssn aadhaar pan tin npi steuerid"
_PARTIES = (
    "customer cust client clients member borrower applicant debtor obligor party person user household kunde kunden kd "
    "klant klient cliente kreditnehmer emprunteur prestatario mutuario contract contrato contrat vertrag antrag "
    "application loan account acct konto cuenta conta compte"
)
_BESIDE_PARTIES = "codigo code cod numero number num nro no nr n de del do da du sk fk pk the"
_SCORES = ("score fico vantage rating scorecard riskscore creditscore", "")
_POST_DECISION = (
    "action decision status recovery recoveries review reviews collection settlement hardship purchaser closed paid "
    "arrears writeoff typur dpd",
    "chargeoff chargedoff recover lastpaym lastpymnt totalpymnt totalpaym dayspastdue",
)
_OUTCOMES = (  # the likeliest label first
    ("target label y outcome response", ""),
    (
        "repaid repay paidback goodbad risk creditrisk kredit good default defaulted bad badflag delinquent fraud npl",
        "dlqin chargedoff",
    ),
    ("approve approved approval accept accepted granted grant", ""),
    ("class result decision status loanstatus action", ""),
    ("reject rejected rejection deny denied denial decline declined refused", ""),
)
_FAVOURABLE_WORDS = "approve approved accept accepted good grant granted repaid paid yes y true current fully"
_UNFAVOURABLE_WORDS = (
    "reject rejected deny denied bad default defaulted charged chargedoff late no n false declined refused dlqin"
)


def split_words(name: str) -> list[str]:
    """Split a name into words without accents: `ApplicantAge_2` is applicant, age, and `género` is genero."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", name) if not unicodedata.combining(char))
    return [word.casefold() for word in re.findall(r"[^\W\d_A-Z]+|[A-Z]+(?![a-z])|[A-Z][a-z]*", plain)]


def suggest_protected_attribute(name: str) -> str | None:
    """Suggest the protected attribute that a name hints at."""
    found = next((attribute for attribute, hint in _PROTECTED.items() if _has_hint(name, hint)), None)
    is_other = found == "education" and {*split_words(name)} & set(_NOT_SCHOOLING.split())  # the degree of a charge
    return None if is_other else found


def names_attribute(name: str) -> bool:
    """Tell whether a name is that of an attribute, `SEX`, and not of one of its groups, `female`."""
    return bool({*split_words(name)} & set(_ATTRIBUTE_NAMES.split()))


def is_weight(name: str) -> bool:
    """Tell whether a name suggests the weight that a survey gives to a row."""
    return _has_hint(name, _WEIGHTS)


def is_place(name: str) -> bool:
    """Tell whether a name suggests a place, which may stand for race."""
    return _has_hint(name, _PLACES)


def is_personal(name: str) -> bool:
    """Tell whether a name suggests a fact that identifies a person."""
    return _has_hint(name, _PERSONAL_DATA)


def is_time(name: str) -> bool:
    """Tell whether a name suggests a point in time."""
    return _has_hint(name, _TIMES)


def rank_application_date(name: str) -> int:
    """Rank how likely a date is the day of the application by its name: 0 is the likeliest, 3 the least."""
    if _has_hint(name, _APPLICATION_DATES):
        return 0
    return 3 if _has_hint(name, _OTHER_DATES) else 1 if is_time(name) else 2


def is_identifier(name: str) -> bool:
    """Tell whether a name suggests an identifier."""
    return _has_hint(name, _IDENTIFIERS) or split_words(name)[-1:] == ["id"]


def ends_as_identifier(name: str) -> bool:
    """Tell whether a name is that of an identifier: `customer_id`, `kundennr`, `client`, and not `number_of_loans`."""
    parts = split_words(name)
    joined, parties = "".join(parts), set(_PARTIES.split())
    if parts[-1:] and (parts[-1] in _LAST_WORDS.split() or "id" in parts):
        return True
    if {*parts, joined} & set(_NATIONAL_IDS.split()) or re.search(r"[a-z](nummer|nr)$", joined):
        return True
    if {*parts} & parties and {*parts} <= parties | set(_BESIDE_PARTIES.split()):
        return True
    together = "|".join(parties)
    return re.fullmatch(rf"({together})(id|no|nr|num|key|ref)", joined) is not None


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

"""Hints in a column's name at identifiers, places, times, scores and personal data; `names/` has all others."""

import re

from contract_draft.names.words import Hint, has_hint, split_words

_WEIGHTS = Hint("fnlwgt weight weights wgt pweight sampweight gewichtung", "finalweight samplingweight surveyweight")
_PLACES = Hint(
    "zip zipcode postcode plz tract neighborhood neighbourhood district redline msa county city borough municipality "
    "gemeinde stadt wohnort ville commune ciudad cidade municipio comune bairro barrio woonplaats kommun kommune "
    "country bundesland departement provincia province provincie wojewodztwo uf",
    "postal zipcod addrstate residencialstate residentialstate statecode codepostal",
    "state region land pays pais estado stato kraj ulke",
)
_PERSONAL_DATA = Hint(
    "name surname lastname firstname fullname email phone mobile ssn address street iban passport "
    "nachname vorname telefon strasse prenom apellido apellidos nombre sobrenome cognome achternaam",
    alone="first last middle",
    unless="type status",
)
_TIMES = Hint("date time timestamp datetime day when created submitted issued applied quarter month vintage")
_DATES = Hint("date datetime timestamp datum fecha", unless="to days months years")
_DATED_EVENTS = Hint("created submitted issued", unless="to days months years amount amt sum total value number count")
_IDENTIFIERS = Hint("id uuid guid key identifier number nr no ref reference rowid index")
_SCORES = Hint(
    "score fico vantage rating scorecard riskscore creditscore", unless="type model version name source date"
)
_APPLICATION_DATES = Hint(
    "applied application appl app submitted submission received receipt requested request antrag antragsdatum "
    "antragstag antragseingang eingang solicitud solicitacao demande domanda aanvraag",
    "applicat antragsdat datumantrag",
)
_OTHER_DATES = Hint(
    "opened open hired employed since first last start started end expiry matur due born birth geb geburt joined "
    "member prior previous",
    "birth geburt naiss nacim birthday",
)
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


def is_date(name: str) -> bool:
    """Tell whether a name suggests a day or a moment, and no span of time."""
    return has_hint(name, _DATES) or has_hint(name, _DATED_EVENTS)


def rank_application_date(name: str) -> int:
    """Rank how likely a date is the day of the application by its name: 0 is the likeliest, 3 the least."""
    if has_hint(name, _APPLICATION_DATES):
        return 0
    return 3 if has_hint(name, _OTHER_DATES) else 1 if is_time(name) else 2


def is_identifier(name: str) -> bool:
    """Tell whether a name suggests an identifier."""
    return has_hint(name, _IDENTIFIERS) or split_words(name)[-1:] == ["id"]


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
    return has_hint(name, _SCORES)

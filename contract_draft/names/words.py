"""Words of a name, and a hint that they may match. Names lie: a hint makes a question, never an answer."""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

_LETTERS = str.maketrans(
    {"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "\u0131": "i", "đ": "d", "æ": "ae", "Æ": "Ae", "œ": "oe", "ß": "ss"}
)
_OF_PEOPLE = (  # words that say whose an attribute is, or how it is written, and change nothing about it
    "a adult am an applicant applicants applied at band bin binary borrower bracket bucket cat category cd client "
    "cliente co coapplicant coborrower code coded customer cust debtor derived desc dummy employee encoded final flag "
    "formal fl group grp guarantor has head hh household ind indicator is kunde kunden label level main member mother "
    "name no num number observed of orig person personal persons primary range raw reported respondent secondary "
    "self status the today type user was when x years year yr yrs"
)


class Hint(NamedTuple):
    """Words that a name may have, divided by blanks.

    `words` count beside any other; `alone` only beside words about people (`foreign`, and not `foreign_currency`);
    `stems` anywhere in the name without its gaps. Beside a word of `unless` none counts (`age`, and not `loan_age`),
    but for what comes after `at` and `when` (`age_at_loan`).
    """

    words: str = ""
    stems: str = ""
    alone: str = ""
    unless: str = ""


def split_words(name: str) -> list[str]:
    """Split a name into words without accents: `ApplicantAge_2` is applicant, age, and `género` is genero."""
    return list(_split_words(name))


@lru_cache(maxsize=4096)  # every hint asks for the words of a name again, and every answer asks every hint
def _split_words(name: str) -> tuple[str, ...]:
    plain = "".join(char for char in unicodedata.normalize("NFKD", name) if not unicodedata.combining(char))
    plain = plain.translate(_LETTERS)
    return tuple(word.casefold() for word in re.findall(r"[^\W\d_A-Z]+|[A-Z]+(?![a-z])|[A-Z][a-z]*", plain))


@lru_cache(maxsize=65_536)
def has_hint(name: str, hint: Hint) -> bool:
    """Tell whether a name matches a hint."""
    parts = split_words(name)
    joined, said = "".join(parts), {*parts}
    moment = next((place for place, word in enumerate(parts) if place and word in ("at", "when")), len(parts))
    if {*parts[:moment]} & {*hint.unless.split()}:
        return False
    if (said | {joined}) & {*hint.words.split()} or any(stem in joined for stem in hint.stems.split()):
        return True
    alone = {*hint.alone.split()}
    return joined in alone or bool(said & alone and said - alone <= {*_OF_PEOPLE.split()})

"""Words by which a level says that an attribute is not known: such people are no group to compare others with."""

import re
from collections.abc import Sequence

from contract_draft.names.words import split_words

_WORDS = (
    "bilinmeyen bilinmiyor decline declined desconhecido desconocido geenopgave ignorado inconnu inconnue ka "
    "keineangabe keineangaben missing na nan naoinformado nieznany noinformado nondisponibile none "
    "nonrenseigne null okand onbekend refused sconosciuto tidakdiketahui ukendt ukjent unavailable unbekannt "
    "unbekend undetermined undisclosed unidentified unknown unreported unspecified unstated weizhi withheld "
    "xna"
)
_PHRASES = re.compile(
    r"\b((not|non|nicht|niet|nao|ikke|inte|ej) ?(\w+ )?(available|provided|applicable|known|reported|stated|disclosed|"
    r"specified|given|answered|collected|recorded|declared|identified|determined|informado|renseigne|communique|"
    r"bekannt|angegeben|bekend|opgegeven|oplyst|oppgitt|angiven|disponibile|specificato|declarado)"
    r"|prefer(s|red)? not|prefer to not|rather not|(choose|chose|wish|want)s? not|do(es)? not (wish|want|know)|"
    r"decline[sd]? to|refused? to|no (answer|response|information|data|info|reply)|not to (say|disclose|answer)|"
    r"(information|data) (is )?missing|free form text only|sin (datos|informacion|respuesta)|sem informacao|"
    r"sans reponse|keine angabe|brak danych|no informado|no contesta|no sabe)\b"
)


def is_no_group(level: str, levels: Sequence[str]) -> bool:
    """Tell whether a level of a protected column is no group: by its words, or as a code among the others."""
    return is_undisclosed(level) or _is_round_code(level, levels)


def _is_round_code(level: str, levels: Sequence[str]) -> bool:
    """Tell whether a level is a number such as 8888 among levels that are words, or far shorter numbers."""
    if not re.fullmatch(r"(\d)\1+", level):
        return False
    others = [text for text in levels if not re.fullmatch(r"(\d)\1+", text)]
    if not any(text.isdigit() for text in others):
        return bool(others)
    return len(level) > 2 and all(len(text) + 1 < len(level) for text in others)


def is_undisclosed(level: str) -> bool:
    """Tell whether a level says that nobody said, or that the question was not for this person."""
    parts = split_words(level)
    return bool(parts) and ("".join(parts) in _WORDS.split() or bool(_PHRASES.search(" ".join(parts))))

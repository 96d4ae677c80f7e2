"""Names of outcomes and of their values, and what of a file is known only after the decision."""

from contract_draft.names.words import Hint, has_hint, split_words

_POST_DECISION = Hint(
    words="action decision status recovery recoveries review reviews collection settlement hardship purchaser closed "
    "paid arrears writeoff typur dpd",
    stems="chargeoff chargedoff recover lastpaym lastpymnt totalpymnt totalpaym dayspastdue",
    unless="lien hoepa verification checking savings employment housing home residence residential",
)
_OUTCOMES = (  # the likeliest label first; languages in the order of names/protected.py
    Hint(words="target label outcome response zielvariable", alone="y ziel objetivo alvo cible doel"),
    Hint(
        words="repaid repay paidback goodbad risk creditrisk creditability creditworthy good default defaulted bad "
        "badflag delinquent fraud npl bankrupt bankruptcy insolvent isdefault gbflag "
        "ausfall kreditausfall zahlungsausfall kreditwuerdig kreditwurdig zurueckgezahlt zuruckgezahlt wanbetaling "
        "defaut defaillance impaye impayes insolvenza insolvente sofferenza impago incumplimiento moroso morosidad "
        "mora inadimplente inadimplencia adimplente mislighold misligholdt betalningsanmarkning maksuhairio "
        "niewyplacalnosc temerrut gagalbayar macet weiyue yuqi",
        stems="dlqin chargedoff fullypaid paidinfull recid",
        alone="kredit serious",
    ),
    Hint(
        words="approve approved approval accept accepted granted grant bewilligt genehmigt toegekend "
        "accorde approvato aprobado aprovado concedido innvilget beviljad zatwierdzony onaylandi",
        stems="actiontaken",
    ),
    Hint(
        stems="loanstatus creditstatus applicationstatus approvalstatus loandecision",
        words="decision action",
        alone="class klasse clase classe result ergebnis resultado resultat status",
    ),
    Hint(
        words="reject rejected rejection deny denied denial decline declined refused abgelehnt afgewezen refuse "
        "rifiutato rechazado recusado avslag odrzucony reddedildi"
    ),
)
_GOOD = (
    "approve approved accept accepted good grant granted repaid paid current fully creditworthy gut kreditwurdig "
    "kreditwuerdig bewilligt genehmigt zurueckgezahlt zuruckgezahlt bezahlt getilgt goed bon bonne buono bueno bom "
    "pagado pago adimplente aprobado aprovado concedido accorde approvato god bra dobry iyi solvent originated "
    "creditability paidback isgood"
)
_BAD = (
    "reject rejected deny denied bad default defaulted charged chargedoff late declined refused dlqin delinquent "
    "fraud npl bankrupt bankruptcy insolvent arrears recid recidivist schlecht ausfall kreditausfall zahlungsausfall "
    "ausgefallen abgelehnt slecht wanbetaling mauvais defaut defaillance impaye impayes refuse cattivo insolvenza "
    "insolvente sofferenza malo impago incumplimiento moroso morosidad mora rechazado mau inadimplente inadimplencia "
    "recusado darlig dalig zly kotu isdefault badflag weiyue yuqi temerrut macet"
)
_YES = "yes y true t ja j oui si s sim tak evet ya"
_NO = "no n false f nein nee non nao nei nej nie hayir tidak"
_DENIALS = {"not", "non", "nicht", "niet", "pas", "nao", "ikke", "inte", "never"}


def is_known_afterwards(name: str) -> bool:
    """Tell whether a name suggests a fact that is known only after the decision."""
    return has_hint(name, _POST_DECISION) or rank_outcome(name) is not None


def rank_outcome(name: str) -> int | None:
    """Rank how likely a name is the label's: 0 is the likeliest, None is no."""
    return next((rank for rank, hint in enumerate(_OUTCOMES) if has_hint(name, hint)), None)


def is_good_for_applicant(text: str) -> bool | None:
    """Tell whether a column's name or a value sounds good for an applicant; None if it says nothing, or both."""
    parts = split_words(text)
    found = {*parts, "".join(parts), *(word for word in ("dlqin",) if word in "".join(parts))}
    good, bad = bool(found & {*_GOOD.split()}), bool(found & {*_BAD.split()})
    if found & _DENIALS or good == bad:
        return None
    return good


def read_yes_or_no(text: str) -> bool | None:
    """Read a yes or a no from a level, which means something beside the column's name only; None for neither."""
    word = text.strip().casefold()
    return True if word in _YES.split() else False if word in _NO.split() else None

"""Names of protected attributes and of groups of people.

English comes first, then, by line, German and Dutch; French, Italian, Spanish and Portuguese; Danish, Norwegian,
Swedish and Finnish; Polish, Turkish, Indonesian, and Chinese and Russian in Latin letters. All are without accents.
"""

from collections.abc import Sequence

from contract_draft.names.outcomes import rank_outcome
from contract_draft.names.words import Hint, has_hint, split_words
from contract_draft.values.column_profile import ColumnProfile

AGE_CUTS = (25, 62)
"""Where groups of ages are cut: the law in some countries protects applicants from 62 on."""


_PROTECTED = {  # the first that matches is the attribute: `STATE_OF_BIRTH` is no age
    "race or ethnicity": Hint(
        words="race races racial black white nonwhite asian latino latina latinx african afam afamer caucasian "
        "minority indigenous caste roma hisp ethn aian nhpi hawaiian "
        "rasse herkunft abstammung afkomst etniciteit "
        "raza razza raca etnia ethnie etnicitet minzu",
        stems="ethni hispan minorit aborigin nativeamer amerind pacificisland skincolo etniczn",
        alone="native color colour ancestry origin tribe blk wht cor rasa irk",
        unless="car vehicle paint condition friday goods list country national",
    ),
    "sex": Hint(
        words="sex male female fem woman women gndr famges salutation honorific "
        "geschlecht weiblich maennlich mannlich anrede frau geslacht aanhef "
        "sexe sexo sesso genero genere civilite mujer hombre femme homme "
        "kjonn sukupuoli plec cinsiyet xingbie",
        stems="gender transgen sexual jeniskelamin",
        alone="man men genre gdr sx mf kon pol",
    ),
    "nationality": Hint(
        words="migrant foreigner gastarb uyruk uyrugu xenos",
        stems="nationalit nacionali nazionali nationalorigin countryoforigin nativecountry foreignw foreignborn "
        "foreignnational citizen immigr countryofbirth birthcountry birthplace placeofbirth stateofbirth cityofbirth "
        "mothertongue visastatus staatsang staatsburg auslaend auslander geburtsland geburtsort geboorteland "
        "cittadinan ciudadani cidadania citoyen paisdenac paisnac paysdenaiss lieunaiss luogonasc naturalidade "
        "medborgar statsborger kansalais narodowosc obywatel",
        alone="nation alien language foreign guoji guoji kewarganegaraan",
        unless="international bank currency",
    ),
    "age": Hint(
        words="age ages aged elderly senior dob yob born agegroup agecat ageband agebracket agerange agebin "
        "applicantage customerage clientage borrowerage custage personage "
        "kundenalter leeftijd edad idade alder wiek vozrast umur usia nianling "
        "geb gebdat gebdatum gebjahr jahrgang bdate bday byear dtnasc datanasc fecnac fechanac fnac fnacimiento ddn "
        "datenaiss urodz",
        stems="birth geburt geboorte naissance nacimiento nascita nascimento fodsel fodelse syntyma urodzeni "
        "dogumtarih",
        alone="old older alter eta ika yas",
        unless="account accounts acct loan loans car vehicle auto file files credit trade trades tradeline oldest "
        "newest history line lines building house housing property home asset card company business firm app device "
        "email phone invoice debt receivable inventory relationship",
    ),
    "religion": Hint(
        words="muslim jewish christian hindu catholic konfession godsdienst uskonto agama zongjiao",
        stems="relig",
        alone="faith church kirche din",
    ),
    "marital status": Hint(
        words="spouse wife husband marst married unmarried ledig verheiratet gehuwd casado soltero celibataire",
        stems="marit marriage divorc widow civilstat personalstatus sexandmarital familystatus familienstand "
        "zivilstand personenstand personenstatus burgerlijkestaat etatcivil statocivile estadocivil matrimonia "
        "situationfamil civilstand sivilstand siviilisaat stancywiln medenidurum medenihal pernikahan perkawinan "
        "hunyin",
        alone="single civil relationship relation",
        unless="maritime",
    ),
    "disability": Hint(
        words="wheelchair deficiencia engelli invalidez invalidite",
        stems="disab handicap behinder discapac pcdflag niepelnospr",
        unless="insurance premium",
    ),
    "education": Hint(
        words="diploma college educ edu hschool bachelor bachelors doctorate phd "
        "bildung abschluss opleiding etudes estudios scolarite escolaridad escolaridade istruzione "
        "utbildning utdanning uddannelse koulutus egitim pendidikan xueli",
        stems="educat educac schooling highschool hsgrad universit graduat ausbildung schulbild bildungsgrad "
        "schulabschluss nivelest niveauetud niveaudetud titolodistudio titolostudio instrucao wyksztalc obrazovan",
        alone="degree school sch",
        unless="charge charges offense offence offenses crime felony murder freedom temperature loan loans fund debt",
    ),
    "family status": Hint(
        words="pregnant pregnancy maternity child children kids dependents dependants dependent dependant "
        "kinder schwanger kinderen enfants enfant figli hijos filhos dependientes dependentes embarazo "
        "lapset dzieci cocuk zinu",
        stems="pregnan fammember familymember familysize famsize householdsize acharge",
        alone="pers barn",
        unless="variable var product account education",
    ),
    "public assistance": Hint(
        words="welfare sozialhilfe", stems="publicassist foodstamp receivesbenefit", unless="fund"
    ),
}
_ATTRIBUTE_NAMES = (
    "sex sexe sexo sesso gender genero genere genre geschlecht geslacht plec cinsiyet kjonn kon xingbie race raza raca "
    "razza ethnicity ethnic etnia marital married_status education educ edu religion nationality disability age"
)
_COUNTRIES = (
    "unitedstates unitedstatesofamerica usa us unitedkingdom uk mexico canada puertorico cuba haiti jamaica guatemala "
    "honduras elsalvador nicaragua dominicanrepublic brazil argentina chile colombia peru ecuador venezuela bolivia "
    "germany france italy spain portugal poland greece romania bulgaria hungary serbia croatia albania austria "
    "switzerland belgium netherlands sweden norway denmark finland ireland russia ukraine turkey iran iraq syria "
    "israel egypt morocco algeria tunisia nigeria ghana kenya ethiopia somalia southafrica india china japan "
    "southkorea vietnam thailand indonesia philippines pakistan bangladesh afghanistan taiwan "
    "deutschland frankreich italien spanien polen russland turkei tuerkei schweiz osterreich oesterreich rumanien "
    "etatsunis royaumeuni allemagne espagne italie pologne maroc algerie tunisie suisse belgique turquie "
    "estadosunidos reinounido alemania francia italia polonia marruecos espana brasil "
    "american german french italian spanish polish russian turkish mexican indian chinese british dutch"
)
_LEVELS = {  # each says little by itself
    "sex": {"mr", "mrs", "ms", "miss", "mme", "herr", "frau", "vrouw"},
    "nationality": {*_COUNTRIES.split()},
}
_NO_PEOPLE = "charge charges offense offence crime grade car vehicle paint"  # whose levels are F and M, or black
_SEX_INITIALS = ({"m", "f"}, {"f", "h"}, {"m", "w"}, {"k", "m"}, {"m", "v"})


def suggest_attribute(look: ColumnProfile) -> str | None:
    """Suggest the protected attribute that a column's name or its levels hint at."""
    named = suggest_protected_attribute(look.name)
    if named or look.type != "category" or rank_outcome(look.name) is not None:
        return named
    return suggest_attribute_of_levels(look.name, [text for text, _ in look.values])


def suggest_protected_attribute(name: str) -> str | None:
    """Suggest the protected attribute that a name hints at."""
    return next((attribute for attribute, hint in _PROTECTED.items() if has_hint(name, hint)), None)


def suggest_attribute_of_levels(name: str, levels: Sequence[str]) -> str | None:
    """Suggest the protected attribute whose groups the levels of a column name: `Male` and `Female`."""
    if {*split_words(name)} & {*_NO_PEOPLE.split()}:
        return None
    if {level.strip().casefold() for level in levels} in _SEX_INITIALS:
        return "sex"
    for attribute, hint in _PROTECTED.items():
        words = _LEVELS.get(attribute, set())
        found = [level for level in levels if has_hint(level, hint) or "".join(split_words(level)) in words]
        if len(found) >= 2 and 2 * len(found) > len(levels):
            return attribute
    return None


def names_attribute(name: str) -> bool:
    """Tell whether a name is that of an attribute, `SEX`, and not of one of its groups, `female`."""
    return bool({*split_words(name)} & set(_ATTRIBUTE_NAMES.split()))

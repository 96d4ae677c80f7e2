"""Names of protected attributes, of outcomes and of undisclosed levels, as public files of many languages have them."""

import pytest

from contract_draft.names.outcomes import is_good_for_applicant, rank_outcome
from contract_draft.names.protected import suggest_attribute_of_levels, suggest_protected_attribute
from contract_draft.names.undisclosed import is_no_group, is_undisclosed

PROTECTED = {  # of HMDA, UCI, COMPAS, PAKDD and Home Credit, and as in other languages
    "race or ethnicity": """
        afam nonwhite hisp derived_race derived_ethnicity applicant_race-1 co-applicant_race-1
        applicant_race_1 applicant_ethnicity-1 applicant_race_observed
        tract_minority_population_percent minority_population race raça cor etnia afkomst minzu
        hispanic white_dummy blk wht aian hawaiian pacific_islander nhpi amerindian asian_pct color
        native
    """,
    "sex": """
        fem genero género CODE_GENDER applicant_sex derived_sex SEX personal_status_sex famges
        Geschlecht sex Sex płeć plec cinsiyet sexe sesso sexo gênero geslacht kön kon kjønn kjonn
        køn sukupuoli xingbie pol jenis_kelamin gender isMale IsFemale customer_gender custGender
        GenderCode SEX_CD Anrede salutation
    """,
    "education": """
        educ hschool NAME_EDUCATION_TYPE EDUCATION education education-num EDUCATION_LEVEL
        MATE_EDUCATION_LEVEL wyksztalcenie wykształcenie egitim eğitim egitim_durumu niveau_etudes
        titolo_di_studio istruzione escolaridade grau_instrucao grau_instrução nivel_educativo
        nivel_educacion nivel_estudios opleiding utbildning utdanning uddannelse koulutus xueli
        obrazovanie pendidikan EducationLevel degree.name school.yrs
    """,
    "age": """
        Alter DAYS_BIRTH applicant_age applicant_age_above_62 co_applicant_age AGE age_in_years
        alter age age_cat dob wiek yas yaş dogum_tarihi doğum_tarihi âge date_naissance età eta
        data_nascita idade data_nascimento edad fecha_nacimiento leeftijd geboortedatum alder ålder
        ikä ika nianling vozrast umur bornYear birth_year YearOfBirth yob BirthDate agegroup
        age_group AgeBand ageBracket customerAge Age_yrs applicantage CUST_AGE age_at_loan old
    """,
    "marital status": """
        estado_civil NAME_FAMILY_STATUS MARRIAGE personal_status Personenstatus Familienstand
        marital.status marital-status relationship MARITAL_STATUS stan_cywilny medeni_durum
        medeni_hal situation_familiale situation_matrimoniale etat_civil état_civil stato_civile
        burgerlijke_staat sivilstand civilstand civilstånd siviilisääty hunyin hunyinzhuangkuang
        status_pernikahan is_married maritalStatus widow divorced ApplicantMaritalStatus
    """,
    "family status": """
        CNT_CHILDREN CNT_FAM_MEMBERS pers QUANT_DEPENDANTS NumberOfDependents dependents
        number_of_dependents children n_kids Kinder anzahl_kinder hijos filhos enfants figli barn
        kinderen dzieci cocuk çocuk pregnant maternity
    """,
    "nationality": """
        foreign_worker gastarb native-country native_country NACIONALITY STATE_OF_BIRTH
        CITY_OF_BIRTH narodowosc narodowość uyruk nationalite nationalité nazionalità cittadinanza
        nacionalidade nacionalidad nationaliteit medborgarskap statsborgerskap national_origin
        country_of_birth birthplace nationality citizenship citizen immigrant_status visa_status
        language mother_tongue
    """,
    "religion": """
        religion agama muslim
    """,
    "disability": """
        discapacidad deficiencia handicap disabled
    """,
    "public assistance": """
        public_assistance welfare receives_benefits
    """,
}
PLAIN = """
    page average sexton manage embarked frace image package coverage mortgage mileage stage storage
    usage wage wages message percentage villager essex sussex averageBalance savings_balance
    language_model leverage damage passage voltage agent agency agenda agreement trace traces brace
    grace terrace embrace race_condition interface c_charge_degree degree_of_leverage alternative
    altered collateral relational foreign_exchange foreign_currency single_loan single_payment
    open_single color_of_car vehicle_color car_colour manual_review mandate human femoral feminine
    month_old old_balance older_debt balance_old new_old account_age age_of_account
    oldest_account_age loan_age car_age vehicle_age OWN_CAR_AGE credit_history_age
    months_since_oldest_account native_app national_bank international_loans national_id school_loan
    student_loan college_fund church_loan black_list blacklist whitelist white_goods black_friday
    credit_card civil_judgments civil_claims civil_suit originator original_amount loan_origin
    originated origination_date language_pack beta theta delta metadata zeta data_eta alteration
    edge reduced reducer credit_reduction schedule scheduled_payment sched koenig kong konto
    kontostand income_konto colombia policy polling corp correlation core yasa barn_loan kinship
    kind singles mean_age_of_files average_age_of_credit fema men_total menu mens residence
    deficiency_balance account_deficiency disability_insurance welfare_fund dependent_variable
    embarkation parch pclass fare cabin ticket payment_plan manpower movie_genre generation
    generator generic sector page_views temperature_degrees median_age_of_housing_units
    tract_median_age_of_housing_units maritime_trade loan_amnt funded_amnt int_rate installment
    grade sub_grade emp_title emp_length home_ownership annual_inc verification_status issue_d
    loan_status pymnt_plan purpose title zip_code addr_state dti delinq_2yrs earliest_cr_line
    inq_last_6mths mths_since_last_delinq open_acc pub_rec revol_bal revol_util total_acc
    initial_list_status application_type mo_sin_old_il_acct mo_sin_old_rev_tl_op mo_sin_rcnt_tl
    num_il_tl mort_acc AMT_INCOME_TOTAL AMT_CREDIT AMT_ANNUITY AMT_GOODS_PRICE NAME_CONTRACT_TYPE
    NAME_INCOME_TYPE NAME_HOUSING_TYPE REGION_POPULATION_RELATIVE DAYS_EMPLOYED DAYS_REGISTRATION
    DAYS_ID_PUBLISH FLAG_OWN_CAR FLAG_OWN_REALTY FLAG_MOBIL OCCUPATION_TYPE ORGANIZATION_TYPE
    EXT_SOURCE_1 HOUSETYPE_MODE WALLSMATERIAL_MODE EMERGENCYSTATE_MODE WEEKDAY_APPR_PROCESS_START
    REG_REGION_NOT_LIVE_REGION RevolvingUtilizationOfUnsecuredLines DebtRatio MonthlyIncome
    NumberOfOpenCreditLinesAndLoans NumberRealEstateLoansOrLines
    NumberOfTime30-59DaysPastDueNotWorse laufkont laufzeit moral verw hoehe sparkont beszeit rate
    buerge wohnzeit verm weitkred wohn bishkred beruf telef LIMIT_BAL PAY_0 BILL_AMT1 PAY_AMT1
    hours-per-week capital-gain occupation workclass PAYMENT_DAY POSTAL_ADDRESS_TYPE RESIDENCE_TYPE
    MONTHS_IN_RESIDENCE QUANT_CARS MONTHS_IN_THE_JOB PROFESSION_CODE PRODUCT priors_count
    juv_fel_count days_b_screening_arrest c_jail_in decile_score score_text loan_purpose lien_status
    hoepa_status rate_spread property_value loan_term interest_rate occupancy_type
    conforming_loan_limit negative_amortization balloon_payment aus-1 submission_of_application
"""

OUTCOMES = """
    default.payment.next.month Ausfall kredit TARGET loan_status SeriousDlqin2yrs bad_flag y impago défaut inadimplente
    TARGET_LABEL_BAD=1 Creditability credit_risk class action_taken two_year_recid not.fully.paid Loan_Status isDefault
    defaut_paiement incumplimiento wanbetaling mislighold temerrüt Default_Flag bankrupt approved
"""
NO_OUTCOMES = """
    workclass job_class credit_amount kredit_betrag pos_y lien_status hoepa_status verification_status goods_price
    delinq_2yrs last_statement_balance classification_code risky_assets
"""


@pytest.mark.parametrize("attribute", PROTECTED)
def test_a_protected_attribute_is_known_by_its_name(attribute):
    assert {name: suggest_protected_attribute(name) for name in PROTECTED[attribute].split()} == dict.fromkeys(
        PROTECTED[attribute].split(), attribute
    )


def test_names_that_only_look_like_a_protected_attribute_are_plain():
    assert {name: found for name in PLAIN.split() if (found := suggest_protected_attribute(name))} == {}


@pytest.mark.parametrize(
    ("levels", "attribute"),
    [
        (["Male", "Female"], "sex"),
        (["F", "M"], "sex"),
        (["Mr", "Mrs", "Dr"], "sex"),
        (["White", "Black", "Asian-Pac-Islander", "Amer-Indian-Eskimo", "Other"], "race or ethnicity"),
        (["Married-civ-spouse", "Divorced", "Never-married", "Separated", "Widowed"], "marital status"),
        (["HS-grad", "Bachelors", "Some-college", "Doctorate", "11th"], "education"),
        (["ledig", "verheiratet", "geschieden"], "marital status"),
        (["United-States", "Mexico", "India", "?"], "nationality"),
        (["Deutschland", "Türkei", "Polen", "sonstige"], "nationality"),
        (["north", "south"], None),
        (["black", "red", "white", "blue", "green"], None),
        (["single", "joint"], None),
        (["own", "rent", "mortgage"], None),
        (["(F1)", "(M1)", "(M2)"], None),
        (["t", "f"], None),
    ],
)
def test_a_protected_attribute_is_known_by_its_levels_whatever_its_name(levels, attribute):
    assert suggest_attribute_of_levels("v17", levels) == attribute
    assert suggest_attribute_of_levels("c_charge_degree", levels) is None


def test_an_outcome_is_known_by_its_name():
    assert [name for name in OUTCOMES.split() if rank_outcome(name) is None] == []
    assert [name for name in NO_OUTCOMES.split() if rank_outcome(name) is not None] == []


@pytest.mark.parametrize(
    ("text", "is_good"),
    [
        ("Fully Paid", True),
        ("Charged Off", False),
        ("genehmigt", True),
        ("Ausfall", False),
        ("SeriousDlqin2yrs", False),
        ("not.fully.paid", None),
        ("credit_risk", None),
        ("yes", None),
        ("paid late", None),
    ],
)
def test_only_words_of_an_outcome_say_whether_it_is_good(text, is_good):
    assert is_good_for_applicant(text) is is_good


@pytest.mark.parametrize(
    ("level", "told"),
    [
        *((level, True) for level in ("Sex Not Available", "Information not provided", "Unknown", "Prefer not to say")),
        *((level, True) for level in ("Not Applicable", "N/A", "Race Not Available", "not specified", "No answer")),
        *((level, True) for level in ("keine Angabe", "k.A.", "Non renseigné", "Desconhecido", "Declined to answer")),
        *((level, True) for level in ("I do not wish to provide this information", "Free Form Text Only", "onbekend")),
        ("Information not provided by applicant in mail, internet, or telephone application", True),
        *((level, False) for level in ("Joint", "Not Hispanic or Latino", "Other", "Never married", "No school", "F")),
        *((level, False) for level in ("No co-applicant", "not black", "nonwhite", "non-citizen", "1")),
    ],
)
def test_a_level_that_says_that_nobody_told_is_known_by_its_words(level, told):
    assert is_undisclosed(level) is told


@pytest.mark.parametrize(
    ("levels", "codes"),
    [
        ("<25 25-34 >74 8888", ["8888"]),
        ("25-34 35-44 8888 9999", ["8888", "9999"]),
        ("1 2 3 1111", ["1111"]),
        ("1 2 3 11", []),
        ("0 11 22 33", []),
        ("11 12 13", []),
        ("black white 99", ["99"]),
    ],
)
def test_a_code_among_words_or_far_shorter_codes_is_no_group(levels, codes):
    assert [level for level in levels.split() if is_no_group(level, levels.split())] == codes

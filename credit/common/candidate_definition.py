"""The definition of a candidate, of which every file of credit/candidates/ has one, and how the files are found.

Importing such a file loads no library for training: `build` imports what it needs, because every stage is a new
process, and most of them only read the words.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from credit.common.errors import CreditError, Problem
from credit.common.params import Params

if TYPE_CHECKING:
    from onnx import ModelProto

FOLDER = Path(__file__).parents[1] / "candidates"


class BuildContext(NamedTuple):
    """What an estimator may depend on besides its hyperparameters.

    `rows`: how many it will be fitted on; `threshold`: of the contract's rule, None where it has none; `approve`: the
    side of it that passes. `directions`: of each column of the design matrix, 1 where the contract says that more is
    better, -1 where worse, else 0; empty where it says so of no feature. An estimator keeps to them where it can.
    """

    rows: int
    seed: int
    threshold: float | None = None
    approve: Literal["at_least", "at_most"] = "at_least"
    directions: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CandidateDefinition:
    """A candidate: all that the pipeline, its proofs and its reports need to know of it."""

    label: str
    """Its name within a sentence, after `the`: `logistic regression`."""
    description: str
    """One or two sentences for people who are no modelers."""
    hyperparameters: type[Params]
    """The block `train.<name>` of params.yaml."""
    build: Callable[[Any, BuildContext], Any]
    """Makes the estimator from hyperparameters, not fitted: a pipeline that fills in missing values and ends in a
    classifier. What can work on several cores is given `n_jobs=1`; training raises that while it fits."""
    grid: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    """Values to try of each hyperparameter, which `train.search.<name>` and `find_alternatives.<name>` replace. The
    hyperparameters in it have the names of the last step's parameters."""
    kept_in_search: tuple[str, ...] = ()
    """Hyperparameters that `train.search` leaves as they are: it goes by the AUC, which is not what these are for."""
    trusted_types: tuple[str, ...] = ()
    """Types beyond skops's own list that the stored estimator may be made of: code that loading it runs."""
    onnx_options: Mapping[str, Any] = field(default_factory=dict)
    """More options of skl2onnx's converters, such as `{"nocl": True}`."""
    make_onnx: "Callable[[Any, int], ModelProto] | None" = None
    """Makes the graph of a fitted estimator that skl2onnx cannot convert, given the number of columns; its input is
    `credit.scoring.onnx.ONNX_INPUT`, its output ONNX_OUTPUT."""
    reads_groups: bool = False
    """Training reads the groups of the protected attributes: the last step's `fit` takes `groups`, shape (n,
    attributes), coded as `credit.training.training_groups` does. Its `make_plain()`, which is stored, knows of none.
    Only where `train.read_protected` is true."""
    fit_in_float64: bool = False
    """Fit in float64 and round what was fitted to nine digits: for an optimum that an iteration finds, of which
    another processor has other last bits."""


@cache
def list_definitions() -> tuple[str, ...]:
    """List the names of all candidates that have a file, in alphabetical order; nothing is imported."""
    return tuple(sorted(file.stem for file in FOLDER.glob("[!_]*.py")))


def name_definition_file(name: str) -> str:
    """Name the file of a candidate for errors, from the root of the repository."""
    return f"credit/candidates/{name}.py"


def load_definition(name: str) -> CandidateDefinition:
    """Load the definition of a candidate.

    Raises CreditError for a name without a file, a file that cannot be imported, and one without a definition.
    """
    file = name_definition_file(name)
    if name not in list_definitions():
        known = ", ".join(list_definitions())
        raise CreditError(Problem(f"candidate {name}", f"no {file}", f"one of {known}", "is it misspelt?"))
    try:
        definition = getattr(import_module(f"credit.candidates.{name}"), "CANDIDATE", None)
    except Exception as error:  # noqa: BLE001 - a modeler's file may fail in any way, and then say it in one line
        found = f"{type(error).__name__}: {' '.join(str(error).split())}"
        fix = "docs/extending.md shows one; take the file out of the folder while it is not ready"
        raise CreditError(Problem(file, found, "a definition that can be imported", fix)) from None
    if not isinstance(definition, CandidateDefinition):
        fix = "docs/extending.md shows one; a file that is no candidate belongs in another folder"
        raise CreditError(Problem(file, "no CANDIDATE", "CANDIDATE = CandidateDefinition(...)", fix))
    return definition


def label_candidate(name: str) -> str:
    """Name a candidate within a sentence; one that is not defined any more, by its name with spaces."""
    return load_definition(name).label if name in list_definitions() else name.replace("_", " ")


def format_candidate(name: str) -> str:
    """Name a candidate as the subject of a sentence: `the logistic regression`."""
    return f"the {label_candidate(name)}"

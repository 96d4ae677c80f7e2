"""Write the results for people: one HTML page that needs nothing else, and the bundle's model card beside it.

The page is for a credit officer and a reviewer: the verdict first, then its evidence, then how to reproduce it.
"""

from pathlib import Path

from credit.common.cli import make_stage
from credit.common.files import write_text
from credit.report.curves import draw_curves
from credit.report.facts import collect_facts
from credit.report.provenance import read_run
from credit.report.render import render_report
from credit.report.results import read_results
from credit.reports.candidate import LearningReport


@make_stage(__doc__)
def run(
    contract_file: Path,
    reports_folder: Path,
    waivers_folder: Path,
    params_file: Path,
    bundle_folder: Path,
    page_file: Path,
    card_file: Path,
) -> None:
    """Write `reports/report.html` and `reports/model_card.md`."""
    results = read_results(contract_file, reports_folder, waivers_folder)
    learning = LearningReport.read(reports_folder / "learning.json")
    page = render_report(
        collect_facts(results)._replace(learning=learning),
        read_run(params_file, bundle_folder),
        draw_curves(results, reports_folder / "plots"),
    )
    card = (bundle_folder / "model_card.md").read_text(encoding="utf-8")
    write_text(page_file, page)
    write_text(card_file, card)
    print(f"read {page_file}")

"""Write the results for people: one HTML page that needs nothing else, and the bundle's model card beside it.

The page is for a credit officer and a reviewer: the verdict first, then its evidence, then how to reproduce it.
"""

from credit.common.files import write_text
from credit.common.params import parse_arguments
from credit.report.curves import draw_curves
from credit.report.facts import collect_facts
from credit.report.provenance import read_run
from credit.report.render import render_report
from credit.report.results import read_results


def main() -> None:
    """Write `reports/report.html` and `reports/model_card.md`."""
    args = parse_arguments(__doc__, "contract", "reports", "waivers", "params", "bundle", "page", "card")
    results = read_results(args.contract, args.reports, args.waivers)
    page = render_report(
        collect_facts(results), read_run(args.params, args.bundle), draw_curves(results, args.reports / "plots")
    )
    card = (args.bundle / "model_card.md").read_text(encoding="utf-8")
    write_text(args.page, page)
    write_text(args.card, card)
    print(f"read {args.page}")

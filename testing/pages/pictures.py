"""Take the pictures of docs/: the first screens of the report and the service page. `python -m testing.pages.pictures`.

Run it where the pipeline ran. The page is that of a service that decided the test rows by two versions.
"""

import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Browser, Page

from credit.bundle.policy_limits import PolicyLimits
from credit.contract import load_contract
from credit.data.tables import open_table
from credit.packaging.build import BundleInputs, build_bundle
from credit.registry.ledger import Ledger
from credit.registry.names import parse_version
from credit.registry.store import Store
from credit.registry.versions import publish_bundle
from credit.training.agreement import PackageParams
from release.deployment.apply import apply_change
from release.deployment.change import Attribution
from release.deployment.plan import plan_deployment
from testing.lenders.frozen import ROOT
from testing.parts.browsers import launch_browser, open_pages
from testing.parts.servers import wait_until
from testing.services import Service, run_service

WIDTH, HEIGHT = 1280, 780
CONTRACT = "data/contracts/loanapp.yaml"


@contextmanager
def open_report(browser: Browser, project: Path) -> Iterator[Page]:
    """Open the report of a project in which the pipeline ran."""
    with open_pages(browser) as open_page:
        yield open_page((project / "reports/report.html").as_uri(), WIDTH)


@contextmanager
def open_service_page(browser: Browser, project: Path, folder: Path) -> Iterator[Page]:
    """Open the page of a service that decided the test rows by two versions; it keeps its files in `folder`."""
    store = Store(str(folder / "store"))
    applications = read_applications(project)
    half = len(applications) // 2
    _deploy(store, _package(project, "heuristic", folder), "v1.0.0", Attribution("The first version", "modeler"))
    with run_service(store.url, folder / "state") as service, open_pages(browser) as open_page:
        _decide(service.wait(), applications[:half])
        approved = Attribution("Approved by the credit committee", "release manager")
        _deploy(store, _package(project, "logistic", folder), "v2.0.0", approved)
        wait_until(lambda: service.read_health().get("entry") == 2, "the second version", service.process)
        _decide(service, applications[half:])
        yield open_page(f"{service.url}/", WIDTH)


def take_picture(page: Page, path: Path) -> None:
    """Take a picture of the first screen, with what it says as its caption."""
    picture = page.screenshot(clip={"x": 0, "y": 0, "width": WIDTH, "height": HEIGHT})
    text = b"Description\0\0\0\0\0" + read_main_text(page).encode()  # iTXt: no compression, no language
    chunk = b"iTXt" + text
    end = picture.rindex(b"IEND") - 4
    caption = struct.pack(">I", len(text)) + chunk + struct.pack(">I", zlib.crc32(chunk))
    path.write_bytes(picture[:end] + caption + picture[end:])


def read_main_text(page: Page) -> str:
    """Read what the first section of a page says: how much of it is on the first screen depends on the fonts."""
    return " ".join(page.locator("main section").first.inner_text().split())


def read_caption(path: Path) -> str:
    """Read the caption that `take_picture` wrote."""
    content = path.read_bytes()
    start = content.index(b"iTXt")
    (length,) = struct.unpack(">I", content[start - 4 : start])
    return content[start + 4 : start + 4 + length].removeprefix(b"Description\0\0\0\0\0").decode()


def read_applications(project: Path) -> list[dict[str, Any]]:
    """Read the test rows as clients send them: what a model may see, and protected attributes beside it."""
    contract = load_contract(project / CONTRACT)
    sent, protected = list(contract.features), list(contract.protected)
    rows = open_table(project / "data/test.parquet").read(columns=[*sent, *protected]).to_pylist()
    return [
        {"application": {name: row[name] for name in sent}, "protected": {name: row[name] for name in protected}}
        for row in rows
    ]


def _package(project: Path, candidate: str, folder: Path) -> Path:
    data = project / "data"
    models, candidates = project / "models/candidates", project / "reports/candidates"
    inputs = BundleInputs(project / CONTRACT, data / "train.parquet", data / "test.parquet", models, candidates)
    extra = {PolicyLimits.NAME: (project / "models/bundle" / PolicyLimits.NAME).read_bytes()}
    build_bundle(candidate, inputs, PackageParams(max_other_decisions=0), folder / candidate, extra)
    return folder / candidate


def _deploy(store: Store, bundle: Path, version: str, by: Attribution) -> None:
    record, _ = publish_bundle(store, parse_version(version), bundle, "0" * 40, by.actor)
    apply_change(store, plan_deployment(Ledger(store, "prod"), record, by))


def _decide(service: Service, applications: Sequence[dict[str, Any]]) -> None:
    service.decide({"applications": applications}, "/v1/decisions/batch").raise_for_status()


def main() -> None:
    """Take both pictures."""
    with launch_browser() as browser, TemporaryDirectory() as folder:
        with open_report(browser, ROOT) as page:
            take_picture(page, ROOT / "docs/report.png")
        with open_service_page(browser, ROOT, Path(folder)) as page:
            take_picture(page, ROOT / "docs/service-page.png")


if __name__ == "__main__":
    main()

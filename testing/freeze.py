"""Freeze the lender of the template's tests as the template is now: `python -m testing.freeze` after `dvc repro`."""

import shutil

from testing.projects import LENDER, OWN, ROOT, list_files


def list_own_files() -> list[str]:
    """List the files that belong to whoever uses the template, without those that no test reads."""
    left_out = (".gitignore", "README.md", "benchmarks.md")
    return [name for name in list_files(lender=None) if name.startswith(OWN) and not name.endswith(left_out)]


def main() -> None:
    """Replace the lender by the parameters, contracts and results of the working tree."""
    shutil.rmtree(LENDER, ignore_errors=True)
    for name in list_own_files():
        (LENDER / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, LENDER / name)


if __name__ == "__main__":
    main()

"""The stages of one dataset, run one by one without DVC."""

from bench.process import Usage
from bench.project import Project, commands


def run_stages(project: Project, dataset: str, last: str = "") -> dict[str, Usage]:
    """Run the stages on one bundled dataset, up to the stage `last` if one is given; usage by DVC's names for them."""
    project.set("data.contract", dataset)
    usages = {}
    for name, command in commands(project.folder).items():
        if name.startswith("fetch@") and name != f"fetch@{dataset}":
            continue
        usages[name] = project.run(*command)
        if name.split("@")[0] == last:
            break
    return usages

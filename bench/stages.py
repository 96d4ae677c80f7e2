"""The stages of one dataset, run one by one without DVC."""

from bench.process import Usage
from bench.project import ProjectCopy, read_commands


def run_stages(project: ProjectCopy, dataset: str, last: str = "") -> dict[str, Usage]:
    """Run the stages on one bundled dataset, up to the stage `last` if given; return usage by DVC's stage names."""
    project.set_param("data.contract", dataset)
    usages = {}
    for name, command in read_commands(project.folder).items():
        if name.startswith("fetch@") and name != f"fetch@{dataset}":
            continue
        usages[name] = project.run(*command)
        if name.split("@")[0] == last:
            break
    return usages

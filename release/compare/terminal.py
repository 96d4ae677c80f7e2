"""The comment as a terminal shows it: Markdown rendered by rich, as wide as the terminal is."""

import re

from release.compare.comment import MARKER


def render_for_terminal(comment: str) -> str:
    """Render the comment without its marker and charts; what opens on a click on GitHub is open."""
    from rich.console import Console  # a tenth of a second, which only a terminal needs
    from rich.markdown import Markdown

    text = comment.replace(MARKER, "").replace("\u200b", "")
    text = re.sub(r"```mermaid\n.*?\n```", "", text, flags=re.DOTALL)
    text = re.sub(r"<details><summary>(.*?)</summary>", r"\1", text).replace("</details>", "")
    console = Console()
    with console.capture() as captured:
        console.print(Markdown(text))
    return "\n".join(line.rstrip() for line in captured.get().splitlines()).strip("\n")

"""The anchors of a page's headings, which other pages and alerts link to."""

import re


def list_anchors(page: str) -> set[str]:
    """List the anchors that GitHub makes of a page's headings."""
    text = re.sub(r"^```.*?^```$", "", page, flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}

"""What a draft asks about, the most important first, and a question as it is listed."""

from typing import Any, NamedTuple


class Topic(NamedTuple):
    """A kind of question. `section`: the key of its answers; `asks`: the question in words.

    `by_column`: each column has an answer of its own. `is_prompt`: the file suggests nothing that could be accepted.
    """

    section: str
    asks: str
    by_column: bool = True
    is_prompt: bool = False


_WAYS = "Rows of one left out are set aside; {a: [b]} counts b as a, "

TOPICS = {
    "label": Topic("label", "Which column says how it went?", by_column=False),
    "favourable": Topic("favourable", "Which value is good for the applicant?", by_column=False),
    "identifier": Topic("roles", "Does it tell rows, people or times apart?"),
    "format": Topic("formats", "How are its numbers or dates written?"),
    "protected": Topic("roles", "Protected? No model sees it, and equal treatment is judged by it"),
    "groups": Topic("levels", "Which groups are there? " + _WAYS + "{undisclosed: [b]} leaves its people in none"),
    "reference": Topic("references", "Which group are the others compared with?"),
    "proxy": Topic("roles", "It gives a protected attribute away: protected, ignored, or a feature?"),
    "leak": Topic("roles", "Known only afterwards? Ignored, or a feature that is known when you decide"),
    "afterwards": Topic("roles", "Known only afterwards? Ignored, or a feature that is known when you decide"),
    "left_out": Topic("roles", "Should the model not see it? Ignored, or a feature"),
    "source": Topic("roles", "Is it read only for its age? A source, or ignored"),
    "score": Topic("roles", "Is it the score that the old rule decides by?"),
    "threshold": Topic("thresholds", "From which score on does the old rule let pass?"),
    "rule": Topic("rule", "What decides where no model does?", by_column=False),
    "codes": Topic("codes", 'Which of these values mean "not known"? [] if none does'),
    "levels": Topic("levels", "Which levels are there? " + _WAYS.rstrip(", ") + "; [] if they are amounts"),
    "row": Topic("row", "What is one row?", by_column=False, is_prompt=True),
    "licence": Topic(
        "licence", "Under which licence, or on which ground, is it used?", by_column=False, is_prompt=True
    ),
    "reviewed": Topic(
        "reviewed", "Who went through the plain features and the texts?", by_column=False, is_prompt=True
    ),
}
SECTIONS = {topic.section: topic.by_column for topic in TOPICS.values()}
"""The keys of answers, and whether each holds an answer for every column."""


class Question(NamedTuple):
    """A question that is open, for one column or for several that are alike; `proposals` has one for each.

    `whys` tell what the file shows of each; `has_default`: whether something speaks for the proposals.
    """

    topic: str
    columns: tuple[str, ...]
    proposals: tuple[Any, ...]
    whys: tuple[str, ...]
    has_default: bool

    @property
    def section(self) -> str:
        """The key of the answers."""
        return TOPICS[self.topic].section

    @property
    def why(self) -> str:
        """What the file shows, where that is the same of all columns; else of the first."""
        return self.whys[0]

    @property
    def key(self) -> str:
        """The section, and the columns where each has an answer."""
        return f"{self.section}: {', '.join(self.columns)}" if TOPICS[self.topic].by_column else self.section


def order_questions(questions: list[Question]) -> list[Question]:
    """Order questions by what they matter; of a topic the order is that of the file."""
    ranks = list(TOPICS)
    return sorted(questions, key=lambda question: ranks.index(question.topic))

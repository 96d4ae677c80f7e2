"""Write the draft of a contract from a CSV or Parquet file, for a person to complete.

    python -m credit.draft applications.csv

Facts of the file are written as values: types, whether values are missing, the values of categories. Whatever is
a judgement is written as a question, a value that begins with `?` and goes on with a proposal; `load_contract`
refuses a contract as long as one is left. Questions are: the role of every column that a name or its content makes
suspicious (and what follows from that role), codes for missing values, and what no file says (source, licence, row).

A person who must confirm 200 times that a plain feature is a feature stops reading, and misses the one that is not.
So plain features carry no question of their own; one question, `reviewed`, asks who went through the list of them.
"""

import argparse
import os
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from credit import entry, proposal
from credit.entry import Ask, Field
from credit.errors import CreditError, Problem, run
from credit.leak import tells
from credit.profile import look_at
from credit.rawtable import raw_table

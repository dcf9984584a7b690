"""Summarise a text, here or with a model.

Without a model the summary is an extract: the sentences of the text itself that have
most in common with all the others. It needs nothing but Python.
"""

from summary.engines import summarise
from summary.told import EmptyTextError, Summary, SummaryError

__all__ = ["EmptyTextError", "Summary", "SummaryError", "summarise"]

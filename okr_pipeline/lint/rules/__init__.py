"""All rules of advice, in the order in which they are told: the table of contents."""

from __future__ import annotations

from okr_pipeline.lint.advice import Rule
from okr_pipeline.lint.rules import alignment, ambition, balance, care, writing

RULES: tuple[Rule, ...] = (*balance.RULES, *writing.RULES, *ambition.RULES, *alignment.RULES, *care.RULES)

"""
What must hold between things that are readable each for itself.

A rule is a function from the draft to diagnostics. Rules never repeat one another: each looks only
at what those before it left in order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from okr_pipeline.config.diagnostic import Diagnostic
from okr_pipeline.config.draft import Draft
from okr_pipeline.config.rules import calendar, circles, datasets, goals, measures, references

Rule = Callable[[Draft], Iterable[Diagnostic]]

RULES: tuple[Rule, ...] = (
    calendar.cycles_end_after_they_start,
    calendar.cycles_lie_inside_their_parent,
    references.metrics_exist,
    references.datasets_exist,
    references.objectives_exist,
    references.key_results_exist,
    references.strategies_exist,
    datasets.columns_are_declared,
    datasets.columns_differ_in_more_than_case,
    datasets.incremental_reading_is_complete,
    datasets.freshness_looks_at_time,
    measures.time_is_a_declared_time,
    measures.expressions_fit_their_columns,
    measures.ratios_have_a_fitting_unit,
    goals.baseline_differs_from_target,
    goals.percentages_meet_percentages,
    goals.marks_lie_on_their_side,
    goals.weights_lie_in_bounds,
    goals.baseline_dates_fit_the_cycle,
    circles.metrics_do_not_contain_themselves,
    circles.objectives_do_not_answer_to_themselves,
    circles.cycles_are_not_their_own_parent,
)

"""
What must hold between things that are readable each for itself.

A rule is a function from the draft to diagnostics. Rules never repeat one another: each looks only
at what those before it left in order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from okr_pipeline.config.diagnostic import Diagnostic
from okr_pipeline.config.draft import Draft
from okr_pipeline.config.rules import (
    bounds,
    calendar,
    circles,
    datasets,
    days,
    goals,
    groups,
    measures,
    references,
    statements,
    stores,
    units,
)

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
    datasets.personal_columns_can_be_spared,
    measures.time_is_a_declared_time,
    measures.expressions_fit_their_columns,
    measures.ratios_have_a_fitting_unit,
    measures.changes_have_an_earlier_time,
    goals.targets_differ_from_baselines,
    goals.targets_lie_where_declared,
    goals.marks_lie_on_their_side,
    goals.steps_go_one_way,
    goals.weights_lie_in_bounds,
    goals.weights_are_weighed,
    bounds.warnings_lie_inside,
    bounds.conditions_can_hold_together,
    units.percentages_meet_percentages,
    units.sums_are_of_one_unit,
    days.baseline_dates_fit_the_cycle,
    days.baselines_are_taken_from_earlier_cycles,
    days.curves_follow_an_earlier_cycle,
    days.days_lie_in_their_cycle,
    days.days_and_shares_ascend,
    groups.groups_are_declared_columns,
    groups.groups_are_held_as_groups,
    statements.revisions_name_what_exists,
    statements.revisions_lead_to_what_is_written,
    statements.check_ins_name_key_results_of_their_cycle,
    statements.check_ins_fit_their_key_result,
    statements.check_in_datasets_have_their_columns,
    circles.metrics_do_not_contain_themselves,
    circles.objectives_do_not_answer_to_themselves,
    circles.nothing_replaces_itself,
    circles.cycles_are_not_their_own_parent,
    stores.lake_and_warehouse_are_paths,
)

"""What a pattern selects."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import pytest

from okr_pipeline import config
from okr_pipeline.demo import config_folder
from okr_pipeline.model.observation import Status
from okr_pipeline.model.okr import Project
from okr_pipeline.selection import NothingSelected, datasets_in, key_results_in, selected

STATUSES = {"trust.churn": Status.STALE, "mid_market.pipeline": Status.OFF_TRACK}


@cache
def demo() -> Project:
    return config.load(config_folder())


def found(*patterns: str, statuses: Mapping[str, Status] = STATUSES) -> set[str]:
    return selected(demo(), patterns, statuses=lambda: statuses)


@pytest.mark.parametrize(
    ("pattern", "ids"),
    [
        ("mid_market", {"mid_market"}),
        ("*.activation", {"daily_habit.activation", "product.activation"}),
        ("source:support", {"support.satisfaction"}),
        ("owner:m.lindqvist@*", {"mid_market.pipeline", "mid_market.calls"}),
        ("status:off_track", {"mid_market.pipeline"}),
        ("stale:", {"trust.churn"}),
        ("status:reached", set()),
    ],
)
def test_a_pattern_selects(pattern: str, ids: set[str]) -> None:
    """By id, glob, source, owner and status; a status that nothing has selects nothing."""
    assert found(pattern) == ids


def test_an_owner_is_the_objectives_where_the_key_result_names_none() -> None:
    """Who answers for the objective answers for its key results."""
    assert found("owner:a.okafor@*") == {"mid_market.new_arr"}


def test_leading_and_lagging_share_out_all_key_results() -> None:
    """Every key result has one indicator."""
    leading, lagging = found("indicator:leading"), found("indicator:lagging")
    assert (leading | lagging, leading & lagging) == ({kr.id for kr in demo().key_results()}, set())


def test_a_plus_selects_all_that_is_made_from_it() -> None:
    """From a source to its metrics, key results and objectives, through ratios."""
    expected = {"support.satisfaction", "support.satisfied", "trust.satisfaction", "trust"}
    assert found("source:support+") == expected


def test_patterns_add_up() -> None:
    """Two patterns select what either does."""
    assert found("stale:", "mid_market") == {"trust.churn", "mid_market"}


@pytest.mark.parametrize(
    ("pattern", "near"),
    [
        ("mid_markte", "; did you mean mid_market?"),
        ("status:of_track", "; did you mean status:off_track?"),
        ("colour:red", ""),
        ("owner:nobody", ""),
    ],
)
def test_a_slip_is_no_empty_answer(pattern: str, near: str) -> None:
    """What names nothing that is there is an error, with what was likely meant."""
    with pytest.raises(NothingSelected) as raised:
        found(pattern)
    assert str(raised.value).removeprefix(f"{pattern} selects nothing") == near


def test_statuses_are_asked_for_only_when_a_pattern_needs_them() -> None:
    """Selecting by id reads no report."""

    def statuses() -> Mapping[str, Status]:
        raise AssertionError("asked")

    assert selected(demo(), ["trust"], statuses=statuses) == {"trust"}


def test_what_is_selected_stands_for_its_datasets() -> None:
    """A key result is read through the datasets its metric is made of, an objective through all of them."""
    assert (
        {"finance.churn"},
        {"crm.opportunities", "crm.pipeline_history", "crm.calls"},
    ) == (datasets_in(demo(), {"trust.churn"}), datasets_in(demo(), {"mid_market"}))


def test_what_is_selected_stands_for_its_key_results() -> None:
    """An objective for all of its own, a dataset for those made from it."""
    assert (
        {"mid_market.new_arr", "mid_market.pipeline", "mid_market.calls"},
        {"trust.churn"},
    ) == (key_results_in(demo(), {"mid_market"}), key_results_in(demo(), {"finance.churn"}))

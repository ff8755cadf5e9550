"""Dagster: schedule, graph, retries and history around the stages; the only package that imports it."""

from okr_pipeline.orchestration.build import build_definitions
from okr_pipeline.orchestration.executor import executor_named

__all__ = ["build_definitions", "executor_named"]

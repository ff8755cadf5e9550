"""The expressions users write: checked against declared columns, compiled to exact DuckDB SQL."""

from okr_pipeline.expression.check import check_formula, check_query, check_value, check_where
from okr_pipeline.expression.compile import (
    Aggregation,
    Compiled,
    compile_formula,
    compile_query,
    compile_row,
    compile_value,
    row_columns,
)
from okr_pipeline.expression.read import Problem

__all__ = [
    "Aggregation",
    "Compiled",
    "Problem",
    "check_formula",
    "check_query",
    "check_value",
    "check_where",
    "compile_formula",
    "compile_query",
    "compile_row",
    "compile_value",
    "row_columns",
]

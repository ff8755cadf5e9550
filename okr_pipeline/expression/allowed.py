"""
What an expression may be made of.

Everything here gives the same answer whatever the order of rows, the number of threads and the
clock. What is not on a list is refused; for the likeliest ones the rewrite is named.
"""

from __future__ import annotations

from sqlglot import exp

QUANTILES = (exp.PercentileCont, exp.PercentileDisc)
AGGREGATES = (exp.Sum, exp.Count, exp.CountIf, exp.Min, exp.Max, exp.Avg, exp.Median, *QUANTILES)
PREDICATES = (
    exp.And,
    exp.Or,
    exp.Not,
    exp.EQ,
    exp.NEQ,
    exp.GT,
    exp.GTE,
    exp.LT,
    exp.LTE,
    exp.Is,
    exp.In,
    exp.Between,
    exp.Like,
    exp.ILike,
    exp.NullSafeEQ,
    exp.NullSafeNEQ,
    exp.StartsWith,
    exp.Contains,
)
ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.Neg, exp.Abs)
CHOICES = (exp.Paren, exp.Case, exp.If, exp.Coalesce, exp.Nullif, exp.Greatest, exp.Least)
TEXT = (exp.Lower, exp.Upper, exp.Trim, exp.DPipe)
TIMES = (exp.DateDiff, exp.TimestampTrunc, exp.DateTrunc, exp.Extract, exp.Year, exp.Month, exp.Day)
ATOMS = (
    exp.Column,
    exp.Identifier,
    exp.Literal,
    exp.Boolean,
    exp.Null,
    exp.Star,
    exp.Distinct,
    exp.Cast,
    exp.DataType,
    exp.DataTypeParam,
    exp.Var,
    exp.Filter,
    exp.Where,
)
ALLOWED = (*AGGREGATES, *PREDICATES, *ARITHMETIC, *CHOICES, *TEXT, *TIMES, *ATOMS)

# `extract(epoch ...)` and `julian` are floating point.
PARTS = frozenset({"YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "DOW", "ISODOW", "DOY", "HOUR", "MINUTE"})

# What DECIMAL holds; a longer number would be floating point.
MOST_DIGITS = 38

# What a query may ask for: the cut, and the stretch of time before it.
PARAMETERS = ("as_of", "window_start", "window_end")

CAST_TYPES = frozenset({"DECIMAL", "BIGINT", "INT", "DATE", "BOOLEAN", "TEXT", "VARCHAR", "TIMESTAMPTZ"})

_NAME_THE_ROW = "name the row you mean: min(...) or max(...)"
_AS_OF = "the as-of decides what counts: use `time:` and `window:`"
_RANDOM = "a random answer cannot be computed again"
_FLOATING = "it is computed in floating point and its last digits depend on row order"

REWRITES = {
    "FIRST": _NAME_THE_ROW,
    "FIRST_VALUE": _NAME_THE_ROW,
    "LAST": _NAME_THE_ROW,
    "LAST_VALUE": _NAME_THE_ROW,
    "ANY_VALUE": _NAME_THE_ROW,
    "ARBITRARY": _NAME_THE_ROW,
    "MODE": "ties depend on row order; count the groups you mean",
    "APPROX_DISTINCT": "use count(distinct ...)",
    "APPROX_COUNT_DISTINCT": "use count(distinct ...)",
    "APPROX_QUANTILE": "use quantile_cont(...)",
    "APPROX_TOP_K": "count the groups you mean",
    "RAND": _RANDOM,
    "RANDOM": _RANDOM,
    "UUID": _RANDOM,
    "GEN_RANDOM_UUID": _RANDOM,
    "NOW": _AS_OF,
    "TODAY": _AS_OF,
    "CURRENT_DATE": _AS_OF,
    "CURRENT_TIME": _AS_OF,
    "CURRENT_TIMESTAMP": _AS_OF,
    "LOCALTIMESTAMP": _AS_OF,
    "GET_CURRENT_TIME": _AS_OF,
    "GET_CURRENT_TIMESTAMP": _AS_OF,
    "TRANSACTION_TIMESTAMP": _AS_OF,
    "CURRENT_SETTING": "it is another on another machine",
    "GETVARIABLE": "there are no variables here",
    "ROUND": "values are rounded once, when stored; readers round again for display",
    "STDDEV": _FLOATING,
    "STDDEV_SAMP": _FLOATING,
    "STDDEV_POP": _FLOATING,
    "VARIANCE": _FLOATING,
    "VARIANCE_POP": _FLOATING,
    "CORR": _FLOATING,
    "SQRT": _FLOATING,
    "LN": _FLOATING,
    "LOG": _FLOATING,
    "EXP": _FLOATING,
    "POW": "it is computed in floating point; multiply instead",
    "POWER": "it is computed in floating point; multiply instead",
}

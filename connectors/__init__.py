"""How to fetch rows from outside. Knows nothing of OKRs, DuckDB or Dagster."""

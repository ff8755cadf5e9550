"""The only importer of duckdb: landing, measuring, progress. Rebuildable from lake and ledger."""

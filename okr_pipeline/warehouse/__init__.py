"""The only importer of duckdb: landing, measuring, progress, and files for readers. Rebuildable from lake and ledger."""

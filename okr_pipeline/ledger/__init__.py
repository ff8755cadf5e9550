"""The record of truth: what was known, and since when; `store.Ledger` opens it."""

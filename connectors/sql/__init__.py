"""Databases as a source: any that SQLAlchemy reads, each dataset one SELECT or one table."""

from connectors.sql.connector import SqlConnector as SqlConnector

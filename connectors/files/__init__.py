"""Files as a source: CSV, Parquet, JSON lines and Excel, one path or a pattern of many."""

from connectors.files.connector import FilesConnector as FilesConnector

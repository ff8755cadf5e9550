"""Any JSON API that gives rows in pages: declared, not programmed."""

from connectors.rest.connector import RestConnector as RestConnector

"""Salesforce as a source: small reads by query pages, large ones by Bulk jobs, the same rows either way."""

from connectors.salesforce.connector import SalesforceConnector as SalesforceConnector

"""Google Sheets as a source: tabs by header name, single cells by named range, one read a spreadsheet."""

from connectors.google_sheets.connector import GoogleSheetsConnector as GoogleSheetsConnector

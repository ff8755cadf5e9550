"""The finance workbook: churn by month, what growth cost by month, and the list of SOC 2 controls."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from okr_pipeline.demo.season import Draw, morning

Row = tuple[object, ...]

_CHURN = (  # month, opening MRR, churned MRR, and the day on which the latter is booked
    (date(2026, 3, 1), "1058412.60", "27114.75", date(2026, 4, 6)),
    (date(2026, 4, 1), "1066216.05", "26180.40", date(2026, 5, 6)),
    (date(2026, 5, 1), "1076276.55", "27020.85", date(2026, 6, 5)),
    (date(2026, 6, 1), "1084358.00", "25911.20", date(2026, 7, 6)),
    (date(2026, 7, 1), "1096101.90", "25480.35", date(2026, 8, 6)),
    (date(2026, 8, 1), "1107493.00", "23701.15", date(2026, 9, 4)),
    (date(2026, 9, 1), "1122696.60", "24988.90", date(2026, 10, 7)),
)
_GROWTH = (  # month, new MRR, sales cost, marketing cost, revenue, cost of revenue
    (date(2026, 3, 1), "34918.20", "214300.00", "118240.50", "1061902.11", "233618.46"),
    (date(2026, 4, 1), "36240.90", "216850.00", "121905.20", "1071020.64", "234553.52"),
    (date(2026, 5, 1), "35102.30", "219400.00", "119877.00", "1080114.09", "234384.76"),
    (date(2026, 6, 1), "37655.10", "221950.00", "127410.75", "1090011.37", "235442.46"),
    (date(2026, 7, 1), "36871.45", "223100.00", "124680.40", "1101820.53", "236891.41"),
    (date(2026, 8, 1), "38904.75", "226750.00", "131255.90", "1115066.28", "238624.18"),
    (date(2026, 9, 1), "36512.80", "229300.00", "128904.15", "1128340.72", "239208.23"),
)
_GROWTH_COLUMNS = ("month", "new_mrr", "sales_cost", "marketing_cost", "revenue", "cost_of_revenue")
_AREAS = ("Access", "Change", "Backup", "Monitoring", "Vendors", "People", "Incidents", "Encryption")
_CONTROLS = 64
_FIRST_AUTOMATED = date(2026, 6, 30)


def write_workbook(path: Path, *, on: date) -> None:
    """Write the workbook as it stands on the morning of *on* to *path*: equal days give equal bytes."""
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    _sheet(book, "Churn", ("month", "opening_mrr", "churned_mrr"), _churn_rows(on))
    _sheet(book, "Growth", _GROWTH_COLUMNS, _growth_rows(on))
    _sheet(book, "Controls", ("control", "area", "automated"), _control_rows(on))
    book.properties.creator = "Fernhill finance"
    book.properties.created = morning(on).replace(tzinfo=None)
    saved = io.BytesIO()
    book.save(saved)
    path.write_bytes(_repacked(saved.getvalue(), modified_at=morning(on)))


def _churn_rows(on: date) -> Iterable[Row]:
    """A month's row appears when the month is over; what churned is booked some days later."""
    for month, opening, churned, booked_on in _CHURN:
        if _is_over(month, on):
            yield (month, Decimal(opening), Decimal(churned) if booked_on <= on else None)


def _growth_rows(on: date) -> Iterable[Row]:
    for month, *amounts in _GROWTH:
        if _is_over(month, on):
            yield (month, *(Decimal(amount) for amount in amounts))


def _control_rows(on: date) -> Iterable[Row]:
    """The first controls are automated from the start, the others one by one."""
    draw = Draw("controls")
    automated_on = _FIRST_AUTOMATED
    for number in range(_CONTROLS):
        automated_on += timedelta(days=draw.between(0, 4))
        area = _AREAS[number % len(_AREAS)]
        yield (f"CC{1 + number // 8}.{1 + number % 8}", area, automated_on < on)


def _is_over(month: date, on: date) -> bool:
    return (month.year, month.month) < (on.year, on.month)


def _sheet(book: Any, title: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """A title in row 1 and the header in row 2, as people lay out sheets."""
    sheet = book.create_sheet(title)
    sheet.append([f"Fernhill finance: {title.lower()} (EUR)"])
    sheet.append(list(columns))
    for row in rows:
        sheet.append(list(row))
    sheet.freeze_panes = "B3"
    for column in sheet.iter_cols(min_row=2):
        sheet.column_dimensions[column[0].column_letter].width = 18
        for cell in column[1:]:
            cell.number_format = _format(cell.value)


def _format(value: object) -> str:
    if isinstance(value, Decimal):
        return "#,##0.00"
    return "yyyy-mm" if isinstance(value, date) else "General"


def _repacked(workbook: bytes, *, modified_at: datetime) -> bytes:
    """Pack the parts again, stored, with fixed times: a library's clock and compressor leave no mark."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as parts, zipfile.ZipFile(packed, "w") as target:
        for name in sorted(parts.namelist(), key=lambda part: (part != "[Content_Types].xml", part)):
            content = parts.read(name)
            if name == "docProps/core.xml":
                stamp = modified_at.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
                content = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + stamp, content)
            target.writestr(zipfile.ZipInfo(name), content)
    return packed.getvalue()

"""Every diagnostic code with its meaning in one line: the source of the page that explains them."""

from __future__ import annotations

CODES = {
    # files and YAML
    "OKR001": "The configuration folder or its okr.yaml is missing",
    "OKR002": "A file cannot be read",
    "OKR003": "A file is larger than 1 MB",
    "OKR004": "A file is not UTF-8 text, or holds control characters",
    "OKR005": "A file is not valid YAML",
    "OKR006": "A line is indented with a tab",
    "OKR007": "A key is written twice in one mapping",
    "OKR008": "Anchors, aliases and merge keys are not allowed",
    "OKR009": "YAML tags are not allowed",
    "OKR010": "A file is nested deeper than 64 levels",
    "OKR011": "Infinity and NaN are no numbers here",
    "OKR012": "A number has more than 38 digits",
    "OKR013": "A key is not plain text",
    "OKR014": "A file holds more than one YAML document",
    "OKR015": "A YAML file lies outside the known layout",
    # shape: what one file may say
    "OKR101": "A key is not known here",
    "OKR102": "A required key is missing",
    "OKR103": "A word is not one of those allowed here",
    "OKR104": "A value has the wrong shape (text, number, list or mapping)",
    "OKR105": "A name is no id (^[a-z][a-z0-9_]*$, at most 64 characters), or no column name",
    "OKR106": "A number cannot be read, or has more than 9 decimal places",
    "OKR107": "A date cannot be read",
    "OKR108": "A duration cannot be read",
    "OKR109": "A window cannot be read",
    "OKR110": "The bounds of `keep` cannot be read",
    "OKR111": "A refresh is neither a preset nor a cron line of five fields",
    "OKR112": "A column type is not known",
    "OKR113": "A baseline or target cannot be read",
    "OKR114": "Keys exclude each other, or need each other",
    "OKR115": "A connector refuses an option",
    "OKR116": "A time zone is not known",
    "OKR199": "Part of the language that this version does not support",
    # references: what one file says of another
    "OKR201": "A metric is not declared",
    "OKR202": "A dataset is not declared",
    "OKR203": "A connector is not known",
    "OKR204": "A cycle is not declared",
    "OKR205": "An objective is not declared",
    "OKR206": "A key result is not declared",
    "OKR207": "A strategy is not declared",
    "OKR208": "A column is not declared",
    "OKR209": "An id is declared twice",
    "OKR210": "References run in a circle",
    # meaning: readable, known, and still wrong
    "OKR301": "A cycle ends before it starts",
    "OKR302": "A cycle reaches outside its parent",
    "OKR303": "Objectives lie in the folder of another cycle",
    "OKR304": "A cursor column has no order that can be read incrementally",
    "OKR305": "A time or freshness column is neither a date nor a timestamp",
    "OKR306": "Incremental reading is declared in part only",
    "OKR307": "A freshness has no column to look at",
    "OKR308": "Two columns differ in case only",
    "OKR309": "A window needs a `time` column",
    "OKR310": "The baseline equals the target",
    "OKR311": "A percentage is used with a metric that is no percentage",
    "OKR312": "Points are used with a metric that is no percentage",
    "OKR313": "A bare number above 1 is used with a percentage",
    "OKR314": "`commit` or `stretch` lies on the wrong side of the target",
    "OKR315": "A weight is not above 0, or is 1,000,000,000 or more",
    "OKR316": "The unit of a ratio contradicts its parts",
    "OKR317": "A baseline date does not fit the cycle",
    # expressions
    "OKR401": "`value` is no aggregate over the declared columns",
    "OKR402": "`where` is no condition over the declared columns",
    "OKR403": "`formula` is no arithmetic over metrics",
    "OKR404": "`sql` is not exactly one SELECT over declared datasets",
    # secrets
    "OKR501": "A secret is written in plain",
    "OKR502": "A reference to a secret is incomplete",
}


def code_table() -> str:
    """Return all codes as a Markdown table, for the documentation."""
    rows = [f"| {code} | {meaning} |" for code, meaning in CODES.items()]
    return "\n".join(["| code | meaning |", "|---|---|", *rows, ""])

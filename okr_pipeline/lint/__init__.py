"""Advice on the goals themselves: never an error, always with its reason."""

from __future__ import annotations

from datetime import date

from okr_pipeline.lint.advice import PROFILES, Advice, Past, Seen
from okr_pipeline.lint.rules import RULES
from okr_pipeline.lint.words import english
from okr_pipeline.model.okr import Project


def advise(project: Project, past: Past, *, today: date, profile: str | None = None) -> list[Advice]:
    """
    Return what every rule finds, by place of declaration.

    *profile* None is the project's own. Rules that the project excepts, with its reason, are left out.

    Raises:
        KeyError: If there is no such profile.
    """
    seen = Seen(
        project=project,
        past=past,
        profile=PROFILES[profile or project.lint_profile],
        words=english(),
        today=today,
    )
    found = []
    for rule in RULES:
        if rule.code in project.lint_exceptions:
            continue
        for one in rule.find(seen):
            file, _, line = one.at.rpartition(":")
            found.append(
                Advice(
                    code=rule.code,
                    subject=one.subject,
                    file=file,
                    line=int(line or 1),
                    message=one.message,
                    reason=rule.reason,
                    example=rule.example,
                )
            )
    return sorted(found, key=lambda advice: (advice.file, advice.line, advice.code))


def rule_table() -> str:
    """Return all rules as Markdown, for the documentation."""
    return "\n".join(
        f"### {rule.code} {rule.title}\n\n{rule.reason}\n\n*Instead:* {rule.example}\n" for rule in RULES
    )

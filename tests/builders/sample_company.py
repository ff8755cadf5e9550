"""A company with twelve key results in three objectives, in every status that a reader can meet."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from report_builder import AS_OF, kept, key_result, objective, reaching, report

from okr_pipeline.model.observation import CheckResult, State, Status
from okr_pipeline.model.report import ObjectiveLine, Report, SourceLine


def sample_report() -> Report:
    """Return twelve key results in three objectives, in every status that a reader can meet."""
    return report(
        _mid_market(),
        _product(),
        _company(),
        sources=(
            SourceLine(
                id="crm", connector="salesforce", newest_at=AS_OF - timedelta(minutes=19), problem=None
            ),
            SourceLine(id="product", connector="sql", newest_at=AS_OF - timedelta(hours=3), problem=None),
            SourceLine(
                id="finance",
                connector="google_sheets",
                newest_at=AS_OF - timedelta(days=3),
                problem="tab `Plan` has no column `Headcount`",
            ),
        ),
        failed_checks=(
            CheckResult(
                check="max_change",
                dataset="finance.plan",
                expected="at most 30 %",
                observed="-62 %",
                passed=False,
            ),
        ),
        not_ready=("company.brand_recall",),
    )


def _mid_market() -> ObjectiveLine:
    return objective(
        "mid_market",
        reaching(
            "mid_market.pipeline",
            now="2710000",
            start="2400000",
            to="4000000",
            status=Status.OFF_TRACK,
            was=Status.AT_RISK,
            title="Open qualified pipeline",
            unit="USD",
            led_by=("mid_market.calls",),
            note="Two of six regions lost their account executives in August; hiring closes on 12 October.",
        ),
        reaching(
            "mid_market.arr",
            now="1310000",
            start="900000",
            to="1500000",
            status=Status.ON_TRACK,
            title="New ARR from companies of 100 to 1,000 people",
            unit="USD",
        ),
        reaching(
            "mid_market.win_rate",
            now="0.29",
            start="0.21",
            to="0.30",
            status=Status.ON_TRACK,
            title="Win rate against incumbents",
            unit="percent",
        ),
        reaching(
            "mid_market.calls",
            now="61",
            start="42",
            to="90",
            status=Status.AT_RISK,
            title="Discovery calls a week",
            unit="calls",
            indicator="leading",
            owner="jo.fenn@fernhill.example",
        ),
        title="Win the mid-market",
        why="Deals under 100 seats cost us more to serve than they pay",
        progress=Decimal("0.547"),
        status=Status.OFF_TRACK,
    )


def _product() -> ObjectiveLine:
    return objective(
        "activation",
        reaching(
            "activation.weekly_teams",
            now="5140",
            start="3800",
            to="5000",
            status=Status.REACHED,
            was=Status.ON_TRACK,
            title="Weekly active teams",
            unit="teams",
            sources=("product",),
            newest_at=AS_OF - timedelta(hours=3),
        ),
        reaching(
            "activation.first_hour",
            now="0.31",
            start="0.34",
            to="0.55",
            status=Status.OFF_TRACK,
            title="New teams that invite a colleague in their first hour",
            unit="percent",
            sources=("product",),
            led_by=("activation.checklist",),
            owner="ilse.brandt@fernhill.example",
        ),
        reaching(
            "activation.checklist",
            now="0.68",
            start="0.40",
            to="0.70",
            status=Status.ON_TRACK,
            title="Onboarding checklists completed",
            unit="percent",
            indicator="leading",
            sources=("product",),
        ),
        kept(
            "activation.uptime",
            now="0.9994",
            status=Status.ON_TRACK,
            title="Keep the service up",
            unit="percent",
            keep=">= 99.9%",
            low=Decimal("0.999"),
            indicator="leading",
            sources=("product",),
        ),
        title="Make the first hour count",
        why="Teams that invite a colleague on day one stay three times as long",
        progress=Decimal("0.63"),
        status=Status.OFF_TRACK,
    )


def _company() -> ObjectiveLine:
    return objective(
        "company",
        reaching(
            "company.headcount",
            now="118",
            start="96",
            to="130",
            status=Status.STALE,
            was=Status.ON_TRACK,
            title="Headcount",
            unit="people",
            state=State.STALE,
            reason="tab `Plan` has no column `Headcount`",
            carried_from=AS_OF - timedelta(days=3),
            newest_at=AS_OF - timedelta(days=3),
            sources=("finance",),
        ),
        kept(
            "company.churn",
            now="0.031",
            status=Status.AT_RISK,
            title="Keep gross churn low",
            unit="percent",
            keep="<= 2.5%",
            high=Decimal("0.025"),
            sources=("finance",),
        ),
        key_result(
            "company.nps",
            title="Customer recommendation score",
            status=Status.NO_DATA,
            state=State.NO_DATA,
            reason="the survey has not been sent in this cycle",
            value=None,
            baseline=Decimal(31),
            target=Decimal(45),
            progress=None,
            gap=None,
            change_7d=None,
            newest_at=None,
            owner=None,
        ),
        key_result(
            "company.launch",
            title="Partners signed for the Lisbon launch",
            status=Status.NOT_STARTED,
            indicator="leading",
            unit="partners",
            value=Decimal(0),
            baseline=Decimal(0),
            target=Decimal(12),
            progress=Decimal(0),
            expected=Decimal(0),
            gap=Decimal(0),
            change_7d=None,
        ),
        title="Build a company that lasts",
        progress=Decimal("0.647"),
        status=Status.AT_RISK,
        counted=2,
    )

"""A project that uses every kind of goal and every option of objectives, metrics and check-ins, once."""

from __future__ import annotations

SETTINGS = """\
project: fernhill
timezone: Europe/Berlin
fiscal_year_start: 02-01
cycles:
  fy26_q3: {start: 2026-08-01, end: 2026-10-31}
  fy26_q4: {start: 2026-11-01, end: 2027-01-31}
north_star: crm.arr
strategy: {mid_market_first: Win companies of 100 to 1000 people first}
status: {policy: custom, on: gap, on_track: "> -5 points", at_risk: -0.2, day_count: from_zero, dwell: 3}
grades: {2: 30%, 3: 55%, 4: 75%}
lint: {profile: lean, except: {OKRL07: Two teams share one objective on purpose}}
check_ins: {dataset: crm.check_ins}
"""

SOURCE = """\
connector: files
datasets:
  deals:
    path: data/deals.csv
    columns: {id: string, amount: "decimal(18,2)", region: string, ok: boolean, on: date}
    key: [id]
  check_ins:
    path: data/check_ins.csv
    columns: {key_result: string, on: date, author: string, confidence: "decimal(5,2)", note: string}
"""

METRICS = """\
metrics:
  arr: {dataset: crm.deals, value: sum(amount), unit: EUR}
  cost: {dataset: crm.deals, value: sum(amount), unit: EUR}
  margin: {ratio: {of: arr, to: cost}, unit: percent}
  deals: {dataset: crm.deals, value: count(*), unit: deals}
  speed: {dataset: crm.deals, value: avg(amount)}
  uptime: {dataset: crm.deals, value: avg(amount), by: region, unit: percent}
  growth: {change: {of: arr, since: same quarter last year}, unit: percent}
  momentum: {change: {of: crm.deals, since: previous month}, unit: percent}
"""

LAST_CYCLE = """\
cycle: fy26_q3
objectives:
  habit:
    title: Make planning a habit
    retired: {on: 2026-10-01, why: The next cycle does it better, replaced_by: fy26_q4.grow}
    key_results:
      arr: {title: Yearly revenue, metric: crm.arr, from: 1M, to: 2M}
      cost:
        title: Yearly cost
        metric: crm.cost
        from: 1M
        to: 2M
        retired: {on: 2026-10-31, why: The next cycle goes on with it, replaced_by: grow.cost}
"""

OBJECTIVES = """\
cycle: fy26_q4
objectives:
  grow:
    title: Win the mid-market
    owner: a.okafor@fernhill.example
    level: team
    why: Smaller companies cost us more to serve than they pay
    strategy: mid_market_first
    supports: [fy26_q3.habit]
    depends_on: [guard.churn]
    roll_up: sum
    status_roll_up: majority
    status: {policy: viva, dwell: 2}
    action_plan: {missed: Go back to dispatchers, exceeded: Hire the second team}
    revisions:
      - {on: 2026-12-03, change: arr.to, from: 5M, to: 4M, why: A pilot ended, learned: Ask procurement first}
    key_results:
      arr:
        title: Yearly revenue
        metric: crm.arr
        indicator: lagging
        from: {close_of: habit.arr}
        to: 4M
        direction: up
        commit: 3M
        stretch: 5M
        weight: 1
        expected: {2026-12-15: 10%, 2027-01-15: 60%}
        settles_after: 3d
        aspiration: aspirational
        visibility: masked
        owner: m.lindqvist@fernhill.example
        led_by: [cost]
        note: The pilot ended.
        proxy_for: trust in the brand
        after_end: measured
      cost: {title: From a day, metric: crm.cost, from: {at: 2026-10-15}, to: x2, expected: last_cycle}
      old:
        title: What we tracked before
        metric: crm.arr
        from: -100
        to: 0
        weight: 0
        retired: {on: 2026-11-15, why: It moved by itself, replaced_by: arr}
      secret: {title: A private target, metric: crm.arr, from: auto, to: private}
  guard:
    title: Grow without breaking trust
    status_roll_up: by_progress
    status: {policy: mooncamp}
    key_results:
      margin: {title: Points, metric: crm.margin, from: 31%, to: +5 points, expected: back_loaded, weight: 2}
      speed: {title: Falls, metric: crm.speed, from: 210, to: -15%, direction: down, expected: front_loaded}
      someday: {title: An unknown target, metric: crm.deals, from: auto, to: unknown}
      churn: {title: C, metric: crm.margin, keep: "<= 2.5%", warn: "< 2%", held: 95% of weeks of the cycle}
      often: {title: Each month, metric: crm.growth, keep: "> 0%", held: every fiscal_month}
      days: {title: Days, metric: crm.momentum, keep: "> 1% and <= 9%", warn: ">= 2%", held: 80% of days}
      now: {title: Now, metric: crm.deals, keep: 22..28, warn: 24..27, held: now, settles_after: 2d}
      everywhere: {title: In groups, metric: crm.uptime, keep: ">= 99.9%", held: in every region}
      nearly: {title: In most groups, metric: crm.uptime, keep: ">= 99%", held: in 90% of region}
      staged:
        title: Staged targets
        metric: crm.speed
        from: 10
        steps: {2026-12-15: 12, 2027-01-31: 14}
        expected: linear
      soc2:
        title: Controls automated
        expected: {2027-01-31: 90%}
        milestones:
          access: {by: 2026-12-01, done: "crm.deals = 1", weight: 2, title: Access reviews}
          volume: {by: 2027-01-15, done: "crm.deals >= 3", weight: 0}
          spread: {by: 2027-01-15, done: "crm.margin in 4%..5%"}
          log: {by: 2027-01-31, done: manual}
      both: {title: Both, all_of: [{metric: crm.deals, keep: ">= 3"}, {metric: crm.margin, keep: "> 4.5%"}]}
      partners: {title: Partners, manual: {from: 0, to: 3, fresh_for: 14d}, expected: linear}
      judged: {title: Judged by its owner, manual: {score: true}}
      nps: {title: Learn it, metric: crm.deals, find_baseline: true}
      not_ready: {title: No source yet, from: auto, to: x3}
revisions:
  - {on: 2026-11-20, change: guard.churn.keep, from: "<= 3%", to: "<= 2.5%", why: Finance asked for it}
"""

CHECK_INS = """\
check_ins:
  - {on: 2026-11-16, key_result: guard.partners, author: a@fernhill.example, value: 2}
  - on: 2026-11-09
    key_result: grow.arr
    author: a@fernhill.example
    confidence: 70%
    note: The pipeline looks thin
    override: {status: at_risk, until: 2026-11-20, why: Two deals slipped}
  - {on: 2026-11-23, key_result: guard.soc2, author: b@fernhill.example, done: [log]}
  - {on: 2026-11-30, key_result: guard.judged, author: b@fernhill.example, value: 0.4, confidence: 1}
learned:
  grow.arr: Ask procurement first
"""

FILES = {
    "okr.yaml": SETTINGS,
    "sources/crm.yaml": SOURCE,
    "metrics/crm.yaml": METRICS,
    "objectives/fy26_q3/company.yaml": LAST_CYCLE,
    "objectives/fy26_q4/company.yaml": OBJECTIVES,
    "check_ins/fy26_q4.yaml": CHECK_INS,
}

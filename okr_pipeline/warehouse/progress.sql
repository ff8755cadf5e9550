-- Progress, expected, gap and status of every key result at every cut.
-- Grain: one row a (key_result, cut) of `observed`, ordered by both.
-- observed: key_result, cut, state, reason, value (null unless state = 'ok'), fresh (false: the data
--           does not reach the cut), stale_reason, elapsed_days (0 before the cycle), started.
-- defined:  key_result, kind ('reach' or 'keep'), baseline, baseline_reason, target_how, target_amount,
--           low, high, low_inclusive, high_inclusive, cycle_days.
-- The formulas are those of docs/arithmetic.md.
WITH good AS (
    SELECT key_result, cut AS good_at, value AS good_value FROM observed WHERE fresh AND state = 'ok'
),
carried AS (
    SELECT o.*, NULL AS good_at, NULL AS good_value FROM observed AS o WHERE fresh
    UNION ALL BY NAME
    SELECT o.*, g.good_at, g.good_value
    FROM (SELECT * FROM observed WHERE NOT fresh) AS o
    ASOF LEFT JOIN good AS g ON o.key_result = g.key_result AND o.cut > g.good_at
),
resolved AS (
    SELECT
        *,
        CASE
            WHEN target_how = 'absolute' THEN target_amount
            -- Products are exact up to 20 digits before the point; what may not fit is not computed.
            WHEN abs(baseline) >= 1000000000000000 OR abs(target_amount) >= 10000 THEN NULL
            WHEN target_how = 'ratio' THEN nine(baseline + baseline * target_amount)
            WHEN target_how = 'points' THEN nine(baseline + target_amount)
            WHEN target_how = 'times' THEN nine(baseline * target_amount)
        END AS target
    FROM defined
),
-- A few hundred shares stand for all key results and days.
shares AS (
    SELECT elapsed_days, cycle_days, exact_div(elapsed_days, cycle_days) AS share
    FROM (SELECT DISTINCT elapsed_days FROM observed), (SELECT DISTINCT cycle_days FROM defined)
),
placed AS (
    SELECT
        c.key_result,
        c.cut,
        c.started,
        CASE WHEN fresh THEN state WHEN good_value IS NULL THEN 'no_data' ELSE 'stale' END AS state,
        CASE WHEN fresh THEN reason ELSE stale_reason END AS reason,
        CASE WHEN fresh THEN value ELSE good_value END AS value,
        CASE WHEN NOT fresh THEN good_at END AS carried_from,
        d.* EXCLUDE (key_result),
        CASE WHEN kind = 'reach' THEN s.share END AS expected,
        c.elapsed_days = d.cycle_days AS ended
    FROM carried AS c
    JOIN resolved AS d USING (key_result)
    JOIN shares AS s ON s.elapsed_days = c.elapsed_days AND s.cycle_days = d.cycle_days
),
ways AS (
    SELECT
        *,
        -- 0 has no quotient, and one past 10^14 is no progress anybody means: null, that row alone.
        nullif(target - baseline, 0) AS way,
        CASE
            WHEN abs(CAST(value - baseline AS DOUBLE)) < 1e14 * abs(CAST(target - baseline AS DOUBLE))
            THEN value - baseline
        END AS gone
    FROM placed
),
-- Computed once: merged into later steps, the quotient would be written out and worked out many times.
reached AS MATERIALIZED (
    SELECT *, small_quotient(gone, way) AS reach FROM ways
),
measured AS (
    SELECT
        * EXCLUDE (reach, way, gone),
        CASE
            WHEN value IS NULL THEN NULL
            WHEN kind = 'reach' THEN reach
            WHEN (low IS NULL OR value > low OR (low_inclusive AND value = low))
             AND (high IS NULL OR value < high OR (high_inclusive AND value = high)) THEN CAST(1 AS DECIMAL(38, 9))
            ELSE CAST(0 AS DECIMAL(38, 9))
        END AS progress
    FROM reached
),
gapped AS (
    SELECT *, progress - expected AS gap FROM measured
)
SELECT
    key_result, cut, state, value, baseline, target, low, high, progress, expected, gap, carried_from,
    CASE
        WHEN reason IS NOT NULL OR value IS NULL OR progress IS NOT NULL THEN reason
        WHEN baseline IS NULL THEN baseline_reason
        WHEN target = baseline THEN 'the target equals the baseline: no way to measure'
        ELSE 'the numbers are too large for an exact progress'
    END AS reason,
    CASE
        WHEN NOT started THEN 'not_started'
        WHEN state = 'stale' THEN 'stale'
        WHEN progress IS NULL THEN 'no_data'
        WHEN kind = 'keep' THEN CASE WHEN progress = 0 THEN 'off_track' WHEN ended THEN 'reached' ELSE 'on_track' END
        WHEN progress >= 1 THEN 'reached'
        WHEN gap >= -0.10 THEN 'on_track'
        WHEN gap >= -0.25 THEN 'at_risk'
        ELSE 'off_track'
    END AS status
FROM gapped
ORDER BY key_result, cut

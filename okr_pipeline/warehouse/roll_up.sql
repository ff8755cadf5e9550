-- Progress and status of objectives from their parts: key results, and objectives that contribute.
-- Grain: one row an objective of `parts`, ordered by it. All numbers are in units of the ninth place.
-- parts: objective, how ('mean', 'min' or 'sum'), status_how ('worst', 'by_progress' or 'majority'), progress
--        (null: not counted), expected, weight, value, baseline, target (these for sums), status, and what the
--        objective is judged by: basis, on_track, at_risk, on_track_strict, at_risk_strict, elapsed.
-- Each part's progress is clamped to 0..1 first; a sum is clamped itself. What weighs nothing adds nothing to
-- a progress, however it is rolled up. Statuses are ordered from off
-- track to reached; what has no target yet says nothing as long as another part says something.
WITH whole AS (
    -- `//` of DECIMAL is floating point.
    SELECT * REPLACE (
        CAST(progress AS HUGEINT) AS progress, CAST(expected AS HUGEINT) AS expected,
        CAST(weight AS HUGEINT) AS weight, CAST(value AS HUGEINT) AS value,
        CAST(baseline AS HUGEINT) AS baseline, CAST(target AS HUGEINT) AS target
    )
    FROM parts
),
ranked AS (
    SELECT
        *,
        -- least() skips nulls: without the CASE a part without progress would count as done.
        CASE
            WHEN progress IS NULL OR (how = 'sum' AND (value - baseline + target) IS NULL) THEN NULL
            ELSE greatest(0, least(1000000000, progress))
        END AS share,
        list_position(
            ['off_track', 'at_risk', 'stale', 'no_data', 'not_started', 'on_track', 'reached', 'measuring', 'no_target'],
            status
        ) AS rank,
        CASE WHEN how = 'sum' AND weight > 0 THEN abs(target - baseline) ELSE weight END AS heft
    FROM whole
),
summed AS (
    SELECT
        objective, min(how) AS how, min(status_how) AS status_how, min(basis) AS basis, min(on_track) AS on_track,
        min(at_risk) AS at_risk, bool_or(on_track_strict) AS on_track_strict, bool_or(at_risk_strict) AS at_risk_strict,
        min(elapsed) AS elapsed,
        min(share) FILTER (WHERE weight > 0) AS least_share,
        sum(share * heft) AS weighted,
        sum(heft) FILTER (WHERE share IS NOT NULL) AS weights,
        sum(expected * heft) FILTER (WHERE share IS NOT NULL) AS asked,
        bool_and(expected IS NOT NULL) FILTER (WHERE share IS NOT NULL) AS curved,
        sum(value) FILTER (WHERE share IS NOT NULL AND weight > 0) AS value,
        sum(baseline) FILTER (WHERE share IS NOT NULL AND weight > 0) AS baseline,
        sum(target) FILTER (WHERE share IS NOT NULL AND weight > 0) AS target,
        count(share) AS counted,
        count(*) AS declared,
        count(*) FILTER (WHERE rank IN (1, 2, 6, 7)) AS judged,
        min(rank) AS worst
    FROM ranked
    GROUP BY objective
),
frequent AS (
    SELECT objective, min({'often': -often, 'rank': rank}).rank AS rank
    FROM (
        SELECT objective, rank, CASE WHEN rank <= 7 THEN count(*) ELSE 0 END AS often
        FROM ranked GROUP BY objective, rank
    )
    GROUP BY objective
),
rolled AS (
    SELECT
        s.*, f.rank AS majority,
        CASE how
            WHEN 'min' THEN least_share
            WHEN 'sum' THEN CASE
                WHEN target <> baseline AND abs(CAST(value - baseline AS DOUBLE)) < 1e28
                THEN greatest(0, least(1000000000, half_even((value - baseline) * 1000000000, target - baseline)))
            END
            -- Rounded once, here.
            ELSE half_even(weighted, nullif(weights, 0))
        END AS progress,
        CASE WHEN curved THEN half_even(asked, nullif(weights, 0)) END AS expected
    FROM summed AS s JOIN frequent AS f USING (objective)
),
limits AS (
    SELECT
        *,
        on_track * CASE basis WHEN 'expected' THEN expected WHEN 'elapsed' THEN elapsed ELSE 1000000000 END
            + CASE basis WHEN 'gap' THEN expected * 1000000000 ELSE 0 END AS on_track_at,
        at_risk * CASE basis WHEN 'expected' THEN expected WHEN 'elapsed' THEN elapsed ELSE 1000000000 END
            + CASE basis WHEN 'gap' THEN expected * 1000000000 ELSE 0 END AS at_risk_at
    FROM rolled
),
judged AS (
    SELECT
        *,
        CASE
            WHEN status_how = 'majority' THEN majority
            WHEN status_how = 'worst' OR judged = 0 THEN worst
            WHEN progress IS NULL OR at_risk_at IS NULL THEN worst
            WHEN progress >= 1000000000 THEN 7
            WHEN progress * 1000000000 > on_track_at THEN 6
            WHEN progress * 1000000000 = on_track_at AND NOT on_track_strict THEN 6
            WHEN progress * 1000000000 > at_risk_at THEN 2
            WHEN progress * 1000000000 = at_risk_at AND NOT at_risk_strict THEN 2
            ELSE 1
        END AS rank
    FROM limits
)
SELECT
    objective,
    CAST(progress AS BIGINT) AS progress,
    CAST(expected AS BIGINT) AS expected,
    CASE WHEN how = 'sum' THEN value END AS value,
    CASE WHEN how = 'sum' THEN baseline END AS baseline,
    CASE WHEN how = 'sum' THEN target END AS target,
    counted,
    declared,
    ['off_track', 'at_risk', 'stale', 'no_data', 'not_started', 'on_track', 'reached', 'measuring', 'no_target'][rank]
        AS status
FROM judged
ORDER BY objective

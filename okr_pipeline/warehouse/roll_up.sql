-- Progress and status of objectives from their parts: key results, and objectives that contribute.
-- Grain: one row an objective of `parts`, ordered by it.
-- parts: objective, how ('mean' or 'min'), progress (null: not counted), weight, status.
-- Each part's progress is clamped to 0..1 first; the mean is weighted. The status is the worst
-- of the parts: off track before at risk, before what cannot be told, before what goes well.
WITH clamped AS (
    -- least() skips nulls: without the CASE a part without progress would count as done.
    SELECT *, CASE WHEN progress IS NOT NULL THEN greatest(0, least(1, progress)) END AS share FROM parts
)
SELECT
    objective,
    CASE any_how
        WHEN 'min' THEN least_share
        -- Weighted ninths over ninths of weight: rounded once, here.
        ELSE CAST(half_even(weighted, nullif(weights, 0)) AS DECIMAL(38, 0)) * 0.000000001
    END AS progress,
    counted,
    declared,
    ['off_track', 'at_risk', 'stale', 'no_data', 'not_started', 'on_track', 'reached'][worst] AS status
FROM (
    SELECT
        objective,
        min(how) AS any_how,
        min(share) AS least_share,
        sum(ninths(share) * ninths(weight)) AS weighted,
        sum(ninths(weight)) FILTER (WHERE share IS NOT NULL) AS weights,
        count(share) AS counted,
        count(*) AS declared,
        min(list_position(
            ['off_track', 'at_risk', 'stale', 'no_data', 'not_started', 'on_track', 'reached'], status
        )) AS worst
    FROM clamped
    GROUP BY objective
)
ORDER BY objective

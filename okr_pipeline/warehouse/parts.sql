-- How far the parts of a key result are met: conditions, milestones, groups of a dimension.
-- Grain: one row an owner of `parts`. All numbers are in units of the ninth place.
-- parts:   owner, place (its order), how ('all' or 'share'), value (null: none), low, high, warn_low, warn_high
--          (inside; null is no bound), met (told by hand; null: the value tells), weight, required (the share
--          that has to be met; null: none).
-- Results: owner, met (a list in order; null: cannot be told), progress and standing (null where a part
--          cannot be told; standing is 0 below what is required, a half in the warn band, else 1).
WITH told AS (
    SELECT
        *,
        CASE
            WHEN met IS NOT NULL THEN met
            WHEN value IS NULL THEN NULL
            ELSE NOT (coalesce(value < low, false) OR coalesce(value > high, false))
        END AS inside,
        NOT (coalesce(value < warn_low, false) OR coalesce(value > warn_high, false)) AS calm
    FROM parts
),
summed AS (
    SELECT
        owner,
        list(inside ORDER BY place) AS met,
        min(how) AS how,
        min(required) AS required,
        count(*) = count(inside) AS complete,
        bool_and(inside) AS every,
        coalesce(sum(CAST(weight AS HUGEINT)) FILTER (WHERE inside), 0) AS done,
        coalesce(sum(CAST(weight AS HUGEINT)) FILTER (WHERE inside AND calm), 0) AS calmly,
        sum(CAST(weight AS HUGEINT)) AS weights
    FROM told
    GROUP BY owner
),
shared AS (
    SELECT
        *,
        CASE
            WHEN NOT complete THEN NULL
            WHEN how = 'all' THEN CASE WHEN every THEN 1000000000 ELSE 0 END
            ELSE half_even(done * 1000000000, nullif(weights, 0))
        END AS progress
    FROM summed
)
SELECT
    owner, met, CAST(progress AS BIGINT) AS progress,
    CAST(CASE
        WHEN progress IS NULL OR required IS NULL THEN progress
        WHEN done * 1000000000 < required * weights THEN 0
        WHEN calmly * 1000000000 < required * weights THEN 500000000
        ELSE 1000000000
    END AS BIGINT) AS standing
FROM shared

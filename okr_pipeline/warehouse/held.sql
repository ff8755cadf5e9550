-- For how many of its periods a key result was inside its bounds, at each of its days.
-- Grain: one row a (key_result, cut) of `days`. All numbers are in units of the ninth place.
-- days:    key_result, cut (any number that orders them), day, value (null: no observation, which is not inside),
--          ends (whether a period ends with it), total (periods of the cycle; null: those that have ended count),
--          required (share). Every period that has ended has a row.
-- bands:   key_result, low, high, warn_low, warn_high: inside; null is no bound.
-- Results: key_result, cut, progress (share inside; null before the first period has ended
--          and before the first observation), standing (0 where
--          the share is not held, a half where it is and the day is outside or in its warn band, else 1),
--          outside_since (the first day at which a period ended outside).
WITH seen AS (
    SELECT
        d.*,
        value IS NOT NULL AND NOT (coalesce(value < low, false) OR coalesce(value > high, false)) AS inside,
        NOT (coalesce(value < warn_low, false) OR coalesce(value > warn_high, false)) AS calm
    FROM days AS d JOIN bands AS b ON d.key_result = b.key_result
),
counted AS (
    SELECT
        *,
        count(value) OVER past AS ever,
        count(*) FILTER (WHERE ends) OVER past AS ended,
        count(*) FILTER (WHERE ends AND inside) OVER past AS kept,
        min(day) FILTER (WHERE ends AND NOT inside) OVER past AS outside_since
    FROM seen
    WINDOW past AS (PARTITION BY key_result ORDER BY cut ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
)
SELECT
    key_result, cut, outside_since,
    CASE WHEN ever > 0 THEN half_even(kept * 1000000000, nullif(coalesce(total, ended), 0)) END AS progress,
    CASE
        -- Of a whole cycle, what is still to come may yet be inside.
        WHEN (kept + coalesce(total - ended, 0)) * 1000000000 < required * coalesce(total, ended) THEN 0
        WHEN inside AND calm THEN 1000000000
        ELSE 500000000
    END AS standing
FROM counted

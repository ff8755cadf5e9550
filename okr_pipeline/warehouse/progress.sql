-- Progress, expected, gap and status of every key result at every cut: the formulas of docs/arithmetic.md.
-- Numbers are whole, in units of the ninth place ("ninths"), and {number} is wide enough for all of them.
-- Grain: one row a (key_result, cut) of `observed` and of `stood`, in no order.
-- observed: key_result, cut, value (null: none), fixed (the code of a status that beats any progress).
-- stood:    key_result, cut, rule, fixed, progress, standing: what is worked out before, of parts or periods.
-- ways:     key_result, rule, baseline, way (target - baseline, never 0; null: there is no progress).
-- bands:    key_result, rule, low, high, warn_low, warn_high, all of them inside; null is no bound.
-- rules:    rule, band (inside or outside, and no curve), shape, whole, unit, start_at, length, last_at, basis,
--           on_track, at_risk, on_track_strict, at_risk_strict.
-- segments: rule, from_at, to_at, from_share, to_share: the curve, straight over (from_at, to_at], in
--           days x unit of the rule and in shares of its whole. They cover all days.
-- cuts:     cut (0, 1, ...), day. Days are numbers. So are key results and rules, small ones; those of two
--           rules lie as far apart as there are cuts: rule + cut is a place of its own.
-- Results:  key_result, cut, progress, expected, gap, status (0 no_data, 1 off_track, 2 at_risk, 3 on_track,
--           4 reached, or what is fixed). A band stands at 0 outside, at a half in its warn band, else at 1.
WITH elapsed AS (
    SELECT
        *,
        CASE
            WHEN length > 0 THEN half_even(least(greatest(day - start_at, 0), length) * 1000000000, length)
            WHEN day >= start_at THEN 1000000000
            ELSE 0
        END AS elapsed
    FROM rules CROSS JOIN cuts
),
-- Where the curve is, as a fraction of whole numbers: rounded once, in the next step.
drawn AS (
    SELECT
        e.*,
        CAST(from_share AS HUGEINT) * (to_at - from_at)
            + CAST(to_share - from_share AS HUGEINT) * (day * unit - from_at) AS part,
        nullif((to_at - from_at) * CAST(whole AS HUGEINT), 0) AS parts
    FROM elapsed AS e
    LEFT JOIN segments AS s ON s.rule = e.rule AND day * unit > from_at AND day * unit <= to_at
),
curved AS (
    SELECT
        *,
        CASE shape
            WHEN 'straight' THEN half_even(part * 1000000000, parts)
            WHEN 'back_loaded' THEN half_even(part * part * 1000000000, parts * parts)
            WHEN 'front_loaded' THEN half_even((2 * part * parts - part * part) * 1000000000, parts * parts)
        END AS expected
    FROM drawn
),
-- What a threshold is taken times, and what comes on top: a policy is nothing but these.
scaled AS (
    SELECT
        *,
        CASE basis WHEN 'expected' THEN expected WHEN 'elapsed' THEN elapsed ELSE 1000000000 END AS times,
        CASE basis WHEN 'gap' THEN expected * 1000000000 ELSE 0 END AS more
    FROM curved
),
-- Thresholds in eighteenths, and then the least progress, in ninths, that is at or above them.
limits AS (
    SELECT *, more + on_track * times AS on_track_at, more + at_risk * times AS at_risk_at FROM scaled
),
judged_by AS (
    SELECT
        rule + cut AS slot,
        CAST(CASE WHEN NOT band THEN expected END AS {number}) AS expected,
        CAST(CASE WHEN NOT band THEN 1000000000 WHEN day >= last_at THEN 500000000 END AS {number}) AS reached_from,
        CAST(CASE
            WHEN band THEN 1000000000
            ELSE on_track_at // 1000000000 + CASE
                WHEN on_track_at % 1000000000 > 0 OR (on_track_strict AND on_track_at % 1000000000 = 0) THEN 1 ELSE 0 END
        END AS {number}) AS on_track_from,
        CAST(CASE
            WHEN band THEN 500000000
            ELSE at_risk_at // 1000000000 + CASE
                WHEN at_risk_at % 1000000000 > 0 OR (at_risk_strict AND at_risk_at % 1000000000 = 0) THEN 1 ELSE 0 END
        END AS {number}) AS at_risk_from
    FROM limits
),
guessed AS (
    SELECT
        o.key_result, cut, fixed, rule,
        CAST(value AS {number}) - baseline AS gone,
        way,
        CAST(CAST(value AS {number}) - baseline AS DOUBLE) / CAST(way AS DOUBLE) * 1e9 AS guess
    FROM observed AS o JOIN ways AS w ON o.key_result = w.key_result
),
walked AS (
    SELECT
        key_result, cut, fixed, rule,
        CASE
            -- The guess is off by less than 2^-50 of itself: only that near to a half it does not say where
            -- to round. Nearly every batch of rows has none of those, and is done with the last line.
            WHEN abs(guess - floor(guess) - 0.5) <= 4e-15 * abs(guess) THEN CASE
                -- Past 10^14 it is no progress that anybody means: null, that row alone.
                WHEN abs(guess) < 1e23
                THEN CAST(half_even(CAST(gone AS HUGEINT) * 1000000000, CAST(way AS HUGEINT)) AS {number})
            END
            ELSE CAST(CAST(guess AS BIGINT) AS {number})
        END AS progress
    FROM guessed
),
kept AS (
    SELECT
        o.key_result, cut, fixed, rule,
        CASE
            WHEN value IS NULL THEN NULL
            WHEN value < low OR value > high THEN 0
            WHEN value < warn_low OR value > warn_high THEN 500000000
            ELSE 1000000000
        END AS standing
    FROM observed AS o JOIN bands AS b ON o.key_result = b.key_result
),
placed AS (
    SELECT *, progress AS standing FROM walked
    UNION ALL BY NAME
    SELECT *, CAST(CASE WHEN standing > 0 THEN 1000000000 ELSE standing END AS {number}) AS progress FROM kept
    UNION ALL BY NAME
    SELECT key_result, cut, fixed, rule, CAST(progress AS {number}) AS progress, standing FROM stood
)
SELECT
    key_result, cut, progress, expected, progress - expected AS gap,
    CASE
        WHEN fixed IS NOT NULL THEN fixed
        WHEN standing IS NULL THEN CAST(0 AS UTINYINT)
        WHEN standing >= reached_from THEN CAST(4 AS UTINYINT)
        WHEN standing >= on_track_from THEN CAST(3 AS UTINYINT)
        WHEN standing >= at_risk_from THEN CAST(2 AS UTINYINT)
        WHEN at_risk_from IS NULL THEN CAST(0 AS UTINYINT)
        ELSE CAST(1 AS UTINYINT)
    END AS status
FROM placed JOIN judged_by ON slot = rule + cut

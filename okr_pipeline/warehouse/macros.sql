-- Exact arithmetic over DECIMAL. DuckDB's own `/` is floating point as soon as a side is DECIMAL.
-- Operands are rounded half-even to nine places first; so is the quotient.

-- x to DECIMAL(38,9), rounded half-even.
CREATE OR REPLACE TEMP MACRO nine(x) AS CAST(round_even(x, 9) AS DECIMAL(38, 9));

-- x itself; an error where it is no exact number. Types are known before the first row.
CREATE OR REPLACE TEMP MACRO exact(x) AS
    CASE WHEN typeof(x) IN ('DOUBLE', 'FLOAT', 'BIGNUM') THEN error('floating point') ELSE x END;

-- x, of nine places, in units of the ninth.
CREATE OR REPLACE TEMP MACRO ninths(x) AS CAST(x * 1000000000 AS HUGEINT);

-- Integer quotient of n and d, rounded half-even. `//` cuts towards zero, `%` has the sign of n.
CREATE OR REPLACE TEMP MACRO half_even(n, d) AS
    n // d + CASE
        WHEN 2 * abs(n % d) > abs(d) OR (2 * abs(n % d) = abs(d) AND (n // d) % 2 <> 0) THEN sign(n) * sign(d)
        ELSE 0
    END;

-- n / d, both of nine places and up to 20 digits before the point, by 128-bit integers: 1,300 ns a row.
CREATE OR REPLACE TEMP MACRO long_quotient(n, d) AS
    CAST(CAST(half_even(ninths(n) * 1000000000, ninths(d)) AS DECIMAL(38, 0)) * 0.000000001 AS DECIMAL(38, 9));

-- n / d in floating point: off by less than 2^-50 of itself.
CREATE OR REPLACE TEMP MACRO floating(n, d) AS CAST(n AS DOUBLE) / CAST(d AS DOUBLE);

-- Whether q, from `floating`, is so far from the middle between two ninth places that the exact
-- quotient rounds to the same of them.
CREATE OR REPLACE TEMP MACRO settles(q) AS
    abs(abs(q * 1e9 - trunc(q * 1e9)) - 0.5) > 4e-15 * abs(q * 1e9);

-- n / d right to about fifteen digits, and what it leaves over, exactly; null from 10^15 on.
CREATE OR REPLACE TEMP MACRO guess(n, d) AS TRY_CAST(floating(n, d) AS DECIMAL(24, 9));
CREATE OR REPLACE TEMP MACRO left_over(n, d) AS n - guess(n, d) * d;

-- n / d, both of nine places, rounded half-even to nine. Floating point decides where it is proven right:
-- of the quotient (40 ns a row), or of what a guess leaves over (100 ns); else, as between two, integers do.
CREATE OR REPLACE TEMP MACRO quotient(n, d) AS
    CASE
        WHEN settles(floating(n, d)) THEN CAST(floating(n, d) AS DECIMAL(38, 9))
        WHEN settles(floating(left_over(n, d), d))
        THEN CAST(guess(n, d) + CAST(floating(left_over(n, d), d) AS DECIMAL(24, 9)) AS DECIMAL(38, 9))
        ELSE long_quotient(n, d)
    END;

-- n / d with nine places, for rows; an error where d is 0.
CREATE OR REPLACE TEMP MACRO exact_div(n, d) AS quotient(nine(n), nine(d));

-- n / d with nine places, for results; null where d is 0.
CREATE OR REPLACE TEMP MACRO exact_ratio(n, d) AS quotient(nine(n), nullif(nine(d), 0));

-- The same for operands that are divisions themselves. A macro writes its operands out many times:
-- here they are computed once and passed on.
CREATE OR REPLACE TEMP MACRO exact_div_nested(n, d) AS
    list_transform([{'n': nine(n), 'd': nine(d)}], lambda p: quotient(p.n, p.d))[1];
CREATE OR REPLACE TEMP MACRO exact_ratio_nested(n, d) AS exact_div_nested(n, nullif(nine(d), 0));

-- The element at share q (0..1) of sorted, a list in ascending order; null of an empty one.
CREATE OR REPLACE TEMP MACRO exact_quantile_disc(sorted, q) AS
    sorted[greatest(1, CAST(ceil(len(sorted) * q) AS BIGINT))];

-- The value at share q (0..1) of the way through sorted, on a straight line between neighbours.
CREATE OR REPLACE TEMP MACRO exact_quantile(sorted, q) AS
    nine(sorted[CAST(floor((len(sorted) - 1) * q) AS BIGINT) + 1])
    + nine(
        (nine(sorted[CAST(ceil((len(sorted) - 1) * q) AS BIGINT) + 1])
         - nine(sorted[CAST(floor((len(sorted) - 1) * q) AS BIGINT) + 1]))
        * ((len(sorted) - 1) * q - floor((len(sorted) - 1) * q))
    );

-- What a plan of subscribers comes down to: each side's rows, joined by key and
-- counted as alike, differing, missing and extra.
SET threads = 2;
SELECT count(*) FILTER (WHERE wanted.package = live.package)  AS alike,
       count(*) FILTER (WHERE wanted.package <> live.package) AS differing,
       count(*) FILTER (WHERE live.email IS NULL)             AS missing,
       count(*) FILTER (WHERE wanted.email IS NULL)           AS extra
FROM (SELECT customer_external_id, email, package FROM 'desired.csv' WHERE kind = 'subscriber') AS wanted
FULL OUTER JOIN (SELECT customer_external_id, email, package FROM 'current.csv' WHERE kind = 'subscriber') AS live
ON wanted.customer_external_id = live.customer_external_id AND wanted.email = live.email;

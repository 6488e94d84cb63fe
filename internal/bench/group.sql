-- What reconciling comes down to: user-days by customer and package, and what they
-- cost at the list price, each charge rounded half up to the cent.
SET threads = 2;
SELECT count(*) AS charges, sum(days)::BIGINT AS days, sum((days * cents * 2 + 30) // 60)::BIGINT AS cents
FROM (SELECT CUSTOMER_EXTERNAL_ID, SERVICE_NAME, sum(QUANTITY) AS days FROM 'usage.csv' GROUP BY ALL)
JOIN (VALUES ('webex_calling', 725), ('webex_suite', 1240)) AS prices (SERVICE_NAME, cents) USING (SERVICE_NAME);

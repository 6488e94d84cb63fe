// Runs the statements of the first argument and prints the last one's only row as CSV.
const { DuckDBInstance } = require('@duckdb/node-api');

(async () => {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const result = await connection.runAndReadAll(process.argv[1]);
  console.log(result.getRows()[0].join(','));
})();

# Runs the statements of the first argument and prints the last one's only row as CSV.
import sys

import duckdb

print(*duckdb.sql(sys.argv[1]).fetchone(), sep=",")

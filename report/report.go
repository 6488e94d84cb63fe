// Package report writes what people read: the plan before a run and what the API
// said of it beforehand, the results and the retry file after it, its summary and
// its metrics. Invoices and usage are for report/billing.
//
// Text that comes from input files or from the API may hold anything. It passes
// [Clean] on its way to a terminal and [Cell] on its way to a spreadsheet.
// Files get their content from the functions here and their safe way to the
// disk from batch.WriteFile.
package report

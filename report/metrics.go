package report

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"wholesync/diff"
)

// WriteMetrics writes the figures of a run as a text file for the textfile
// collector of the Prometheus node exporter. The file is replaced in one step.
func WriteMetrics(path string, s Summary) error {
	registry := prometheus.NewRegistry()
	gauge := func(name, help string, v float64) {
		g := prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "wholesync", Name: name, Help: help})
		g.Set(v)
		registry.MustRegister(g)
	}
	counter := func(name, help string, n int64) {
		c := prometheus.NewCounter(prometheus.CounterOpts{Namespace: "wholesync", Name: name, Help: help})
		c.Add(float64(n))
		registry.MustRegister(c)
	}
	gauge("run_timestamp_seconds", "When the last run ended, in Unix time.", float64(s.Finished.UnixMilli())/1e3)
	gauge("run_duration_seconds", "How long the last run took.", s.Seconds)
	gauge("exit_code", "Exit code of the last run.", float64(s.ExitCode))
	counter("api_requests_total", "Requests of the last run, repeats and polls included.", s.Calls)
	counter("api_retries_total", "Requests of the last run that were repeats.", s.Retries)
	counter("api_throttled_total", "Answers 429 in the last run.", s.Throttled)
	rows := prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "wholesync", Name: "rows", Help: "Rows of the last run by outcome."}, []string{"outcome"})
	registry.MustRegister(rows)
	for _, o := range diff.Outcomes() {
		rows.WithLabelValues(string(o)).Set(0)
	}
	for _, c := range s.Outcomes {
		rows.WithLabelValues(string(c.Outcome)).Set(float64(c.Rows))
	}
	if err := prometheus.WriteToTextfile(path, registry); err != nil {
		return fmt.Errorf("writing metrics: %w", err)
	}
	return nil
}

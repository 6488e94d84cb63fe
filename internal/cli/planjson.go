package cli

import (
	"time"

	"wholesync/batch"
	"wholesync/diff"
	"wholesync/report"
)

// planDocument is a plan for machines: the plan file with what the text shows
// beside it. It is not the plan file itself, which -o saves and apply takes.
type planDocument struct {
	Format int `json:"format"`
	batch.PlanFile
	Limits    limitsView      `json:"limits"`
	SHA256    *string         `json:"sha256,omitempty"` // of a plan file alone
	GuardHits []diff.GuardHit `json:"guard_hits"`
	SetAside  []diff.Rejected `json:"set_aside"`
	Estimate  estimateView    `json:"estimate"`
	// Costs are the billing effect in money; absent without --prices.
	Costs []report.PackageCost `json:"monthly_costs,omitempty"`
	// Precheck is what the API said beforehand; absent where it was not asked.
	Precheck *precheckDocument `json:"precheck,omitempty"`
}

// limitsView are the guards that flags have lifted.
type limitsView struct {
	AllowDeletes *int `json:"allow_deletes"` // null where no number was given
	AllowEmpty   bool `json:"allow_empty"`
}

// estimateView is what carrying out the plan takes.
type estimateView struct {
	ToChange int     `json:"calls_to_change"`
	ToList   int     `json:"calls_to_list"`
	ToAsk    int     `json:"calls_to_precheck"`
	Rate     float64 `json:"requests_per_s"`
	Seconds  float64 `json:"duration_s"`
}

func documentOf(p *proposal, file batch.PlanFile, rate float64, now time.Time) planDocument {
	limits := limitsView{AllowEmpty: p.limits.AllowEmpty}
	if p.limits.AllowDeletes >= 0 {
		limits.AllowDeletes = &p.limits.AllowDeletes
	}
	calls := report.Estimate(p.plan)
	asked := report.Asked(p.verdicts)
	document := planDocument{
		PlanFile: file, Format: batch.PlanFormat, Limits: limits,
		GuardHits: append([]diff.GuardHit{}, p.hits()...),
		SetAside:  append([]diff.Rejected{}, p.want.Rejected...),
		Estimate:  estimateView{calls, p.listCalls, asked, rate, float64(calls+p.listCalls+asked) / rate},
	}
	if p.prices != nil {
		document.Costs = report.Costs(p.plan.Effect, p.prices, now)
	}
	if p.verdicts != nil {
		precheck := precheckOf(p.verdicts)
		document.Precheck = &precheck
	}
	return document
}

package alerts

import (
	"time"

	"github.com/activitylog/activitylog"
)

// The rules. Their names are stable: they stand in findings, fingerprints and the log.
const (
	LoginFailures       = "login_failures"
	VolumeSpikes        = "volume_spike"
	OffHours            = "off_hours"
	CostAnomalies       = "cost_anomaly"
	SpendSpikes         = "org_spend_spike"
	NewModels           = "new_model"
	ErrorRates          = "error_rate"
	PrivilegeEscalation = "privilege_escalation"
	MassDeletion        = "mass_deletion"
	MassExport          = "mass_export"
	Impersonation       = "impersonation"
	DormantRevival      = "dormant_revival"
	GuardrailRemoved    = "guardrail_removed"
	LogGap              = "log_gap"
	SeveralSignals      = "several_signals"
)

// Config says how an organization is judged. The zero value is the recommended default: a field of value zero takes
// the default that its comment names. Every part can be kept as JSON.
type Config struct {
	Org  string         `json:"-"` // written into findings
	Zone *time.Location `json:"-"` // of the organization's days; nil: UTC
	// Live leaves out findings that mostly rest on events written after the fact: they are history.
	Live bool `json:"-"`

	Off     []string  `json:"off,omitempty"`     // rules that are not judged
	Planned []Planned `json:"planned,omitempty"` // what was announced: no finding then, and no part of a baseline

	Logins        LoginConfig     `json:"logins,omitzero"`
	Volume        VolumeConfig    `json:"volume,omitzero"`
	OffHours      OffHoursConfig  `json:"off_hours,omitzero"`
	Cost          CostConfig      `json:"cost,omitzero"`
	Spend         SpendConfig     `json:"spend,omitzero"`
	Models        ModelConfig     `json:"models,omitzero"`
	Errors        ErrorConfig     `json:"errors,omitzero"`
	Deletion      DeletionConfig  `json:"deletion,omitzero"`
	Export        ExportConfig    `json:"export,omitzero"`
	Privilege     PrivilegeConfig `json:"privilege,omitzero"`
	Impersonation ActingConfig    `json:"impersonation,omitzero"`
	Dormant       DormantConfig   `json:"dormant,omitzero"`
	Silence       SilenceConfig   `json:"silence,omitzero"`
}

// Planned is a window in which something unusual was announced.
type Planned struct {
	Rule    string `json:"rule,omitempty"`    // empty: every rule
	Subject string `json:"subject,omitempty"` // empty: every subject
	Window
}

func (c *Config) planned(rule, subject string, w Window) bool {
	for _, p := range c.Planned {
		if (p.Rule == "" || p.Rule == rule) && (p.Subject == "" || p.Subject == subject) && w.From.Before(p.To) && p.From.Before(w.To) {
			return true
		}
	}
	return false
}

// LoginConfig is about refused sign-ins. Counts and windows follow the public rule sets of Panther (5 failures, then a
// success), Splunk (more than 10 in 5 to 10 minutes), Elastic (spraying, distributed guessing) and Microsoft Sentinel
// (spraying where more accounts fail than succeed); attempts slide through the window.
type LoginConfig struct {
	SuccessAfter       int           `json:"success_after,omitzero"`        // failures of an account before its success; 5 (Panther)
	SuccessAfterSource int           `json:"success_after_source,omitzero"` // failures of a source before a success; 10 (Sentinel)
	SuccessWindow      time.Duration `json:"success_window,omitzero"`       // 30 minutes (Panther)
	Burst              int           `json:"burst,omitzero"`                // failures of an account or a source; 10 (Splunk)
	BurstWindow        time.Duration `json:"burst_window,omitzero"`         // 10 minutes (Splunk)
	Slow               int           `json:"slow,omitzero"`                 // failures of a source without any success; 10
	SlowWindow         time.Duration `json:"slow_window,omitzero"`          // 24 hours
	SprayAccounts      int           `json:"spray_accounts,omitzero"`       // accounts that fail from one source; 5 (Sentinel)
	SprayPerAccount    int           `json:"spray_per_account,omitzero"`    // failures of each of them at most; 5 (Elastic)
	SprayWindow        time.Duration `json:"spray_window,omitzero"`         // 60 minutes
	SprayRatio         float64       `json:"spray_ratio,omitzero"`          // against the most accounts that failed there in an hour of 28 days; 3 (Splunk)
	Sources            int           `json:"sources,omitzero"`              // sources of one account's failures; 5 (Elastic)
	SourcesFailures    int           `json:"sources_failures,omitzero"`     // their failures together; 10 (Elastic)
	SourcesWindow      time.Duration `json:"sources_window,omitzero"`       // 60 minutes
	SlowSources        int           `json:"slow_sources,omitzero"`         // sources within 24 hours; 8
	Wave               int           `json:"wave,omitzero"`                 // failures of known accounts in an hour; 20
	WaveTail           float64       `json:"wave_tail,omitzero"`            // how improbable; 1e-4
}

// VolumeConfig is about how many messages an actor sends. Measured on hourly counts of 270 clients of language models
// and on the commits of 835 people; where no source is named, docs/alerts-evaluation.md has the figures.
type VolumeConfig struct {
	Support    int64   `json:"support,omitzero"`     // messages of a day or an hour at least; 20 (724 users of a message log: 31 findings become 3)
	Deviations float64 `json:"deviations,omitzero"`  // above the mean of all days or hours; 3
	Ratio      float64 `json:"ratio,omitzero"`       // against the mean of active days; 3
	Far        float64 `json:"far,omitzero"`         // against the same mean, for medium; 6 (162 clients: 7 findings become 3, and as many tenfold days are found)
	Record     float64 `json:"record,omitzero"`      // against the largest day, for medium; 1.25
	Tail       float64 `json:"tail,omitzero"`        // how improbable, for high; 1e-3
	HourRatio  float64 `json:"hour_ratio,omitzero"`  // actors around the clock: against the mean of active hours; 3
	HourRecord float64 `json:"hour_record,omitzero"` // against the second largest of the days' busiest hours; 1.15 (labelled counts by the hour: F1 0.73)
	Impact     float64 `json:"impact,omitzero"`      // excess as a part of the organization's median day; 0.02
	ImpactFrom int     `json:"impact_from,omitzero"` // active actors from which impact counts; 50
	History    int     `json:"history,omitzero"`     // days looked back; 28
	Learning   int     `json:"learning,omitzero"`    // days since the actor's first event; 14
	Active     int     `json:"active,omitzero"`      // days with messages among them; 5
}

// OffHoursConfig is about people at hours that are unusual for them. Measured on the commits of 835 people of two
// companies: 0.26 findings per 100 days, and 72 of 100 days are found if all of their work is moved by twelve hours.
type OffHoursConfig struct {
	Tail     float64   `json:"tail,omitzero"`      // the part of an actor's work at hours no likelier; 0.075
	Events   int       `json:"events,omitzero"`    // at such hours on one day; 3
	Hours    int       `json:"hours,omitzero"`     // different hours of the day that they fall on; 2 (half of what is found without is an hour's work late)
	Deep     float64   `json:"deep,omitzero"`      // the part of an actor's work at hours of which one is enough; 0.01
	Past     int       `json:"past,omitzero"`      // events before that day; 40
	Learning int       `json:"learning,omitzero"`  // days since the actor's first event; 14
	Active   int       `json:"active,omitzero"`    // days of work before that day; 5
	Prior    float64   `json:"prior,omitzero"`     // weight of the organization's hours, in events; 20
	History  int       `json:"history,omitzero"`   // days looked back; 365 (with 180, five of 100 fewer are found)
	Calendar *Calendar `json:"calendar,omitempty"` // working hours by rule, in place of learned ones
}

// CostConfig is about what one actor costs on a day. Amounts are millionths of the currency that most events use.
type CostConfig struct {
	Record     float64 `json:"record,omitzero"`      // against the second dearest day; 1.25 (at 1.5, four of 100 fivefold days are missed)
	Ratio      float64 `json:"ratio,omitzero"`       // against the mean of active days; 4.85, fivefold less some scatter (162 clients: at 4 there are 7 findings, here 5)
	Score      float64 `json:"score,omitzero"`       // standard deviations of the logarithm; 0.8 (at 3 the scatter of busy clients hides half of all fivefold days)
	Deviations float64 `json:"deviations,omitzero"`  // actors around the clock: above the mean of active hours; 3
	HourRatio  float64 `json:"hour_ratio,omitzero"`  // against that mean; 3
	HourRecord float64 `json:"hour_record,omitzero"` // against the second largest of the days' dearest hours; 1.15 (labelled prices by the hour: F1 0.66)
	LogSpread  float64 `json:"log_spread,omitzero"`  // least standard deviation of the logarithm; 0.35
	Floor      int64   `json:"floor,omitzero"`       // excess at least; 1,000,000, which is one unit of the currency
	Impact     float64 `json:"impact,omitzero"`      // excess as a part of the organization's median day; 0.02 (248 clients: 48 findings become 6)
	Events     float64 `json:"events,omitzero"`      // excess in typical events of the actor; 10
	Breadth    float64 `json:"breadth,omitzero"`     // part of the active actors that makes it one finding of the organization; 0.3
	History    int     `json:"history,omitzero"`     // days looked back; 28
	Learning   int     `json:"learning,omitzero"`    // days since the actor's first event; 14
	Active     int     `json:"active,omitzero"`      // days with cost among them; 5
}

// SpendConfig is about what an organization costs on a day.
type SpendConfig struct {
	Score      float64 `json:"score,omitzero"`       // residuals of the weekday; 5 (daily taxi totals: F1 0.89)
	Ratio      float64 `json:"ratio,omitzero"`       // against the expected; 1.25 (moneypenny)
	Floor      int64   `json:"floor,omitzero"`       // excess at least, in millionths; 1,000,000
	SlowRatio  float64 `json:"slow_ratio,omitzero"`  // seven days against the median of the four weeks before; 1.3
	History    int     `json:"history,omitzero"`     // days looked back; 56
	UpOnly     bool    `json:"up_only,omitzero"`     // leaves out days that cost far less, which are info: mostly they are holidays
	Learning   int     `json:"learning,omitzero"`    // days before anything is judged; 14
	Seasonal   int     `json:"seasonal,omitzero"`    // days before weekdays are told apart; 28
	Budget     int64   `json:"budget,omitzero"`      // of a month, in millionths; 0: none
	BudgetFrom float64 `json:"budget_from,omitzero"` // part of the budget that gives a finding when the month is projected to exceed it; 0.8
}

// ModelConfig is about models that nobody used before.
type ModelConfig struct {
	Learning int      `json:"learning,omitzero"` // days since the organization's first event in which all models make one inventory; 14
	Denied   int      `json:"denied,omitzero"`   // refused attempts at a model that was never used; 3
	Allowed  []string `json:"allowed,omitempty"` // models that may appear, as CanonicalModel or as given
}

// ErrorConfig is about failing operations. Windows as in the multi-window alerts of Google's SRE workbook, the test is
// exact: on 10,000 web requests a ratio above 20 % gives 121 findings, this test 2.
type ErrorConfig struct {
	Support  int64   `json:"support,omitzero"`  // failures at least; 5
	Tail     float64 `json:"tail,omitzero"`     // how improbable; 1e-6
	Ratio    float64 `json:"ratio,omitzero"`    // against the usual part of failures; 3
	Part     float64 `json:"part,omitzero"`     // of the attempts at least; 0.10
	Explains float64 `json:"explains,omitzero"` // of the excess, for a narrower scope to be named; 0.7
	History  int     `json:"history,omitzero"`  // days looked back; 28
}

// DeletionConfig is about one actor who deletes many things.
type DeletionConfig struct {
	Count  int           `json:"count,omitzero"`  // different targets; 10 (Elastic and Sigma take 3 to 5 within an hour, and are called noisy)
	Window time.Duration `json:"window,omitzero"` // 10 minutes
	Record float64       `json:"record,omitzero"` // against the actor's most of 28 days; 3
}

// ExportConfig is about one actor who takes much out.
type ExportConfig struct {
	Count  int           `json:"count,omitzero"`  // exports or objects; 25 (Elastic)
	Window time.Duration `json:"window,omitzero"` // 60 minutes (Panther)
	Record float64       `json:"record,omitzero"` // against the actor's most of 28 days; 3
	Rows   int64         `json:"rows,omitzero"`   // within the window, whatever the number of exports; 100,000
}

// PrivilegeConfig is about roles that rule an organization.
type PrivilegeConfig struct {
	Fresh      time.Duration `json:"fresh,omitzero"`       // how long a granter counts as new in the role; 7 days
	NewAccount time.Duration `json:"new_account,omitzero"` // age under which the receiver counts as new; 24 hours
}

// ActingConfig is about acting as somebody else.
type ActingConfig struct {
	PerDay int           `json:"per_day,omitzero"` // different people within a day; 5
	Length time.Duration `json:"length,omitzero"`  // without an end; 8 hours
}

// DormantConfig is about accounts that come back.
type DormantConfig struct {
	Days int `json:"days,omitzero"` // without any successful act; 90 (1.0 % of the days of work in 28,737 commits)
}

// SilenceConfig is about a log that stops.
type SilenceConfig struct {
	Expected float64 `json:"expected,omitzero"` // events that should have come in the meantime; 20, at which none has a chance of 2e-9
	History  int     `json:"history,omitzero"`  // days of the usual rate, by hour of the week; 28
}

func or[T comparable](v *T, value T) {
	var zero T
	if *v == zero {
		*v = value
	}
}

// Defaults returns c with the default in place of every zero.
func (c Config) Defaults() Config {
	if c.Zone == nil {
		c.Zone = time.UTC
	}
	l := &c.Logins
	or(&l.SuccessAfter, 5)
	or(&l.SuccessAfterSource, 10)
	or(&l.SuccessWindow, 30*time.Minute)
	or(&l.Burst, 10)
	or(&l.BurstWindow, 10*time.Minute)
	or(&l.Slow, 10)
	or(&l.SlowWindow, 24*time.Hour)
	or(&l.SprayAccounts, 5)
	or(&l.SprayPerAccount, 5)
	or(&l.SprayWindow, time.Hour)
	or(&l.SprayRatio, 3)
	or(&l.Sources, 5)
	or(&l.SourcesFailures, 10)
	or(&l.SourcesWindow, time.Hour)
	or(&l.SlowSources, 8)
	or(&l.Wave, 20)
	or(&l.WaveTail, 1e-4)
	v := &c.Volume
	or(&v.Support, 20)
	or(&v.Deviations, 3)
	or(&v.Ratio, 3)
	or(&v.Far, 6)
	or(&v.Record, 1.25)
	or(&v.HourRatio, 3)
	or(&v.HourRecord, 1.15)
	or(&v.Tail, 1e-3)
	or(&v.Impact, 0.02)
	or(&v.ImpactFrom, 50)
	or(&v.History, 28)
	or(&v.Learning, 14)
	or(&v.Active, 5)
	o := &c.OffHours
	or(&o.Tail, 0.075)
	or(&o.Events, 3)
	or(&o.Hours, 2)
	or(&o.Deep, 0.01)
	or(&o.Past, 40)
	or(&o.Learning, 14)
	or(&o.Active, 5)
	or(&o.Prior, 20)
	or(&o.History, 365)
	m := &c.Cost
	or(&m.Record, 1.25)
	or(&m.Ratio, 4.85)
	or(&m.Deviations, 3)
	or(&m.HourRatio, 3)
	or(&m.HourRecord, 1.15)
	or(&m.Score, 0.8)
	or(&m.LogSpread, 0.35)
	or(&m.Floor, 1_000_000)
	or(&m.Impact, 0.02)
	or(&m.Events, 10)
	or(&m.Breadth, 0.3)
	or(&m.History, 28)
	or(&m.Learning, 14)
	or(&m.Active, 5)
	s := &c.Spend
	or(&s.Score, 5)
	or(&s.Ratio, 1.25)
	or(&s.Floor, 1_000_000)
	or(&s.SlowRatio, 1.3)
	or(&s.History, 56)
	or(&s.Learning, 14)
	or(&s.Seasonal, 28)
	or(&s.BudgetFrom, 0.8)
	or(&c.Models.Learning, 14)
	or(&c.Models.Denied, 3)
	e := &c.Errors
	or(&e.Support, 5)
	or(&e.Tail, 1e-6)
	or(&e.Ratio, 3)
	or(&e.Part, 0.10)
	or(&e.Explains, 0.7)
	or(&e.History, 28)
	or(&c.Deletion.Count, 10)
	or(&c.Deletion.Window, 10*time.Minute)
	or(&c.Deletion.Record, 3)
	or(&c.Export.Count, 25)
	or(&c.Export.Window, time.Hour)
	or(&c.Export.Record, 3)
	or(&c.Export.Rows, 100_000)
	or(&c.Privilege.Fresh, 7*24*time.Hour)
	or(&c.Privilege.NewAccount, 24*time.Hour)
	or(&c.Impersonation.PerDay, 5)
	or(&c.Impersonation.Length, 8*time.Hour)
	or(&c.Dormant.Days, 90)
	or(&c.Silence.Expected, 20)
	or(&c.Silence.History, 28)
	return c
}

// isHuman tells whether hours and habits of that kind of actor are a person's.
func isHuman(t activitylog.ActorType) bool {
	return t == activitylog.User || t == activitylog.Support || t == ""
}

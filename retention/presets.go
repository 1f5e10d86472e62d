package retention

import "github.com/activitylog/activitylog"

// Preset is a list of rules that a law or standard suggests. It is a starting point, no legal advice.
type Preset struct {
	Name   string
	Source string // where it stands
	About  string
	Rules  []Rule
}

// The longest that the periods of the sources can be in days, whenever they begin, so that nothing goes early.
const (
	sixMonths    Days = 184
	twelveMonths Days = 366
	thirtyMonths Days = 915 // two years, one with a leap day, and six months
	sixYears     Days = 2192
)

// everything is the filter of rules about all events.
var everything activitylog.Filter

// Presets returns the rules with legal floors, and one with a recommended ceiling, sorted by name.
func Presets() []Preset {
	floor := func(name string, f activitylog.Filter, d Days, note string) Rule {
		return Rule{Name: name, Filter: f, Min: d, Note: note}
	}
	return []Preset{
		{
			Name:   "cnil",
			Source: "CNIL (France), délibération n° 2021-122 of 14 October 2021, recommendation on logging",
			About:  "Traces stay six months to one year: a ceiling for logs about people, as GDPR Article 5(1)(e) asks for one.",
			Rules: []Rule{{
				Name: "cnil", Filter: everything, Min: sixMonths, Max: twelveMonths, Note: "CNIL 2021-122: between six months and one year",
			}},
		},
		{
			Name:   "eu-ai-act",
			Source: "Regulation (EU) 2024/1689, Articles 19(1) and 26(6)",
			About:  "Logs of high-risk AI systems stay at least six months.",
			Rules: []Rule{
				floor("eu-ai-act", activitylog.CategoryIs("ai", "agent"), sixMonths, "AI Act Art. 19(1), 26(6): at least six months"),
			},
		},
		{
			Name:   "hipaa",
			Source: "45 CFR 164.316(b)(2)(i)",
			About:  "Required documentation stays six years from when it was made.",
			Rules:  []Rule{floor("hipaa", everything, sixYears, "45 CFR 164.316(b)(2)(i): 6 years")},
		},
		{
			Name:   "omb-m-21-31",
			Source: "OMB Memorandum M-21-31 (United States, 27 August 2021), Appendix C",
			About:  "Logs of federal agencies stay 12 months in active and 18 months in cold storage.",
			Rules:  []Rule{floor("omb-m-21-31", everything, thirtyMonths, "OMB M-21-31: 12 months active, 18 months cold")},
		},
		{
			Name:   "pci-dss",
			Source: "PCI DSS v4.0.1, requirement 10.5.1",
			About:  "Audit logs stay at least 12 months, the last three at hand; all of them are at hand here.",
			Rules:  []Rule{floor("pci-dss", everything, twelveMonths, "PCI DSS 10.5.1: at least 12 months")},
		},
		{
			Name:   "sec-17a-4",
			Source: "17 CFR 240.17a-4(a)",
			About:  "The records of brokers and dealers with the longest period stay six years.",
			Rules:  []Rule{floor("sec-17a-4", everything, sixYears, "17 CFR 240.17a-4(a): not less than six years")},
		},
	}
}

package demo

// orgSpec is what an organization looks like at the beginning.
type orgSpec struct {
	id, name, domain, zone string
	heads                  int  // people at the beginning
	founded                int  // days before End; 0: long ago
	pace                   int  // how many times rarer administration is than in the largest organization
	joiners, leavers       int  // during the log
	directory              bool // it adds and removes members by itself
	office                 string
	asn                    uint32
	models                 tiers
	staff                  []staff // the first of the people; the others come from names
	names                  []string
	projects               []projectSpec
	things                 map[string][]string // kind → names
	agents                 []agentSpec
	integrations           []integrationSpec
}

// tiers are the names of the models that people of an organization choose from.
type tiers struct{ large, small, other string }

type projectSpec struct {
	name     string
	channels []string
}

var orgSpecs = []*orgSpec{
	{
		id: "northwind", name: "Northwind Studio", domain: "northwind.example", zone: "Europe/Berlin",
		heads: 60, pace: 1, joiners: 5, leavers: 3, office: "192.0.2.9", asn: 64500,
		models: tiers{"quill-3-large", "quill-3-mini", "fresco-2"}, staff: northwindStaff, names: europeanNames,
		projects: []projectSpec{
			{"Field Notes", []string{"field-notes", "interviews", "sources"}},
			{"Launch Room", []string{"launch-room", "press", "countdown"}},
			{"Support Desk", []string{"support-desk", "escalations"}},
			{"Atlas Redesign", []string{"atlas", "atlas-reviews"}},
			{"Brand Kit", []string{"brand"}},
			{"Partner Portal", []string{"portal", "portal-api"}},
			{"Finance Close", []string{"month-end"}},
			{"Hiring", []string{"hiring"}},
		},
		things: map[string][]string{
			"skill": {"Summarize interviews", "Draft release notes", "Classify tickets", "Translate to German", "Check tone of voice",
				"Compare contracts", "Plan a sprint"},
			"campaign": {"Product letter 11", "Autumn webinar"}, "audience": {"Newsletter subscribers", "Trial users", "Partners"},
			"automation": {"Route new tickets", "Weekly digest", "Invoice reminders", "Welcome new members"},
			"dataset":    {"Survey answers", "Ticket archive", "Usage by plan", "Invoices", "Applicants"},
			"key":        {"ci-deploy", "reporting"}, "webhook": {"tickets to chat"},
		},
		agents: []agentSpec{
			{name: "Research Scout", helper: "Citation Checker", owner: 3, runs: 3, from: 7, to: 19, steps: 5, context: 50000,
				tools: []string{"web.search", "files.read", "notes.write"}},
			{name: "Night Indexer", owner: 2, runs: 2, from: 1, to: 4.5, steps: 5, context: 90000, model: "tern-embed-2",
				tools: []string{"files.list", "index.write"}},
			{name: "Ticket Triage", owner: 5, runs: 4, from: 6, to: 22, steps: 2, context: 15000, model: "aurora-2-flash",
				tools: []string{"tickets.read", "tickets.label"}},
			{name: "Release Clerk", owner: 2, runs: 1, from: 16, to: 18, steps: 4, context: 55000,
				tools: []string{"git.log", "notes.write", "chat.post"}},
		},
		integrations: []integrationSpec{{"Slate Chat", 1}, {"Tracker", 24}, {"Drive", 24}, {"Ledger", 24}, {"Mailroom", 24}, {"Calendar", 24}},
	},
	{
		id: "harborline", name: "Harborline Logistics", domain: "harborline.example", zone: "America/New_York",
		heads: 25, pace: 2, joiners: 2, leavers: 1, directory: true, office: "198.51.100.12", asn: 64501,
		models: tiers{"aurora-2-pro", "aurora-2-flash", "quill-3-mini"}, staff: harborlineStaff, names: americanNames,
		projects: []projectSpec{
			{"Dock Scheduling", []string{"dock", "carriers"}},
			{"Customs Desk", []string{"customs", "brokers"}},
			{"Fleet Renewal", []string{"fleet"}},
			{"Customer Care", []string{"care", "claims"}},
		},
		things: map[string][]string{
			"skill":    {"Read bills of lading", "Quote a lane", "Explain a tariff", "Answer claims"},
			"campaign": {"Carrier bulletin 3"}, "audience": {"Carriers", "Shippers"},
			"automation": {"Match invoices", "Late truck alarm", "Close old claims"},
			"dataset":    {"Shipments", "Carrier rates", "Claims", "Customer accounts"},
			"key":        {"yard-scanners"}, "webhook": {"arrivals to chat"},
		},
		agents: []agentSpec{
			{name: "Claims Reader", owner: 2, runs: 3, from: 7, to: 21, steps: 3, context: 34000, model: "aurora-2-flash", tools: []string{"files.read", "claims.update"}},
			{name: "Rate Watcher", owner: 4, runs: 2, from: 2, to: 5, steps: 3, context: 22000, model: "aurora-2-flash",
				tools: []string{"rates.fetch", "rates.write"}},
		},
		integrations: []integrationSpec{{"Yard Scanner", 1}, {"Customs Gateway", 12}, {"Ledger", 24}},
	},
	{
		id: "tamarind", name: "Tamarind Health", domain: "tamarind.example", zone: "Asia/Kolkata",
		heads: 9, pace: 3, office: "192.0.2.88", asn: 64502,
		models: tiers{"heron-12b", "heron-3b", "aurora-2-flash"}, staff: tamarindStaff, names: indianNames,
		projects: []projectSpec{
			{"Clinic Intake", []string{"intake", "triage"}},
			{"Trial Records", []string{"records"}},
		},
		things: map[string][]string{
			"skill": {"Anonymize a record", "Summarize a visit"}, "campaign": {"Patient reminder"}, "audience": {"Clinics"},
			"automation": {"Nightly record check"}, "dataset": {"Visits", "Trial arms"}, "key": {"lab-import"}, "webhook": {"lab results"},
		},
		agents: []agentSpec{
			{name: "Record Keeper", owner: 2, runs: 2, from: 1, to: 5, steps: 2, context: 9000, model: "heron-12b",
				tools: []string{"records.read", "records.tag"}},
		},
		integrations: []integrationSpec{{"Lab Link", 2}, {"Drive", 24}},
	},
	{
		id: "atelier-azul", name: "Atelier Azul", domain: "azul.example", zone: "Europe/Lisbon",
		heads: 3, pace: 5, founded: 62, models: tiers{"heron-12b", "heron-3b", "aurora-2-flash"}, staff: azulStaff, names: europeanNames,
		asn:      64503,
		projects: []projectSpec{{"Tile Catalogue", []string{"catalogue"}}},
		things: map[string][]string{
			"skill": {"Describe a tile"}, "campaign": {"Studio open day"}, "audience": {"Collectors"}, "automation": {"Stock alert"},
			"dataset": {"Stock"}, "key": {"shop"}, "webhook": {"orders"},
		},
		integrations: []integrationSpec{{"Shopfront", 24}},
	},
}

// supportTeam is the vendor's: it helps customers and may act as one of them.
var supportTeam = []staff{
	{name: "Nadia Petrov", zone: "Europe/Berlin"},
	{name: "Caleb Osei", zone: "America/New_York"},
}

const vendorDomain = "platform.example"

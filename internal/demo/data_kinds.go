package demo

// kind is a kind of thing that can be a target.
type kind struct {
	prefix  string // of identifiers
	inside  bool   // a project
	names   [2][]string
	fields  []field
	private string // a field whose value nobody may see
}

// field is one that can change, and what it can be.
type field struct {
	path   string
	values []any
}

var kinds = map[string]kind{
	"project": {
		names: [2][]string{{"Spring ", "Beacon ", "Cedar ", "Delta ", "Harbor ", "Juniper ", "Lantern ", "Meadow ", "Orchid ", "Pioneer "},
			{"pilot", "relaunch", "workspace", "study"}},
		fields: []field{{"status", []any{"planning", "active", "on hold"}}, {"visibility", []any{"members", "organization"}},
			{"due", []any{"end of quarter", "next month", "open"}}, {"budget_usd", []any{2000, 5000, 8000, 12000}}},
	},
	"channel": {
		prefix: "chn_", inside: true,
		names:  [2][]string{{"launch", "hiring", "ops", "beta", "summit", "docs", "pricing"}, {"-week", "-questions", "-standup", "-archive"}},
		fields: []field{{"topic", []any{"Daily notes", "Decisions only", "Ask before you post"}}, {"retention_days", []any{30, 90, 365}}, {"guests", []any{false, true}}},
	},
	"skill": {
		prefix: "skl_",
		names: [2][]string{{"Summarize ", "Classify ", "Draft ", "Review ", "Translate ", "Extract "},
			{"call notes", "invoices", "release notes", "contracts", "feedback", "job ads"}},
		fields: []field{{"version", []any{1, 2, 3, 4, 5}}, {"model", []any{"quill-3-mini", "quill-3-large"}}, {"temperature", []any{0, 0.2, 0.7}}, {"enabled", []any{true}}},
	},
	"agent": {
		prefix: "agt_",
		names:  [2][]string{{"Intake ", "Renewal ", "Contract ", "Metrics ", "Onboarding "}, {"Helper", "Reviewer", "Watcher"}},
		fields: []field{{"version", []any{"1.0", "1.1", "1.2", "2.0"}}, {"max_steps", []any{8, 12, 20}}, {"instructions_sha256", []any{"5d41402a", "7d793037", "9b74c989"}},
			{"enabled", []any{true}}, {"tools", []any{"files.read", "files.read, chat.post", "files.read, web.search"}}},
	},
	"integration": {
		prefix:  "int_",
		names:   [2][]string{{"Board", "Forms", "Vault", "Helpdesk", "Signer"}, {" Connect", " Bridge", " Sync"}},
		fields:  []field{{"scopes", []any{"read", "read, write"}}, {"sync_hours", []any{6, 12, 24}}, {"folder", []any{"/shared", "/projects"}}},
		private: "client_secret",
	},
	"webhook": {
		prefix: "whk_",
		names:  [2][]string{{"messages", "projects", "campaigns", "members"}, {" to chat", " to warehouse", " to tracker"}},
		fields: []field{{"url", []any{"https://hooks.example/in/1", "https://hooks.example/in/2"}}}, private: "signing_secret",
	},
	"key": {
		prefix: "key_",
		names:  [2][]string{{"backup", "dashboard", "importer", "mobile", "partner"}, {"-prod", "-staging"}},
		fields: []field{{"scopes", []any{"events:read", "projects:read", "skills:run"}}, {"expires_days", []any{30, 90, 365}}}, private: "key",
	},
	"campaign": {
		prefix: "cmp_",
		names:  [2][]string{{"Product letter ", "Webinar invitation ", "Customer survey ", "Release notice "}, {"12", "13", "14", "15", "16", "17", "18"}},
		fields: []field{{"subject", []any{"What is new", "You are invited", "Three things to try"}}, {"audience", []any{"Newsletter subscribers", "Trial users"}},
			{"status", []any{"draft"}}},
	},
	"audience": {prefix: "aud_"},
	"automation": {
		prefix: "aut_",
		names:  [2][]string{{"Archive ", "Remind about ", "Escalate ", "Label "}, {"stale projects", "open invoices", "urgent tickets", "new uploads"}},
		fields: []field{{"trigger", []any{"on message", "on upload", "every morning"}}, {"step_count", []any{2, 3, 5}}, {"enabled", []any{true, false}}},
	},
	"dataset": {prefix: "dst_"},
	"file": {
		prefix: "fil_", inside: true,
		names: [2][]string{{"Budget", "Roadmap", "Interview notes", "Contract", "Slides", "Minutes", "Forecast", "Brief", "Mock-ups", "Checklist"},
			{" v2.pdf", " draft.docx", ".xlsx", " final.pdf", ".md", " Q3.xlsx", " shared.docx"}},
		fields: []field{{"shared_with", []any{"project", "organization", "link"}}},
	},
	"org": {
		fields: []field{{"allow_guests", []any{true, false}}, {"session_hours", []any{8, 12, 24}}, {"default_model", []any{"quill-3-mini", "quill-3-large"}},
			{"data_region", []any{"eu", "us"}}},
	},
}

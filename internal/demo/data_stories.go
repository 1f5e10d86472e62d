package demo

// story is what befalls one thing, in steps over some weeks, and begins again and again.
type story struct {
	kind  string
	every int // days between two beginnings, in the largest organization
	first int // days before End of the last beginning
	by    who
	steps []step
}

// step is one event of a story, or several that are one operation.
type step struct {
	action  string
	after   int    // working days after the step before
	set     string // "field=value" that changes, or several values of which the next is taken; empty: whatever an update changes
	secret  bool   // the private field of the kind changes too
	service string // who does it for the person
	n       int    // how many things at once
}

var stories = []story{
	{"project", 16, 3, leads, []step{
		{action: "project.create"}, {action: "project.share", after: 1}, {action: "project.update", after: 4, set: "status=active"},
		{action: "project.archive", after: 9, set: "status=archived"}}},
	{"project", 38, 12, leads, []step{
		{action: "project.create"}, {action: "project.move", after: 4, set: "folder=Client work"},
		{action: "project.archive", after: 6, set: "status=archived"}, {action: "project.restore", after: 2, set: "status=active"},
		{action: "project.archive", after: 5, set: "status=archived"}, {action: "project.delete", after: 3}}},
	{"channel", 11, 2, leads | marketing, []step{
		{action: "channel.create"}, {action: "channel.member.add", n: 7}, {action: "channel.update", after: 2},
		{action: "channel.member.remove", after: 6, n: 2}, {action: "channel.delete", after: 9}}},
	{"skill", 15, 4, builders, []step{
		{action: "skill.create"}, {action: "skill.update", after: 1}, {action: "skill.disable", after: 3, set: "enabled=false"},
		{action: "skill.enable", after: 2, set: "enabled=true"}, {action: "skill.delete", after: 11}}},
	{"agent", 19, 5, builders, []step{
		{action: "agent.create"}, {action: "agent.permission.change", set: "tools=files.read, chat.post|files.read, web.search, chat.post"}, {action: "agent.update", after: 2},
		{action: "agent.disable", after: 4, set: "enabled=false"}, {action: "agent.enable", after: 1, set: "enabled=true"},
		{action: "agent.delete", after: 9}}},
	{"integration", 24, 6, operations | engineering, []step{
		{action: "integration.connect", secret: true}, {action: "integration.update", after: 2, secret: true},
		{action: "integration.reauthorize", after: 6}, {action: "integration.disconnect", after: 10}}},
	{"webhook", 27, 9, engineering, []step{{action: "webhook.create", secret: true}, {action: "webhook.delete", after: 11}}},
	{"key", 18, 7, engineering, []step{
		{action: "apikey.create", secret: true}, {action: "apikey.rotate", after: 8, secret: true}, {action: "apikey.delete", after: 9}}},
	{"campaign", 6, 2, marketing, []step{
		{action: "campaign.create"}, {action: "campaign.update"}, {action: "campaign.schedule", after: 1, set: "status=scheduled"},
		{action: "campaign.send", after: 1, set: "status=sent", service: "Mailer"}}},
	{"campaign", 23, 8, marketing, []step{
		{action: "campaign.create"}, {action: "campaign.schedule", after: 1, set: "status=scheduled"},
		{action: "campaign.cancel", after: 1, set: "status=draft"}, {action: "campaign.delete", after: 3}}},
	{"automation", 21, 5, engineering | operations, []step{
		{action: "automation.create"}, {action: "automation.update", after: 2}, {action: "automation.delete", after: 12}}},
	{"file", 9, 3, finance | product, []step{{action: "data.import", n: 6}}},
	{"file", 17, 6, finance | product, []step{{action: "data.delete", n: 3}}},
	{"model", 29, 11, operations, []step{{action: "ai.model.enable"}, {action: "ai.model.disable", after: 4}}},
	{"org", 25, 4, operations, []step{{action: "org.settings.change"}}},
	{"org", 58, 20, operations, []step{{action: "org.update", set: "billing_contact=finance|owner"}}},
	{"org", 66, 19, operations, []step{{action: "org.plan.change", set: "plan=business|team"}}},
	{"org", 30, 10, operations | finance, []step{{action: "org.budget.change", set: "monthly_usd=2500|3000|3500"}}},
	{"org", 62, 16, operations, []step{{action: "org.retention.change", set: "usage_days=365|400"}}},
	{"org", 41, 13, operations, []step{{action: "auth.sso.update", set: "idp_certificate=valid until 2027|valid until 2028", secret: true}}},
	{"log range", 28, 1, operations, []step{{action: "audit.export"}}},
	{"session", 23, 3, operations, []step{{action: "auth.session.revoke"}}},
	{"self", 5, 2, everybody, []step{{action: "auth.password.change", secret: true}}},
	{"self", 37, 15, everybody, []step{{action: "auth.mfa.remove"}, {action: "auth.mfa.enroll"}}},
	{"user", 14, 6, operations, []step{{action: "auth.password.reset", secret: true}}},
	{"user", 13, 8, operations, []step{{action: "member.role.change", set: "role=editor|member"}}},
	{"user", 31, 12, operations, []step{{action: "member.suspend", set: "status=suspended"}, {action: "member.restore", after: 2, set: "status=active"}}},
	{"grant", 9, 2, leads, []step{{action: "access.grant", set: "permission=comment|edit"}, {action: "access.revoke", after: 8}}},
	{"guest", 34, 7, leads, []step{{action: "member.invite"}, {action: "member.invite.revoke", after: 3}}},
}

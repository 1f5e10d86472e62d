package demo

// who is a set of jobs.
type who uint16

const (
	engineering who = 1 << iota
	product
	design
	support
	sales
	marketing
	finance
	operations
	dormant // does nothing any more

	everybody = engineering | product | design | support | sales | marketing | finance | operations
	leads     = product | operations
	builders  = engineering | product
)

// job is what a kind of people does all day.
type job struct {
	name  string
	is    who
	rate  float64 // acts on a full day, sign-in aside
	chat  float64 // share of them that are messages to a model
	large bool    // prefers the large model
}

var jobs = []job{
	{"engineering", engineering, 5.7, 0.72, true},
	{"product", product, 5.4, 0.70, true},
	{"design", design, 4.2, 0.58, false},
	{"support", support, 7.1, 0.74, false},
	{"sales", sales, 4, 0.56, false},
	{"marketing", marketing, 4.8, 0.60, true},
	{"finance", finance, 2.7, 0.42, false},
	{"operations", operations, 4.5, 0.40, true},
	{"dormant", dormant, 0, 0, false},
}

// duty is something that people do in between, again and again.
type duty struct {
	action string
	by     who
	weight float64
	kind   string // of the primary target
}

var duties = []duty{
	{"data.view", everybody, 10, "file"},
	{"data.view", finance | sales | operations, 4, "dataset"},
	{"skill.run", engineering | product | support | marketing | sales, 6, "skill"},
	{"project.update", leads | design | engineering, 2.2, "project"},
	{"channel.update", leads | marketing, 0.8, "channel"},
	{"channel.member.add", leads | support, 0.7, "channel"},
	{"channel.member.remove", leads, 0.2, "channel"},
	{"skill.update", builders, 0.9, "skill"},
	{"agent.update", builders, 0.6, "agent"},
	{"automation.update", engineering | operations, 0.4, "automation"},
	{"campaign.update", marketing, 2, "campaign"},
	{"data.share", everybody, 1.1, "file"},
	{"data.import", finance | product | engineering, 0.9, "file"},
	{"data.export", finance | sales | marketing, 0.7, "dataset"},
	{"data.delete", everybody, 0.25, "file"},
	{"access.denied", everybody, 0.3, "resource"},
	{"audit.view", operations, 3, "log range"},
}

// teamOf is the label of the people of a job.
func teamOf(j *job) map[string]string { return map[string]string{"team": j.name} }

func jobNamed(name string) *job {
	for i := range jobs {
		if jobs[i].name == name {
			return &jobs[i]
		}
	}
	panic("demo: no job " + name)
}

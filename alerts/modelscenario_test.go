package alerts_test

import (
	"fmt"

	"github.com/activitylog/activitylog/alerts"
)

func modelScenarios() []scenario {
	one := func(name string, want []string, tell func(*story)) scenario {
		return scenario{name: name, rule: alerts.NewModels, want: want, tell: tell, from: on(1, 0, 0)}
	}
	use := func(s *story, day int, actor, provider, name string, changes ...change) {
		s.add(on(day, 10, 0), actor, message, append([]change{model(provider, name, 10, 10)}, changes...)...)
	}
	begin := func(s *story) { use(s, 0, "ada", "openai", "gpt-4o") }
	allowed := one("an allowed model", []string{"family info openai/o@"}, nil)
	allowed.want = []string{"provider info anthropic/claude-opus@4"}
	allowed.tell = func(s *story) { begin(s); use(s, 20, "ada", "anthropic", "claude-opus-4") }
	allowed.config.Models.Allowed = []string{"claude-opus-4"}
	inventory := one("the first fortnight is an inventory", []string{"inventory info acme"}, func(s *story) {
		begin(s)
		use(s, 5, "ada", "anthropic", "claude-opus-4")
		use(s, 13, "ada", "google", "gemini-2.5-pro")
	})
	inventory.from = monday
	return []scenario{
		inventory, allowed,
		one("a new provider", []string{"provider medium anthropic/claude-opus@4"}, func(s *story) { begin(s); use(s, 20, "ada", "anthropic", "claude-opus-4") }),
		one("a new family", []string{"family low openai/gpt-mini@4o"}, func(s *story) { begin(s); use(s, 20, "ada", "openai", "gpt-4o-mini") }),
		one("a new version", []string{"version info openai/gpt@5"}, func(s *story) { begin(s); use(s, 20, "ada", "openai", "gpt-5") }),
		one("another spelling is the same", nil, func(s *story) {
			begin(s)
			for i, name := range []string{"GPT-4o", " gpt-4o ", "gpt-4o-latest", "gpt-4o-2024-08-06", "openai/gpt-4o"} {
				use(s, 20+i, "ada", "openai", name)
			}
			use(s, 30, "ada", "azure", "gpt-4o")
		}),
		one("no repeat after a gap", nil, func(s *story) { begin(s); use(s, 69, "ada", "openai", "gpt-4o") }),
		one("known to others", []string{"member info acme"}, func(s *story) { begin(s); use(s, 20, "bob", "openai", "gpt-4o") }),
		one("refused three times", []string{"refused medium anthropic/claude-opus@4"}, func(s *story) {
			begin(s)
			for range 3 {
				use(s, 20, "ada", "anthropic", "claude-opus-4", denied)
			}
		}),
		one("refused twice", nil, func(s *story) {
			begin(s)
			for range 2 {
				use(s, 20, "ada", "anthropic", "claude-opus-4", denied)
			}
		}),
	}
}

func errorScenarios() []scenario {
	config := alerts.Config{Errors: alerts.ErrorConfig{Support: 5, Tail: 1e-6, Ratio: 3, Part: 0.1, Explains: 0.7, History: 28}}
	one := func(name string, want []string, tell func(*story)) scenario {
		return scenario{name: name, rule: alerts.ErrorRates, want: want, tell: tell, config: config}
	}
	// traffic is n messages an hour for some days, each k-th of which fails.
	traffic := func(s *story, from, to, n, k int, changes ...change) {
		i := 0
		for h := 24 * from; h < 24*to; h++ {
			for m := range n {
				i++
				c := changes
				if i%k == 0 {
					c = append([]change{failed}, changes...)
				}
				s.add(on(0, h, m*60/n), fmt.Sprintf("user%d", i%7), message, c...)
			}
		}
	}
	// hour is one with n messages of which k fail, evenly.
	hour := func(s *story, n, k int, changes ...change) {
		for i := range n {
			c := changes
			if i*k/n != (i+1)*k/n {
				c = append([]change{failed}, changes...)
			}
			s.add(on(30, 12, i*60/n), fmt.Sprintf("member%d", i), message, c...)
		}
	}
	past := one("a bad month that is over", []string{"ai medium ai"}, func(s *story) {
		traffic(s, 0, 2, 30, 1)
		traffic(s, 2, 30, 3, 50)
		hour(s, 60, 20)
	})
	past.from = on(30, 0, 0)
	gpt, claude := model("openai", "gpt-4o", 1, 1), model("anthropic", "claude-opus-4", 1, 1)
	return []scenario{
		past,
		one("an outage", []string{"ai high ai"}, func(s *story) { traffic(s, 0, 30, 3, 50); hour(s, 60, 40) }),
		one("a third fails", []string{"ai medium ai"}, func(s *story) { traffic(s, 0, 30, 3, 50); hour(s, 60, 20) }),
		one("four failures are too few", nil, func(s *story) { traffic(s, 0, 30, 3, 1000); hour(s, 10, 4) }),
		one("five are enough", []string{"ai medium ai"}, func(s *story) { traffic(s, 0, 30, 3, 1000); hour(s, 10, 5) }),
		one("chance", nil, func(s *story) { traffic(s, 0, 30, 3, 10); hour(s, 20, 8) }),
		one("not three times the usual", nil, func(s *story) { traffic(s, 0, 30, 3, 5); hour(s, 600, 300) }),
		one("less than a tenth", nil, func(s *story) { traffic(s, 0, 30, 3, 1000); hour(s, 600, 59) }),
		one("it is over by the end of the hour", nil, func(s *story) {
			traffic(s, 0, 30, 3, 1000)
			s.times(4, on(30, 12, 0), "ada", message, failed)
			s.times(12, on(30, 12, 46), "bob", message)
			s.times(12, on(30, 12, 46), "cyd", message)
			s.add(on(30, 12, 59), "dee", message, failed)
		}),
		one("a new organization", nil, func(s *story) { hour(s, 20, 6) }),
		one("a new organization where all fails", []string{"ai medium ai"}, func(s *story) { hour(s, 10, 10) }),
		one("refusals are no errors", nil, func(s *story) {
			traffic(s, 0, 30, 3, 50)
			s.times(40, on(30, 12, 0), "ada", message, denied)
		}),
		one("sign-ins are none either", nil, func(s *story) { s.times(40, on(30, 12, 0), "ada", login, failed, from("203.0.113.9")) }),
		one("one provider", []string{"ai high anthropic"}, func(s *story) {
			traffic(s, 0, 30, 3, 50, gpt)
			traffic(s, 0, 30, 3, 50, claude)
			hour(s, 60, 1, gpt)
			hour(s, 40, 38, claude, model("anthropic", "claude-haiku-4", 1, 1))
			hour(s, 40, 38, claude)
		}),
		one("one member", []string{"ai medium ada"}, func(s *story) {
			traffic(s, 0, 30, 3, 50)
			hour(s, 60, 1)
			for i := range 12 {
				s.add(on(30, 12, 5*i), "ada", message, failed)
			}
		}),
		one("one member where many fail", nil, func(s *story) {
			traffic(s, 0, 30, 3, 5)
			s.daily(0, 30, 3, "ada", message)
			for i := range 20 {
				c := []change{}
				if i%3 == 0 {
					c = append(c, failed)
				}
				s.add(on(30, 12, 3*i), "ada", message, c...)
			}
		}),
		one("all of one member's, which is not improbable", nil, func(s *story) {
			traffic(s, 0, 30, 3, 14)
			hour(s, 20, 0)
			s.times(5, on(30, 12, 50), "ada", message, failed)
		}),
		one("one integration", []string{"integration high crm"}, func(s *story) {
			for h := range 24 * 30 {
				s.add(on(0, h, 0), "sync", "integration.sync", by("service"), to("integration", "crm"))
				s.add(on(0, h, 10), "sync", "integration.sync", by("service"), to("integration", "mail"))
				s.add(on(0, h, 20), "sync", "integration.sync", by("service"), to("integration", "mail"))
			}
			for i := range 20 {
				s.add(on(30, 12, 3*i), "sync", "integration.sync", by("service"), to("integration", "crm"), failed)
				s.add(on(30, 12, 3*i), "sync", "integration.sync", by("service"), to("integration", "mail"))
				s.add(on(30, 12, 3*i+1), "sync", "integration.sync", by("service"), to("integration", "mail"))
			}
		}),
	}
}

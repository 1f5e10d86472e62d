package alerts_test

import (
	"fmt"
	"time"

	"github.com/activitylog/activitylog/alerts"
)

func privilegeScenarios() []scenario {
	one := func(name string, want []string, tell func(*story)) scenario {
		return scenario{name: name, rule: alerts.PrivilegeEscalation, want: want, tell: tell}
	}
	// old lets everybody be there for long.
	old := func(s *story, who ...string) {
		for _, a := range who {
			s.daily(0, 3, 1, a, "project.update")
		}
	}
	give := func(s *story, day int, giver, receiver string) {
		s.add(on(day, 10, 0), giver, "member.role.change", to("user", receiver), changed("role", "member", "Admin"))
	}
	return []scenario{
		one("a grant is told", []string{"grant info ada"}, func(s *story) { old(s, "ada", "bob"); give(s, 20, "ada", "bob") }),
		one("a role that rules nothing", nil, func(s *story) {
			s.add(on(20, 10, 0), "ada", "member.role.change", to("user", "bob"), changed("role", "viewer", "editor"))
		}),
		one("had it already", nil, func(s *story) {
			s.add(on(20, 10, 0), "ada", "member.role.change", to("user", "bob"), changed("roles", []any{"admin"}, []any{"admin", "editor"}))
		}),
		one("refused", nil, func(s *story) {
			s.add(on(20, 10, 0), "ada", "member.role.change", to("user", "bob"), changed("role", "member", "admin"), denied)
		}),
		one("to themselves", []string{"self_grant high ada"}, func(s *story) { old(s, "ada"); give(s, 20, "ada", "ada") }),
		one("by one who just got it", []string{"grant info ada", "fresh_granter high bob"}, func(s *story) {
			old(s, "ada", "bob", "cyd")
			give(s, 20, "ada", "bob")
			give(s, 26, "bob", "cyd")
		}),
		one("by one who got it a week ago", []string{"grant info ada", "grant info bob"}, func(s *story) {
			old(s, "ada", "bob", "cyd")
			give(s, 20, "ada", "bob")
			give(s, 27, "bob", "cyd")
		}),
		one("to a new account", []string{"new_account high ada"}, func(s *story) {
			old(s, "ada")
			s.add(on(20, 9, 0), "bob", login)
			give(s, 20, "ada", "bob")
		}),
		one("to an account of yesterday", []string{"grant info ada"}, func(s *story) {
			old(s, "ada")
			s.add(on(19, 9, 0), "bob", login)
			give(s, 20, "ada", "bob")
		}),
		one("in the first hours of a log everybody is new", []string{"grant info ada"}, func(s *story) {
			s.add(on(0, 8, 0), "ada", login)
			s.add(on(0, 8, 30), "bob", login)
			s.add(on(0, 9, 0), "ada", "member.role.change", to("user", "bob"), changed("role", "member", "admin"))
		}),
		one("to another domain", []string{"outsider high ada@example.com"}, func(s *story) {
			old(s, "ada@example.com", "bob@example.org")
			give(s, 20, "ada@example.com", "bob@example.org")
		}),
		one("by role as target", []string{"grant info ada"}, func(s *story) {
			old(s, "ada", "bob")
			s.add(on(20, 10, 0), "ada", "member.add", to("user", "bob"), to("role", "owner"))
		}),
	}
}

func massScenarios() []scenario {
	del := func(name string, want []string, tell func(*story)) scenario {
		return scenario{name: name, rule: alerts.MassDeletion, want: want, tell: tell}
	}
	exp := func(name string, want []string, tell func(*story)) scenario {
		return scenario{name: name, rule: alerts.MassExport, want: want, tell: tell}
	}
	deletes := func(s *story, day, n int, seconds int, changes ...change) {
		for i := range n {
			s.add(on(day, 10, 0).Add(time.Second*time.Duration(i*seconds)), "ada", "project.delete", append(changes, to("project", fmt.Sprint("p", day, "-", i)))...)
		}
	}
	return []scenario{
		del("many at once", []string{"burst medium ada"}, func(s *story) { deletes(s, 20, 10, 60) }),
		del("very many at once", []string{"burst high ada"}, func(s *story) { deletes(s, 20, 50, 5) }),
		del("one less", nil, func(s *story) { deletes(s, 20, 9, 60) }),
		del("too slow", nil, func(s *story) { deletes(s, 20, 10, 67) }),
		del("the same thing again", nil, func(s *story) {
			for i := range 20 {
				s.add(on(20, 10, 0).Add(time.Second*time.Duration(10*i)), "ada", "project.delete", to("project", "p"))
			}
		}),
		del("failed", nil, func(s *story) { deletes(s, 20, 20, 10, failed) }),
		del("as often before", nil, func(s *story) {
			deletes(s, 10, 6, 60)
			deletes(s, 20, 17, 30)
		}),
		del("three times as many as ever", []string{"burst medium ada"}, func(s *story) {
			deletes(s, 10, 6, 60)
			deletes(s, 20, 18, 30)
		}),
		del("by a script", []string{"burst low ada"}, func(s *story) { deletes(s, 20, 80, 5, by("service")) }),
		exp("many exports", []string{"burst medium ada"}, func(s *story) {
			s.times(1, on(1, 10, 0), "ada", "data.export", to("dataset", "d"))
			s.times(25, on(20, 10, 0), "ada", "data.export", to("dataset", "d"))
		}),
		exp("one less", nil, func(s *story) {
			s.times(1, on(1, 10, 0), "ada", "data.export", to("dataset", "d"))
			s.times(24, on(20, 10, 0), "ada", "data.export", to("dataset", "d"))
		}),
		exp("as often before", nil, func(s *story) {
			s.times(10, on(1, 10, 0), "ada", "data.export", to("dataset", "d"))
			s.times(29, on(20, 10, 0), "ada", "data.export", to("dataset", "d"))
		}),
		exp("many rows", []string{"burst medium ada"}, func(s *story) {
			s.times(1, on(1, 10, 0), "ada", "data.export", to("dataset", "d"))
			s.times(1, on(20, 10, 0), "ada", "data.export", to("dataset", "d"), holding("rows", 100_000))
		}),
		exp("the first is large", []string{"burst high ada"}, func(s *story) {
			s.times(1, on(1, 10, 0), "ada", "data.export", to("dataset", "d"), holding("rows", 100_000))
		}),
		exp("the first is told", []string{"first info ada"}, func(s *story) {
			s.add(on(0, 0, 0), "bob", "project.update")
			s.times(1, on(20, 10, 0), "ada", "data.export", to("dataset", "d"))
		}),
	}
}

func actingScenarios() []scenario {
	one := func(name string, want []string, tell func(*story)) scenario {
		return scenario{name: name, rule: alerts.Impersonation, want: want, tell: tell}
	}
	back := func(name string, want []string, tell func(*story)) scenario {
		return scenario{name: name, rule: alerts.DormantRevival, want: want, tell: tell, at: on(200, 0, 0)}
	}
	start, stop := "auth.impersonate.start", "auth.impersonate.stop"
	return []scenario{
		one("looking", []string{"actor_day info sue"}, func(s *story) {
			s.add(on(20, 10, 0), "sue", start, by("support"), to("user", "ada"))
			s.add(on(20, 11, 0), "sue", stop, by("support"), to("user", "ada"))
		}),
		one("changing", []string{"actor_day medium sue"}, func(s *story) {
			s.add(on(20, 10, 0), "sue", start, by("support"), to("user", "ada"))
			s.add(on(20, 10, 5), "sue", "project.update", by("support"), as("ada"))
			s.add(on(20, 11, 0), "sue", stop, by("support"), to("user", "ada"))
		}),
		one("without an end", []string{"actor_day medium sue"}, func(s *story) {
			s.add(on(20, 10, 0), "sue", start, by("support"), to("user", "ada"))
		}),
		one("two people", []string{"actor_day info sue"}, func(s *story) {
			for i := range 2 {
				s.add(on(20, 10+i, 0), "sue", start, by("support"), to("user", fmt.Sprint("u", i)))
				s.add(on(20, 10+i, 30), "sue", stop, by("support"), to("user", fmt.Sprint("u", i)))
			}
		}),
		one("six people", []string{"actor_day medium sue"}, func(s *story) {
			for i := range 6 {
				s.add(on(20, 10+i, 0), "sue", start, by("support"), to("user", fmt.Sprint("u", i)))
				s.add(on(20, 10+i, 30), "sue", stop, by("support"), to("user", fmt.Sprint("u", i)))
			}
		}),
		back("after a quarter of a year", []string{"return info ada"}, func(s *story) {
			s.add(on(0, 9, 0), "ada", "project.update")
			s.add(on(91, 9, 0), "ada", "project.update")
		}),
		back("not quite", nil, func(s *story) {
			s.add(on(0, 9, 0), "ada", "project.update")
			s.add(on(90, 9, 0), "ada", "project.update")
		}),
		back("failures are no life", []string{"return medium ada"}, func(s *story) {
			s.add(on(0, 9, 0), "ada", login, from("192.0.2.1"))
			s.daily(1, 91, 1, "ada", login, failed, from("192.0.2.1"))
			s.add(on(95, 9, 0), "ada", login, from("203.0.113.1"))
		}),
		back("with sensitive acts", []string{"return medium ada"}, func(s *story) {
			s.add(on(0, 9, 0), "ada", "project.update")
			s.add(on(95, 9, 0), "ada", "apikey.create", to("key", "k"))
		}),
		back("a service", nil, func(s *story) {
			s.add(on(0, 9, 0), "ada", "project.update", by("service"))
			s.add(on(95, 9, 0), "ada", "project.update", by("service"))
		}),
	}
}

func guardScenarios() []scenario {
	one := func(name string, want []string, tell func(*story)) scenario {
		return scenario{name: name, rule: alerts.GuardrailRemoved, want: want, tell: tell}
	}
	gap := func(name string, want []string, tell func(*story)) scenario {
		return scenario{name: name, rule: alerts.LogGap, want: want, tell: tell}
	}
	both := scenario{
		name: "two signs", rule: alerts.SeveralSignals, want: []string{"actor high ada"}, tell: func(s *story) {
			s.add(on(20, 10, 0), "ada", "ip_restriction.delete")
			for i := range 10 {
				s.add(on(20, 11, i), "ada", "project.delete", to("project", fmt.Sprint(i)))
			}
		},
	}
	apart := both
	apart.name, apart.want, apart.tell = "two signs on two days", nil, func(s *story) {
		s.add(on(20, 10, 0), "ada", "ip_restriction.delete")
		for i := range 10 {
			s.add(on(21, 10, i), "ada", "project.delete", to("project", fmt.Sprint(i)))
		}
	}
	busy := func(s *story, without ...int) { // ten events an hour, but for some hours
		for h := range 24 * 40 {
			silent := false
			for _, w := range without {
				silent = silent || h == w
			}
			if !silent {
				s.times(10, on(0, h, 0), "bot", "system.job.run", by("system"))
			}
		}
	}
	still := gap("two hours of silence", nil, func(s *story) { busy(s, 24*35+3) })
	silence := gap("silence", []string{"silence high acme"}, func(s *story) { busy(s, 24*35+3, 24*35+4) })
	silence.at, still.at = on(39, 0, 0), on(39, 0, 0)
	holiday := gap("silence as a week ago", []string{"silence high acme"}, func(s *story) { busy(s, 24*30+3, 24*30+4, 24*37+3, 24*37+4) })
	holiday.at = on(39, 0, 0)
	return []scenario{
		both, apart, silence, still, holiday,
		one("by its action", []string{"ip_restriction medium ada"}, func(s *story) { s.add(on(20, 10, 0), "ada", "org.ip_restriction.deleted") }),
		one("by its change", []string{"guardrail medium ada"}, func(s *story) {
			s.add(on(20, 10, 0), "ada", "org.settings.change", changed("guardrails.pii", true, false))
		}),
		one("a limit that goes", []string{"spend_limit medium ada"}, func(s *story) {
			s.add(on(20, 10, 0), "ada", "org.settings.change", changed("spend_limit", 100, nil))
		}),
		one("a limit that moves", nil, func(s *story) {
			s.add(on(20, 10, 0), "ada", "org.settings.change", changed("spend_limit", 100, 200))
		}),
		one("what keeps the log", []string{"log_stream high ada"}, func(s *story) { s.add(on(20, 10, 0), "ada", "log_stream.disable") }),
		one("put back at once", nil, func(s *story) {
			s.add(on(20, 10, 0), "ada", "ip_restriction.delete")
			s.add(on(20, 10, 9), "ada", "ip_restriction.create")
		}),
		one("put back late", []string{"ip_restriction medium ada"}, func(s *story) {
			s.add(on(20, 10, 0), "ada", "ip_restriction.delete")
			s.add(on(20, 10, 11), "ada", "ip_restriction.create")
		}),
		one("refused", nil, func(s *story) { s.add(on(20, 10, 0), "ada", "ip_restriction.delete", denied) }),
		gap("a gap", []string{"gap critical acme"}, func(s *story) { s.add(on(20, 10, 0), "log", "audit.gap", by("system")) }),
		gap("no seals", []string{"seal high sealing"}, func(s *story) {
			s.add(on(20, 10, 0), "sealer", "audit.seal.late", by("system"), to("anchor", "sealing"))
		}),
		gap("a late anchor", []string{"anchor high elsewhere"}, func(s *story) {
			s.add(on(20, 10, 0), "sealer", "audit.anchor.late", by("system"), to("anchor", "elsewhere"))
			s.add(on(20, 11, 0), "sealer", "audit.anchor.resume", by("system"), to("anchor", "elsewhere"))
		}),
		gap("an anchor that knows better", []string{"contradiction critical w"}, func(s *story) {
			s.add(on(20, 10, 0), "sealer", "audit.anchor.contradict", by("system"), to("anchor", "w"))
		}),
		gap("a verification that failed", []string{"verification critical acme"}, func(s *story) { s.add(on(20, 10, 0), "ada", "audit.verify", failed) }),
		gap("other verifications", nil, func(s *story) {
			s.add(on(20, 10, 0), "ada", "audit.verify")
			s.add(on(20, 11, 0), "ada", "audit.verify", denied)
		}),
		one("sealing", []string{"sealing high ada"}, func(s *story) {
			s.add(on(20, 10, 0), "ada", "audit.config.change", changed("sealing", "on", "off"))
		}),
		gap("a setting", []string{"setting info ada"}, func(s *story) { s.add(on(20, 10, 0), "ada", "audit.config.change") }),
	}
}

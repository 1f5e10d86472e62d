package alerts_test

import (
	"fmt"
	"time"

	"github.com/activitylog/activitylog/alerts"
)

const login = "auth.login"

// known lets accounts sign in once from the office, long before.
func (s *story) known(accounts ...string) {
	for _, a := range accounts {
		s.add(on(0, 9, 0), a, login, from("192.0.2.10"), with("Mozilla/5.0 (X11; Linux) Firefox/140.0"))
	}
}

func loginScenarios() []scenario {
	const home, attacker = "192.0.2.10", "203.0.113.5"
	one := func(name string, want []string, tell func(*story)) scenario {
		return scenario{name: name, rule: alerts.LoginFailures, want: want, tell: tell}
	}
	return []scenario{
		one("success after failures", []string{"success_after_failures high ada"}, func(s *story) {
			s.known("ada")
			s.times(5, on(20, 3, 0), "ada", login, failed, from(attacker))
			s.add(on(20, 3, 29), "ada", login, from(attacker))
		}),
		one("success after too few", nil, func(s *story) {
			s.known("ada")
			s.times(4, on(20, 3, 0), "ada", login, failed, from(attacker))
			s.add(on(20, 3, 20), "ada", login, from(attacker))
		}),
		one("success much later", nil, func(s *story) {
			s.known("ada")
			s.times(5, on(20, 3, 0), "ada", login, failed, from(attacker))
			s.add(on(20, 3, 31), "ada", login, from(attacker))
		}),
		one("success after a mistake at the usual place", []string{"success_after_failures low ada"}, func(s *story) {
			s.known("ada")
			s.times(5, on(20, 9, 0), "ada", login, failed, from(home), with("Mozilla/5.0 (X11; Linux) Firefox/141.0"))
			s.add(on(20, 9, 6), "ada", login, from(home), with("Mozilla/5.0 (X11; Linux) Firefox/141.0"))
		}),
		one("very many mistakes at the usual place", []string{"success_after_failures high ada"}, func(s *story) {
			s.known("ada")
			for i := range 10 {
				s.add(on(20, 9, 0).Add(time.Duration(i)*2*time.Minute), "ada", login, failed, from(home), with("Mozilla/5.0 (X11; Linux) Firefox/141.0"))
			}
			s.add(on(20, 9, 25), "ada", login, from(home), with("Mozilla/5.0 (X11; Linux) Firefox/141.0"))
		}),
		one("mistakes before each of two sign-ins", nil, func(s *story) {
			s.known("ada")
			for _, minute := range []int{0, 10} {
				s.times(3, on(20, 9, minute), "ada", login, failed, from(attacker))
				s.add(on(20, 9, minute+4), "ada", login, from(attacker))
			}
		}),
		one("success among the guests of a conference", nil, func(s *story) {
			s.known("ada", "bob", "cyd", "dee", "eve", "fay")
			for i, a := range []string{"cyd", "dee", "eve"} {
				s.add(on(20, 9, i), a, login, from(attacker))
			}
			for i := range 10 {
				s.add(on(20, 9, 4+2*i), []string{"ada", "bob"}[i%2], login, failed, from(attacker))
			}
			s.add(on(20, 9, 24), "fay", login, from(attacker))
		}),
		one("success with another program at the usual place", []string{"success_after_failures high ada"}, func(s *story) {
			s.known("ada")
			s.times(5, on(20, 9, 0), "ada", login, failed, from(home), with("curl/8.1"))
			s.add(on(20, 9, 6), "ada", login, from(home), with("curl/8.1"))
		}),
		one("success after failures of the second step", nil, func(s *story) {
			s.known("ada")
			s.times(9, on(20, 9, 0), "ada", login, failed, from(attacker), because("wrong MFA code"))
			s.add(on(20, 9, 10), "ada", login, from(attacker))
		}),
		one("success of an account that the source had tried among others", []string{"success_after_failures high bob"}, func(s *story) {
			s.known("ada", "bob", "cyd")
			for i, a := range []string{"ada", "bob", "cyd", "ada", "bob", "cyd", "ada", "cyd", "ada", "cyd"} {
				s.add(on(20, 3, 0).Add(time.Duration(i)*2*time.Minute), a, login, failed, from(attacker))
			}
			s.add(on(20, 3, 20), "bob", login, from(attacker))
		}),
		one("success in an office of many", nil, func(s *story) {
			s.known("ada", "bob", "cyd", "dee", "eve")
			for i, a := range []string{"ada", "bob", "ada", "bob", "ada", "bob", "ada", "bob", "ada"} {
				s.add(on(20, 9, 0).Add(time.Duration(i)*2*time.Minute), a, login, failed, from(home))
			}
			for i, a := range []string{"cyd", "dee", "eve"} {
				s.add(on(20, 9, 20+i), a, login, from(home))
			}
		}),
		one("burst of an account", []string{"account_burst medium ada"}, func(s *story) {
			s.known("ada")
			for i := range 10 {
				s.add(on(20, 3, i), "ada", login, failed, from(fmt.Sprintf("203.0.113.%d", i%3)))
			}
		}),
		one("burst of a privileged account", []string{"account_burst high ada"}, func(s *story) {
			s.known("ada")
			for i := range 10 {
				s.add(on(20, 3, i), "ada", login, failed, role("Owner"), from(fmt.Sprintf("203.0.113.%d", i%3)))
			}
		}),
		one("burst that is one too short", nil, func(s *story) {
			s.known("ada")
			for i := range 9 {
				s.add(on(20, 3, i), "ada", login, failed, from(fmt.Sprintf("203.0.113.%d", i%3)))
			}
		}),
		one("burst that is too slow", nil, func(s *story) {
			s.known("ada")
			for i := range 10 {
				s.add(on(20, 3, 0).Add(time.Duration(i)*67*time.Second), "ada", login, failed, from(fmt.Sprintf("203.0.113.%d", i%3)))
			}
		}),
		one("burst of an account that nobody knows", nil, func(s *story) {
			for i := range 10 {
				s.add(on(20, 3, i), "root", login, failed, from(fmt.Sprintf("203.0.113.%d", i%3)))
			}
		}),
		one("burst of a source on a known account", []string{"source_burst medium " + attacker}, func(s *story) {
			s.known("ada")
			s.times(10, on(20, 3, 0), "ada", login, failed, from(attacker))
		}),
		one("burst of a source that knows no names", []string{"source_burst low " + attacker}, func(s *story) {
			s.times(8, on(20, 3, 0), "root", login, failed, from(attacker))
			s.times(2, on(20, 3, 8), "root", "auth.login.lockout", failed, from(attacker))
		}),
		one("burst of a source that is too short", nil, func(s *story) {
			s.times(9, on(20, 3, 0), "root", login, failed, from(attacker))
		}),
		one("slow source", []string{"source_slow low " + attacker}, func(s *story) {
			for i := range 10 {
				s.add(on(20, 2*i, 0), "root", login, failed, from(attacker))
			}
		}),
		one("source that is slower still", nil, func(s *story) {
			for i := range 20 {
				s.add(on(20, 5*i, 0), "root", login, failed, from(attacker))
			}
		}),
		one("slow source that belongs here", nil, func(s *story) {
			s.known("ada")
			for i := range 10 {
				s.add(on(20, 2*i, 0), "root", login, failed, from(home))
			}
		}),
		one("two days of one attacker are one", []string{"source_burst low " + attacker}, func(s *story) {
			for day := 20; day < 22; day++ {
				for hour := 0; hour < 24; hour += 8 {
					s.times(10, on(day, hour, 0), "root", login, failed, from(attacker))
				}
			}
		}),
		one("after a quiet day it is another", []string{"source_burst low " + attacker, "source_burst low " + attacker}, func(s *story) {
			s.times(10, on(20, 0, 0), "root", login, failed, from(attacker))
			s.times(10, on(22, 0, 0), "root", login, failed, from(attacker))
		}),
		one("IPv6 counts by its /64", []string{"source_burst low 2001:db8::/64"}, func(s *story) {
			for i := range 10 {
				s.add(on(20, 3, i), "root", login, failed, from(fmt.Sprintf("2001:db8::%d", i+1)))
			}
		}),
	}
}

func sprayScenarios() []scenario {
	const attacker = "203.0.113.5"
	one := func(name string, want []string, tell func(*story)) scenario {
		return scenario{name: name, rule: alerts.LoginFailures, want: want, tell: tell}
	}
	try := func(s *story, t time.Time, accounts int, changes ...change) {
		for i := range accounts {
			s.add(t.Add(time.Duration(i)*10*time.Minute), fmt.Sprintf("user%d", i), login, append(changes, failed)...)
		}
	}
	wave := func(s *story, day, accounts int) {
		for i := range accounts {
			s.add(on(day, 9, 2*i), fmt.Sprintf("user%d", i), login, failed, from(fmt.Sprintf("198.51.100.%d", i)))
		}
	}
	everybody := func(s *story) {
		for i := range 30 {
			s.known(fmt.Sprintf("user%d", i))
		}
	}
	return []scenario{
		one("spray", []string{"spray medium " + attacker}, func(s *story) {
			s.known("user0")
			try(s, on(20, 3, 0), 5, from(attacker))
		}),
		one("spray of names that nobody has", []string{"spray low " + attacker}, func(s *story) {
			try(s, on(20, 3, 0), 5, from(attacker))
		}),
		one("spray on too few", nil, func(s *story) { try(s, on(20, 3, 0), 4, from(attacker)) }),
		one("spray that is too slow", nil, func(s *story) {
			try(s, on(20, 3, 0), 3, from(attacker))
			for i := range 2 {
				s.add(on(20, 4, i), fmt.Sprintf("other%d", i), login, failed, from(attacker))
			}
		}),
		one("spray where as many sign in", nil, func(s *story) {
			for i := range 5 {
				s.add(on(20, 2, 55+i), fmt.Sprintf("good%d", i), login, from(attacker))
			}
			try(s, on(20, 3, 0), 5, from(attacker))
		}),
		one("many tries each are no spray", nil, func(s *story) {
			for i := range 5 {
				s.add(on(1, 9, 0), "good", login, from(attacker)) // else it is slow guessing
				for n := range 6 {
					s.add(on(20, 3, 0).Add(time.Duration(6*i+n)*110*time.Second), fmt.Sprintf("user%d", i), login, failed, from(attacker))
				}
			}
		}),
		one("spray of an office that often fails", nil, func(s *story) {
			try(s, on(18, 3, 0), 2, from(attacker))
			try(s, on(20, 3, 0), 5, from(attacker))
		}),
		one("spray where somebody failed before", []string{"spray low " + attacker}, func(s *story) {
			try(s, on(18, 3, 0), 1, from(attacker))
			try(s, on(20, 3, 0), 5, from(attacker))
		}),
		one("spray of a few tries each", []string{"spray low " + attacker}, func(s *story) {
			s.add(on(1, 9, 0), "good", login, from(attacker))
			for i := range 15 {
				s.add(on(20, 3, 3*i), fmt.Sprintf("user%d", i/3), login, failed, from(attacker))
			}
		}),
		one("a few sources over the day", nil, func(s *story) {
			for i := range 10 {
				s.add(on(20, 2*i, 0), "root", login, failed, from(fmt.Sprintf("198.51.100.%d", i%5)))
			}
		}),
		one("distributed", []string{"distributed medium user0"}, func(s *story) {
			s.known("user0")
			for i := range 10 {
				s.add(on(20, 3, 6*i), "user0", login, failed, from(fmt.Sprintf("198.51.100.%d", i%5)))
			}
		}),
		one("distributed over too few sources", nil, func(s *story) {
			s.known("user0")
			for i := range 10 {
				s.add(on(20, 3, 6*i), "user0", login, failed, from(fmt.Sprintf("198.51.100.%d", i%4)))
			}
		}),
		one("distributed with too few failures", nil, func(s *story) {
			s.known("user0")
			for i := range 9 {
				s.add(on(20, 3, 6*i), "user0", login, failed, from(fmt.Sprintf("198.51.100.%d", i%5)))
			}
		}),
		one("slowly distributed", []string{"distributed low root"}, func(s *story) {
			for i := range 8 {
				s.add(on(20, 2*i, 0), "root", login, failed, from(fmt.Sprintf("198.51.100.%d", i)))
			}
		}),
		one("slowly distributed over too few", nil, func(s *story) {
			for i := range 7 {
				s.add(on(20, 2*i, 0), "root", login, failed, from(fmt.Sprintf("198.51.100.%d", i)))
			}
		}),
		one("wave", []string{"org_wave medium acme"}, func(s *story) { everybody(s); wave(s, 30, 20) }),
		one("wave in the first days", nil, func(s *story) { everybody(s); wave(s, 10, 22) }),
		one("wave that is too small", nil, func(s *story) { everybody(s); wave(s, 30, 19) }),
		one("wave of every Wednesday", []string{"org_wave medium acme"}, func(s *story) {
			everybody(s)
			for day := 16; day <= 44; day += 7 { // the first is news
				wave(s, day, 22)
			}
		}),
		one("wave of strangers", nil, func(s *story) { s.known("ada"); wave(s, 30, 22) }),
	}
}

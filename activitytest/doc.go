// Package activitytest is for the tests of applications that record activity.
//
//	r := activitytest.New(t, nil)
//	invite(ctx, r.Log, "leo")
//	r.Exactly(activitytest.Event{Action: "member.invite", Actor: "u1", Target: "user:u2"})
//
// A Suite holds all tests of a package to record every required action of a catalogue at least once. Clock is a clock
// that stands still until the test moves it.
package activitytest

package storetest

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/google/uuid"
)

// start is when the sample events begin, with digits in every place down to the microsecond.
var start = time.Date(2026, 3, 1, 12, 34, 56, 123457000, time.UTC)

// id is the id of sample n. Ids are not in the order of n and use all values of bytes.
func id(n int) uuid.UUID { return uuid.NewSHA1(uuid.Nil, []byte(strconv.Itoa(n))) }

// sample is event n of a plain series: one a second, as the Log hands them over.
func sample(n int, change ...func(e *activitylog.Event)) activitylog.Event {
	e := activitylog.Event{
		ID: id(n), Time: start.Add(time.Duration(n) * time.Second),
		Recorded: start.Add(time.Duration(n)*time.Second + 77*time.Microsecond),
		Org:      "acme", Project: "web", Category: "project", Action: "project.update", Verb: "update",
		Outcome: activitylog.Success, Severity: activitylog.Info, Message: fmt.Sprintf("Ada updated item %d", n),
		Actor:     activitylog.Actor{Type: activitylog.User, ID: "u1", Name: "Ada", Email: "ada@example.com"},
		Targets:   []activitylog.Target{{Type: "item", ID: strconv.Itoa(n)}},
		Labels:    map[string]string{"env": "prod"},
		Metadata:  map[string]any{"n": json.Number(strconv.Itoa(n)), "in": map[string]any{"list": []any{"x", nil, true}}},
		Retention: "usage",
	}
	for _, c := range change {
		c(&e)
	}
	return e
}

// samples is sample from to, changed alike.
func samples(from, to int, change ...func(e *activitylog.Event)) []activitylog.Event {
	var list []activitylog.Event
	for n := from; n <= to; n++ {
		list = append(list, sample(n, change...))
	}
	return list
}

func inOrg(org string) func(e *activitylog.Event) {
	return func(e *activitylog.Event) { e.Org = org }
}

func at(t time.Time) func(e *activitylog.Event) {
	return func(e *activitylog.Event) { e.Time = t }
}

func saying(message string) func(e *activitylog.Event) {
	return func(e *activitylog.Event) { e.Message = message }
}

func by(actor string) func(e *activitylog.Event) {
	return func(e *activitylog.Event) { e.Actor.ID = actor }
}

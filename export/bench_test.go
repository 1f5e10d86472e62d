package export_test

import (
	"encoding/csv"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/export"
)

var benchColumns = []string{"id", "time", "org", "project", "category", "action", "outcome", "severity", "message", "actor_type",
	"actor_id", "actor_name", "actor_email", "target_type", "target_id", "target_name", "ip", "user_agent", "request_id", "input_tokens"}

func benchEvents() []activitylog.Event {
	list := make([]activitylog.Event, 1000)
	start := at("2026-03-01T00:00:00.123456Z")
	for i := range list {
		list[i] = activitylog.Event{
			ID: uuid.UUID{1, 2, 3, byte(i), byte(i >> 8), 6, 7}, Time: start.Add(time.Duration(i) * 37 * time.Second),
			Org: "northwind-traders", Project: fmt.Sprintf("project-%d", i%7), Category: "ai", Action: "ai.message.send",
			Outcome: activitylog.Success, Severity: activitylog.Info, Message: fmt.Sprintf("Ana Torres sent a message, no. %d", i),
			Actor: activitylog.Actor{Type: activitylog.User, ID: fmt.Sprintf("user-%d", i%50), Name: "Ana Torres",
				Email: "ana.torres@northwind.example"},
			Targets: []activitylog.Target{{Type: "conversation", ID: fmt.Sprintf("conv-%d", i), Name: "Quarterly planning"}},
			Client: activitylog.Client{IP: netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}),
				UserAgent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"},
			Request: activitylog.Request{ID: fmt.Sprintf("req-%08d", i)}, AI: &activitylog.AIUsage{InputTokens: int64(100 + i)},
		}
	}
	return list
}

// peer writes the row that a host would write with the standard library.
func peer(w *csv.Writer, row []string, e *activitylog.Event) error {
	return w.Write(append(row[:0], e.ID.String(), e.Time.UTC().Format("2006-01-02T15:04:05.000000Z"), e.Org, e.Project,
		e.Category, e.Action, string(e.Outcome), string(e.Severity), e.Message, string(e.Actor.Type), e.Actor.ID, e.Actor.Name,
		e.Actor.Email, e.Targets[0].Type, e.Targets[0].ID, e.Targets[0].Name, e.Client.IP.String(), e.Client.UserAgent,
		e.Request.ID, strconv.FormatInt(e.AI.InputTokens, 10)))
}

// BenchmarkCSV measures one event of 20 columns; the peer has no defence against formulas.
func BenchmarkCSV(b *testing.B) {
	list := benchEvents()
	b.Run("export", func(b *testing.B) {
		b.ReportAllocs()
		w, err := export.NewCSV(io.Discard, &export.CSVOptions{Columns: benchColumns})
		require.NoError(b, err)
		for i := 0; b.Loop(); i++ {
			if err := w.Write(&list[i%len(list)]); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding/csv", func(b *testing.B) {
		b.ReportAllocs()
		w := csv.NewWriter(io.Discard)
		row := make([]string, 0, len(benchColumns))
		for i := 0; b.Loop(); i++ {
			if err := peer(w, row, &list[i%len(list)]); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkCSVStructures adds the cells that hold JSON.
func BenchmarkCSVStructures(b *testing.B) {
	e := sample()
	b.ReportAllocs()
	w, err := export.NewCSV(io.Discard, nil)
	require.NoError(b, err)
	for b.Loop() {
		if err := w.Write(&e); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNDJSON(b *testing.B) {
	list := benchEvents()
	b.ReportAllocs()
	w := export.NewNDJSON(io.Discard)
	for i := 0; b.Loop(); i++ {
		if err := w.Write(&list[i%len(list)]); err != nil {
			b.Fatal(err)
		}
	}
}

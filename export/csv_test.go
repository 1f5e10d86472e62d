package export_test

import (
	"bytes"
	"encoding/csv"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/export"
)

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return t
}

func sample() activitylog.Event {
	cost := int64(-1_250_000)
	return activitylog.Event{
		ID: uuid.MustParse("0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b"), Time: at("2026-03-01T07:08:09.000123+02:00"),
		Recorded: at("2026-03-01T05:08:10Z"), Duration: 1500 * time.Microsecond, Org: "acme", Project: "p1",
		Category: "member", Action: "member.role.change", Verb: "update", Outcome: activitylog.Denied,
		Reason: `not "allowed"`, ErrorCode: "403", Severity: activitylog.High, Message: "Ana, as root,\nfailed\r\nto\rdo it",
		Actor: activitylog.Actor{Type: activitylog.User, ID: "u1", Name: "Ana Łuč 🙂", Email: "ana@example.com",
			Roles: []string{"admin", "a,b"}},
		OnBehalfOf: []activitylog.Delegation{{Actor: activitylog.Actor{ID: "u2"}, Relation: activitylog.Impersonates}},
		Targets:    []activitylog.Target{{Type: "user", ID: "u3", Name: "=1+1"}, {Type: "role", ID: "r1"}, {ID: "r2"}},
		Changes:    []activitylog.Change{{Path: "role", Old: "member", New: []any{"admin", true}}},
		Client: activitylog.Client{IP: netip.MustParseAddr("2001:db8::1"), UserAgent: "x; +y", Forwarded: []string{"10.0.0.1"},
			Country: "PT", ASN: 64500},
		Request: activitylog.Request{ID: "r-1", Method: "POST", Route: "/x", SessionID: "s1", Origin: "ui"},
		AI: &activitylog.AIUsage{Provider: "p", Model: "m", InputTokens: 12, CostMicros: &cost, Currency: "EUR",
			ToolNames: []string{"search"}, Stream: true},
		Labels: map[string]string{"b": "2", "a": "1"}, Metadata: map[string]any{"k": []any{"v\"", nil}, "a": 1},
		Retention: "security", Backfill: true, Completes: uuid.MustParse("0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2c"),
		Expires: at("1969-12-31T23:59:59.5Z"), Truncated: []activitylog.Cut{{Path: "message", Bytes: 9, SHA256: "ab"}},
		Leaf: []byte{1, 2, 3}, Opening: []byte{0xfb},
	}
}

func write(t testing.TB, opts *export.CSVOptions, events ...activitylog.Event) string {
	t.Helper()
	var b bytes.Buffer
	w, err := export.NewCSV(&b, opts)
	require.NoError(t, err)
	for i := range events {
		require.NoError(t, w.Write(&events[i]))
	}
	require.NoError(t, w.Close())
	return b.String()
}

// records reads a CSV strictly after RFC 4180, unlike encoding/csv, which changes CRLF inside cells.
func records(t testing.TB, text string) [][]string {
	t.Helper()
	var all [][]string
	for text != "" {
		var row []string
		for {
			var cell string
			if strings.HasPrefix(text, `"`) {
				end := 1
				for ; end < len(text); end++ {
					if text[end] != '"' {
						continue
					}
					if end+1 == len(text) || text[end+1] != '"' {
						break
					}
					end++
				}
				require.Less(t, end, len(text), "a quote is not closed")
				cell, text = strings.ReplaceAll(text[1:end], `""`, `"`), text[end+1:]
			} else {
				end := strings.IndexAny(text, ",\r\n\"")
				require.GreaterOrEqual(t, end, 0, "the last line is not ended")
				cell, text = text[:end], text[end:]
			}
			row = append(row, cell)
			if rest, ok := strings.CutPrefix(text, ","); ok {
				text = rest
				continue
			}
			rest, ok := strings.CutPrefix(text, "\r\n")
			require.True(t, ok, "a cell is followed by %.10q", text)
			text = rest
			break
		}
		all = append(all, row)
	}
	return all
}

func TestCSVCells(t *testing.T) {
	t.Parallel()
	got := records(t, write(t, &export.CSVOptions{Columns: export.Columns()}, sample()))
	require.Len(t, got, 2)
	want := map[string]string{
		"id": "0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b", "time": "2026-03-01T05:08:09.000123Z", "org": "acme", "project": "p1",
		"category": "member", "action": "member.role.change", "verb": "update", "outcome": "denied", "severity": "high",
		"message": "Ana, as root,\nfailed\r\nto\rdo it", "reason": `not "allowed"`, "error_code": "403", "duration_us": "1500",
		"actor_type": "user", "actor_id": "u1", "actor_name": "Ana Łuč 🙂", "actor_email": "ana@example.com",
		"actor_roles": `["admin","a,b"]`, "on_behalf_of": `[{"id":"u2","relation":"impersonates"}]`,
		"target_type": "user", "target_id": "u3", "target_name": "'=1+1", "more_targets": `[{"type":"role","id":"r1"},{"id":"r2"}]`,
		"changes": `[{"path":"role","old":"member","new":["admin",true]}]`, "ip": "2001:db8::1", "user_agent": "x; +y",
		"forwarded": `["10.0.0.1"]`, "country": "PT", "asn": "64500", "request_id": "r-1", "method": "POST", "route": "/x",
		"session_id": "s1", "origin": "ui", "provider": "p", "model": "m", "input_tokens": "12", "cost": "-1.25",
		"currency": "EUR", "tool_names": `["search"]`, "stream": "true", "labels": `{"a":"1","b":"2"}`,
		"metadata": `{"a":1,"k":["v\"",null]}`, "retention": "security", "backfill": "true",
		"completes": "0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2c", "expires": "1969-12-31T23:59:59.500000Z",
		"truncated": `[{"path":"message","bytes":9,"sha256":"ab"}]`, "recorded": "2026-03-01T05:08:10.000000Z",
		"leaf": "AQID", "opening": "'+w==",
	}
	for i, name := range got[0] {
		if got[1][i] != want[name] {
			t.Errorf("%s is %q, want %q", name, got[1][i], want[name])
		}
		delete(want, name)
	}
	if len(want) > 0 {
		t.Errorf("no columns for %v", want)
	}
}

func TestCSVEmptyEvent(t *testing.T) {
	t.Parallel()
	for _, columns := range [][]string{{"project"}, export.Columns()} {
		got := records(t, write(t, &export.CSVOptions{Columns: columns}, activitylog.Event{}, activitylog.Event{}))
		if len(got) != 3 || strings.Join(got[2], "") != "" {
			t.Errorf("two empty events give %q", got)
		}
		r := csv.NewReader(strings.NewReader(write(t, &export.CSVOptions{Columns: columns}, activitylog.Event{})))
		if rows, err := r.ReadAll(); err != nil || len(rows) != 2 {
			t.Errorf("encoding/csv reads %d rows, %v", len(rows), err)
		}
	}
}

func TestCSVTime(t *testing.T) {
	t.Parallel()
	var events []activitylog.Event
	times := []string{"2026-03-01T23:59:59.999999Z", "2026-03-02T00:00:00Z", "2026-03-01T00:00:00.00001Z", "1700-01-01T00:00:00Z",
		"1969-12-31T23:59:59.999999Z", "2249-12-31T23:59:59.1Z"}
	for _, s := range times {
		events = append(events, activitylog.Event{Time: at(s)})
	}
	events = append(events, activitylog.Event{Time: time.Date(12345, 1, 2, 3, 4, 5, 6000, time.UTC)})
	got := records(t, write(t, &export.CSVOptions{Columns: []string{"time"}}, events...))
	for i, e := range events {
		if want := e.Time.Format("2006-01-02T15:04:05.000000Z"); got[i+1][0] != want {
			t.Errorf("got %s, want %s", got[i+1][0], want)
		}
	}
}

func TestCSVCost(t *testing.T) {
	t.Parallel()
	for micros, want := range map[int64]string{0: "0", 1: "0.000001", -1: "-0.000001", 1_000_000: "1", 1_500_000: "1.5",
		-1 << 63: "-9223372036854.775808", 123_000_450: "123.00045"} {
		e := activitylog.Event{AI: &activitylog.AIUsage{CostMicros: &micros}}
		if got := records(t, write(t, &export.CSVOptions{Columns: []string{"cost", "org"}}, e))[1][0]; got != want {
			t.Errorf("%d is %q, want %q", micros, got, want)
		}
	}
}

func TestCSVHeader(t *testing.T) {
	t.Parallel()
	if got, want := write(t, &export.CSVOptions{Columns: []string{"org", "id"}, BOM: true}), "\uFEFForg,id\r\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := write(t, nil), strings.Join(export.DefaultColumns(), ",")+"\r\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, name := range []string{"recorded", "leaf", "opening"} {
		if slices.Contains(export.DefaultColumns(), name) || !slices.Contains(export.Columns(), name) {
			t.Errorf("%s must be there on request only", name)
		}
	}
}

func TestCSVColumnErrors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		columns []string
		want    string
	}{
		{[]string{"id", "nope"}, `no column "nope"; the columns are: id, time, org,`},
		{[]string{"id", "org", "id"}, `"id" is named twice`},
		{[]string{}, "at least one column"},
	} {
		_, err := export.NewCSV(&bytes.Buffer{}, &export.CSVOptions{Columns: tt.columns})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: got %v, want %q", tt.columns, err, tt.want)
		}
	}
}

// TestColumnsAreDocumented compares the columns with the list in doc.go.
func TestColumnsAreDocumented(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	var all, byDefault []string
	for _, m := range regexp.MustCompile(`(?m)^//\t([a-z0-9_]+) {2,}(\* )?`).FindAllStringSubmatch(string(doc), -1) {
		all = append(all, m[1])
		if m[2] == "" {
			byDefault = append(byDefault, m[1])
		}
	}
	if !slices.Equal(all, export.Columns()) {
		t.Errorf("doc.go lists %q, the columns are %q", all, export.Columns())
	}
	if !slices.Equal(byDefault, export.DefaultColumns()) {
		t.Errorf("doc.go lists without a star %q, the default is %q", byDefault, export.DefaultColumns())
	}
}

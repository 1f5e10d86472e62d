package main

import (
	"encoding/json"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/activitylog/activitylog"
)

// TestConvert compares the JSON form of events, without the id that is derived.
func TestConvert(t *testing.T) {
	t.Parallel()
	const head, at = `"time":"2026-01-02T03:04:05Z","action":"x.y"`, `"time":"2026-01-02T03:04:05.000000Z",`
	const anonymous, tail = `"actor":{"type":"anonymous"}`, `,"backfill":true}`
	for _, tt := range []struct{ name, in, want string }{
		{"least", `{` + head + `}`, at + `"org":"acme","action":"x.y",` + anonymous + tail},
		{"user", `{` + head + `,"actor":"ana","outcome":"denied"}`,
			at + `"org":"acme","action":"x.y","outcome":"denied","actor":{"type":"user","id":"ana"}` + tail},
		{"address", `{` + head + `,"actor":"ip:192.0.2.1","ip":"192.0.2.1","user_agent":"curl"}`,
			at + `"org":"acme","action":"x.y","actor":{"type":"anonymous","id":"ip:192.0.2.1"},"client":{"ip":"192.0.2.1","user_agent":"curl"}` + tail},
		{"service", `{` + head + `,"actor":"service:conv"}`, at + `"org":"acme","action":"x.y","actor":{"type":"service","id":"service:conv"}` + tail},
		{"role of AWS", `{` + head + `,"actor":"arn:aws:iam::1:role/x"}`, at + `"org":"acme","action":"x.y","actor":{"type":"user","id":"arn:aws:iam::1:role/x"}` + tail},
		{"zone", `{` + head + `,"actor":"ana","tz_offset_min":345}`, at + `"org":"acme","action":"x.y","actor":{"type":"user","id":"ana","zone":"+05:45"}` + tail},
		{"zone in the west", `{` + head + `,"tz_offset_min":-210}`, at + `"org":"acme","action":"x.y","actor":{"type":"anonymous","zone":"-03:30"}` + tail},
		{"zone of UTC", `{` + head + `,"tz_offset_min":0}`, at + `"org":"acme","action":"x.y","actor":{"type":"anonymous","zone":"+00:00"}` + tail},
		{"no zone", `{` + head + `,"tz_offset_min":841}`, at + `"org":"acme","action":"x.y",` + anonymous + `,"metadata":{"tz_offset_min":841}` + tail},
		{"half a minute", `{` + head + `,"tz_offset_min":60.5}`, at + `"org":"acme","action":"x.y",` + anonymous + `,"metadata":{"tz_offset_min":60.5}` + tail},
		{"no address", `{` + head + `,"ip":"AWS Internal"}`, at + `"org":"acme","action":"x.y",` + anonymous + `,"metadata":{"ip":"AWS Internal"}` + tail},
		{"address with port", `{` + head + `,"ip":"192.0.2.1:99"}`,
			at + `"org":"acme","action":"x.y",` + anonymous + `,"client":{"ip":"192.0.2.1"},"metadata":{"ip":"192.0.2.1:99"}` + tail},
		{"known action", `{"time":"2026-01-02T03:04:05Z","action":"auth.login","category":"authentication"}`,
			at + `"org":"acme","action":"auth.login",` + anonymous + tail},
		{"unknown action", `{` + head + `,"category":"cloud"}`, at + `"org":"acme","category":"cloud","action":"x.y",` + anonymous + tail},
		{"target", `{` + head + `,"target":"/a.html","project":"p"}`,
			at + `"org":"acme","project":"p","action":"x.y",` + anonymous + `,"targets":[{"id":"/a.html"}]` + tail},
		{"code", `{` + head + `,"outcome":"failure","error":"AccessDenied"}`,
			at + `"org":"acme","action":"x.y","outcome":"failure","error_code":"AccessDenied",` + anonymous + tail},
		{"sentence", `{` + head + `,"outcome":"failure","error":"disk is full"}`,
			at + `"org":"acme","action":"x.y","outcome":"failure","reason":"disk is full",` + anonymous + tail},
		{"status", `{` + head + `,"outcome":"failure","status":404,"method":"GET"}`,
			at + `"org":"acme","action":"x.y","outcome":"failure","error_code":"404",` + anonymous + `,"request":{"method":"GET"},"metadata":{"status":404}` + tail},
		{"other method", `{` + head + `,"status":200,"method":"password"}`,
			at + `"org":"acme","action":"x.y",` + anonymous + `,"metadata":{"method":"password","status":200}` + tail},
		{"usage", `{` + head + `,"model":"m","tokens_in":3,"tokens_out":4,"cost":"0.000125","currency":"USD","provider":"p"}`,
			at + `"org":"acme","action":"x.y",` + anonymous + `,"ai":{"provider":"p","model":"m","input_tokens":3,"output_tokens":4,"cost_micros":125,"currency":"USD"}` + tail},
		{"tiny cost", `{` + head + `,"cost":1.75e-6}`,
			at + `"org":"acme","action":"x.y",` + anonymous + `,"ai":{"cost_micros":2},"metadata":{"cost":1.75e-6}` + tail},
		{"odd tokens", `{` + head + `,"tokens_in":-1,"tokens":5}`,
			at + `"org":"acme","action":"x.y",` + anonymous + `,"metadata":{"tokens":5,"tokens_in":-1}` + tail},
		{"answers", `{` + head + `,"label":1,"incident":"x","technique":"T1","rule":"r","case":"c","anomaly":1,"severity":"High","threshold":5,"tags":["a"],"k":"v"}`,
			at + `"org":"acme","action":"x.y",` + anonymous + `,"metadata":{"k":"v"}` + tail},
		{"no rule", `{` + head + `,"severity":"High","threshold":5,"tags":["a"]}`,
			at + `"org":"acme","action":"x.y","severity":"high",` + anonymous + `,"metadata":{"tags":["a"],"threshold":5}` + tail},
		{"unfinished", `{` + head + `,"outcome":"pending"}`, at + `"org":"acme","action":"x.y","outcome":"unknown",` + anonymous + tail},
		{"structures", `{` + head + `,"target":{"id":1},"n":{"a":[1.50]},"nothing":null,"org":"other"}`,
			at + `"org":"acme","action":"x.y",` + anonymous + `,"metadata":{"n":{"a":[1.50]},"nothing":null,"org":"other","target":{"id":1}}` + tail},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := converter{org: "acme", catalog: activitylog.DefaultCatalog()}
			e, err := c.event([]byte(tt.in), map[uint64]uint32{})
			require.NoError(t, err)
			got := string(e.AppendJSON(nil))
			id := `{"schema":1,"id":"` + e.ID.String() + `",`
			if want := id + tt.want; got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			if e.ID.Version() != 8 || e.ID[0] != 0x01 || e.Time.UnixMilli()>>40 != int64(e.ID[0]) {
				t.Errorf("id %s", e.ID)
			}
		})
	}
}

func TestCountedRowsAreRefused(t *testing.T) {
	t.Parallel()
	c := converter{org: "acme", catalog: activitylog.DefaultCatalog()}
	for _, line := range []string{`{"time":"2026-01-01T00:00:00Z","action":"a.b","count":3}`, `{"series":"x","value":0}`} {
		if _, err := c.event([]byte(line), map[uint64]uint32{}); err != errCounted {
			t.Errorf("%s: %v", line, err)
		}
	}
}

func TestParseTime(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"2026-01-02T03:04:05Z": "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.123456789+02:00": "2026-01-02T01:04:05.123456789Z",
		"2026-01-02 03:04:05.5": "2026-01-02T03:04:05.5Z", "2026-01-02": "2026-01-02T00:00:00Z", "2026-01-02T03:04:05": "2026-01-02T03:04:05Z",
		"1234567890": "2009-02-13T23:31:30Z", "1234567890123": "2009-02-13T23:31:30.123Z", "1698604061.25": "2023-10-29T18:27:41.25Z",
		"1621305118553.0": "2021-05-18T02:31:58.553Z",
	} {
		got, err := parseTime(in)
		if err != nil || got.Format(time.RFC3339Nano) != want {
			t.Errorf("%s is %s, %v, want %s", in, got.Format(time.RFC3339Nano), err, want)
		}
	}
	for _, in := range []string{"", "soon", "-5", "2026-13-01", "1e99", "12345678901234567890"} {
		if got, err := parseTime(in); err == nil {
			t.Errorf("%q is %s", in, got)
		}
	}
}

func FuzzMicros(f *testing.F) {
	for _, s := range []string{"0", "-0.0", "1.5", "0.0000005", "1e-6", "9223372036854.775807", "9223372036854.7758075", "1E+3", ".5", "5.", "e", "1e", "0x1", "1_0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		micros, exact, err := parseMicros(s)
		plain := strings.Trim(s, "0123456789.eE+-") == ""
		if err != nil || !plain {
			if err == nil {
				t.Errorf("%q is %d", s, micros)
			}
			return
		}
		want, ok := new(big.Rat).SetString(s)
		require.True(t, ok, s)
		off := want.Mul(want, big.NewRat(1_000_000, 1)).Sub(want, new(big.Rat).SetInt64(micros))
		if exact != (off.Sign() == 0) || off.Abs(off).Cmp(big.NewRat(1, 2)) > 0 {
			t.Errorf("%q is %d, exact %v, off by %v", s, micros, exact, off)
		}
	})
}

// FuzzConvert holds that no line does harm: what becomes an event has a JSON form, and no answer is in it.
func FuzzConvert(f *testing.F) {
	f.Add(ana)
	f.Add(`{"time":"1","action":"a","label":"attack","rule":"r","severity":"High","cost":"1.5"}`)
	f.Add(`{"schema":1,"id":"0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b","time":"2026-01-01T00:00:00Z","org":"acme"}`)
	f.Fuzz(func(t *testing.T, line string) {
		c := converter{org: "acme", catalog: activitylog.DefaultCatalog()}
		e, err := c.event([]byte(line), map[uint64]uint32{})
		if err != nil {
			return
		}
		again, err := c.event([]byte(line), map[uint64]uint32{})
		require.NoError(t, err)
		if !json.Valid(e.AppendJSON(nil)) || !e.SameContent(&again) {
			t.Errorf("%q becomes %s", line, e.AppendJSON(nil))
		}
		for name := range e.Metadata {
			if !strings.Contains(line, `"schema"`) && slices.Contains(answers, name) {
				t.Errorf("%q keeps %s", line, name)
			}
		}
	})
}

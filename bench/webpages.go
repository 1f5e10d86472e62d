package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/activitylog/activitylog/bench/internal/sample"
	"github.com/activitylog/activitylog/internal/pgtest"
	"github.com/activitylog/activitylog/store/postgres"
	"github.com/activitylog/activitylog/web"
)

// webPages compares the pages of admins over the large log with those over the small one, at any depth, and their export
// of all rows with a short one. The 95th percentile counts.
func webPages(ctx context.Context, r *report) error {
	dir, err := os.MkdirTemp("", "activitylog-pages-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var onSQLite, onPostgres []http.Handler
	for _, n := range sizes {
		h, done, err := sqlitePages(ctx, dir, n)
		if err != nil {
			return err
		}
		defer done()
		onSQLite = append(onSQLite, h)
	}
	if err := pagesOn(r, "SQLite", onSQLite[0], onSQLite[1]); err != nil {
		return err
	}
	for _, n := range sizes {
		h, done, err := postgresPages(ctx, n)
		if err != nil {
			return err
		}
		defer done()
		onPostgres = append(onPostgres, h)
	}
	return pagesOn(r, "PostgreSQL", onPostgres[0], onPostgres[1])
}

// sampleEnd is a day after the last event of the large logs.
var sampleEnd = sample.Start.AddDate(0, 0, 4)

// newPages are the pages of a log as a platform admin sees them at a moment.
func newPages(log *activitylog.Log, at time.Time) (http.Handler, error) {
	return web.New(log, func(*http.Request) ([]access.Grant, error) {
		return []access.Grant{access.Platform(activitylog.Actor{ID: "bench"}, access.AllRights)}, nil
	}, &web.Options{Now: func() time.Time { return at }, OnError: func(err error) { fmt.Fprintln(os.Stderr, err) }})
}

// sqlitePages serves a copy of a large log, since views are recorded in it.
func sqlitePages(ctx context.Context, dir string, n int) (http.Handler, func() error, error) {
	from, err := sqliteBig(n)
	if err != nil {
		return nil, nil, err
	}
	path := filepath.Join(dir, filepath.Base(from))
	if err := copyFile(path, from); errors.Is(err, os.ErrNotExist) {
		return nil, nil, fmt.Errorf("the large logs are missing; run: make biglog")
	} else if err != nil {
		return nil, nil, err
	}
	store, log, err := openSQLite(ctx, path)
	if err != nil {
		return nil, nil, err
	}
	h, err := newPages(log, sampleEnd)
	return h, store.Close, err
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

func postgresPages(ctx context.Context, n int) (http.Handler, func() error, error) {
	dir, err := postgresBig(n)
	if err != nil {
		return nil, nil, err
	}
	if _, err := os.Stat(dir); err != nil {
		return nil, nil, fmt.Errorf("the large logs are missing; run: make biglog")
	}
	server, err := pgtest.Run(ctx, pgtest.Config{From: dir, Settings: pgSettings})
	if err != nil {
		return nil, nil, err
	}
	store, err := postgres.Open(ctx, server.DSN(), nil)
	if err != nil {
		return nil, nil, errors.Join(err, server.Stop())
	}
	done := func() error { return errors.Join(store.Close(), server.Stop()) }
	log, err := activitylog.New(store, nil)
	if err != nil {
		return nil, nil, errors.Join(err, done())
	}
	h, err := newPages(log, sampleEnd)
	return h, done, err
}

func pagesOn(r *report, database string, small, big http.Handler) error {
	all, one := "/platform/", "/orgs/"+sample.Big+"/"
	for _, p := range []struct {
		what, page string
		big, small int // depths in rows
	}{
		{"first page of all organizations", all, 0, 0}, {"page 100", all, 5_000, 5_000}, {"page 1,000", all, 50_000, 50_000}, {"page 10,000 against page 1,000", all, 500_000, 50_000},
		{"first page of one organization", one, 0, 0}, {"page 200", one, 10_000, 10_000}, {"page 2,000 against page 200", one, 100_000, 10_000},
	} {
		far, err := pageAt(big, p.page, p.big)
		if err != nil {
			return err
		}
		near, err := pageAt(small, p.page, p.small)
		if err != nil {
			return err
		}
		err = r.percentiles(fmt.Sprintf("%s list p95, %s: 1M against 100k", database, p.what), 100, 1.5, listTime(big, far), listTime(small, near))
		if err != nil {
			return err
		}
	}
	for _, p := range []string{all, one} {
		err := r.percentiles(fmt.Sprintf("%s %s?range=all at 1M: rows of the whole page are sent, against the list alone, p95 of 20", database, p), 20, 0,
			firstBytes(big, p+"?range=all"), listTime(big, p+"?range=all"))
		if err != nil {
			return err
		}
		d, err := slowest(10, func() error { _, err := ask(big, p+"?range=all", "figures"); return err })
		if err != nil {
			return err
		}
		fmt.Printf("| %s %s?range=all at 1M: histogram and facets, slowest of 10 | %s | | | ≤ 2.5 s | %s |\n", database, p, micros(float64(d.Microseconds())), mark(d <= 2500*time.Millisecond))
	}
	return exportOverHTTP(database, big)
}

// ask is one request, answered in memory.
func ask(h http.Handler, target, region string) (*httptest.ResponseRecorder, error) {
	q, w := httptest.NewRequest(http.MethodGet, target, nil), httptest.NewRecorder()
	q.Header.Set("Activity-Region", region)
	h.ServeHTTP(w, q)
	if w.Code != http.StatusOK {
		return w, fmt.Errorf("%s: %d %s", target, w.Code, w.Body)
	}
	return w, nil
}

// pageAt is the address of a page behind so many rows.
func pageAt(h http.Handler, page string, depth int) (string, error) {
	const most = 200
	cursor := ""
	for range depth / most {
		w, err := ask(h, fmt.Sprintf("%sapi/v1/events?range=all&limit=%d&cursor=%s", page, most, url.QueryEscape(cursor)), "")
		if err != nil {
			return "", err
		}
		var p struct{ Next string }
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
			return "", err
		}
		cursor = p.Next
	}
	target := page + "?range=all"
	if cursor != "" {
		target += "&cursor=" + url.QueryEscape(cursor)
	}
	w, err := ask(h, target, "list")
	if rows := bytes.Count(w.Body.Bytes(), []byte(`class="rowlink"`)); err == nil && (rows != 50 || bytes.Contains(w.Body.Bytes(), []byte("of other filters"))) {
		err = fmt.Errorf("%s has %d rows", target, rows)
	}
	return target, err
}

// side is one request of a comparison and what of it counts.
type side func() (time.Duration, error)

// percentiles runs two sides request by request in turn, so that what else the machine does meets both, and prints how
// many times longer the 95th percentile of the first is, with that of the medians beside it.
func (r *report) percentiles(what string, requests int, target float64, far, near side) error {
	var a, b, ratios, middles []float64
	for range r.rounds {
		var x, y []float64
		for range requests {
			for _, s := range []struct {
				run  side
				into *[]float64
			}{{far, &x}, {near, &y}} {
				d, err := s.run()
				if err != nil {
					return err
				}
				*s.into = append(*s.into, float64(d.Nanoseconds())/1e3)
			}
		}
		slices.Sort(x)
		slices.Sort(y)
		p := requests * 95 / 100
		a, b, ratios, middles = append(a, x[p]), append(b, y[p]), append(ratios, x[p]/y[p]), append(middles, x[requests/2]/y[requests/2])
	}
	ratio, goal, met := median(ratios), "", ""
	if target > 0 {
		goal, met = fmt.Sprintf("≤ %gx", target), mark(ratio <= target)
	}
	fmt.Printf("| %s (medians %.2fx) | %s | %s | **%.2fx** (%.2f–%.2f) | %s | %s |\n", what, median(middles), micros(median(a)), micros(median(b)), ratio,
		slices.Min(ratios), slices.Max(ratios), goal, met)
	return nil
}

// listTime measures the rows of a page with all its controls.
func listTime(h http.Handler, target string) side {
	return func() (time.Duration, error) {
		return since(func() error { _, err := ask(h, target, "list"); return err })
	}
}

// flushing notes when something was first sent.
type flushing struct {
	*httptest.ResponseRecorder
	first time.Time
}

func (f *flushing) Flush() {
	if f.first.IsZero() {
		f.first = time.Now()
	}
}

// firstBytes measures until the rows of a whole page are sent, while its figures are read.
func firstBytes(h http.Handler, target string) side {
	return func() (time.Duration, error) {
		w, begun := &flushing{ResponseRecorder: httptest.NewRecorder()}, time.Now()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, target, nil))
		if w.Code != http.StatusOK || w.first.IsZero() {
			return 0, fmt.Errorf("%s: %d", target, w.Code)
		}
		return w.first.Sub(begun), nil
	}
}

func slowest(n int, run func() error) (most time.Duration, err error) {
	for range n {
		d, err := since(run)
		if err != nil {
			return 0, err
		}
		most = max(most, d)
	}
	return most, nil
}

// exportOverHTTP exports all rows from a server that gives an answer one second, and looks at the heap on the way.
func exportOverHTTP(database string, h http.Handler) error {
	server := httptest.NewUnstartedServer(h)
	server.Config.WriteTimeout = time.Second
	server.Start()
	defer server.Close()
	for _, format := range []string{"csv", "ndjson"} {
		begun := time.Now()
		heaps, rows, err := heapAlong(server, "/platform/export?range=all&category=-audit&format="+format, sizes[1]/40)
		if err != nil {
			return err
		}
		if rows < sizes[1] {
			return fmt.Errorf("%d rows of %d", rows, sizes[1])
		}
		quarter := len(heaps) / 4
		early, late := median(heaps[:quarter]), median(heaps[len(heaps)-quarter:])
		fmt.Printf("| %s export of %d rows over HTTP as %s in %s under a WriteTimeout of 1 s: live heap in its last quarter against its first (most: %.1f MB) | %.1f MB | %.1f MB | **%.2fx** | ≤ 1.2x | %s |\n",
			database, rows, format, time.Since(begun).Round(time.Second), slices.Max(heaps)/1e6, late/1e6, early/1e6, late/early, mark(late/early <= 1.2))
	}
	return nil
}

// heapAlong reads an answer to its end and looks at the live heap after every so many rows.
func heapAlong(server *httptest.Server, target string, step int) (heaps []float64, rows int, err error) {
	a, err := server.Client().Get(server.URL + target)
	if err != nil {
		return nil, 0, err
	}
	defer a.Body.Close()
	buffer := make([]byte, 1<<20)
	for next := step; ; {
		n, err := a.Body.Read(buffer)
		if rows += bytes.Count(buffer[:n], []byte("\n")); rows >= next {
			heaps, next = append(heaps, float64(heap())), next+step
		}
		if errors.Is(err, io.EOF) {
			return heaps, rows, nil
		}
		if err != nil {
			return heaps, rows, err
		}
	}
}

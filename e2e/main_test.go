package e2e_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/activitylog/activitylog/alerts/monitor"
	"github.com/activitylog/activitylog/integrity"
	"github.com/activitylog/activitylog/internal/demo"
	"github.com/activitylog/activitylog/internal/needs"
	"github.com/activitylog/activitylog/review"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/activitylog/activitylog/web"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browser is one for all tests, started by the first that needs it.
var browser = sync.OnceValues(func() (context.Context, error) {
	path, err := chromium()
	if err != nil {
		return nil, err
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.WindowSize(1440, 1000))
	if os.Getuid() == 0 {
		opts = append(opts, chromedp.NoSandbox)
	}
	ctx, stop := chromedp.NewExecAllocator(context.Background(), opts...)
	ctx, close := chromedp.NewContext(ctx)
	atExit = func() { close(); stop() }
	return ctx, chromedp.Do(ctx, chromedp.Navigate("about:blank"))
})

var atExit = func() {}

func TestMain(m *testing.M) {
	code := m.Run()
	atExit()
	os.Exit(code)
}

func chromium() (string, error) {
	if path := os.Getenv("ACTIVITYLOG_CHROMIUM"); path != "" {
		return path, nil
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("no browser is installed: run make deps, or set ACTIVITYLOG_CHROMIUM")
}

// axe is the source of axe-core.
var axe = sync.OnceValues(func() (string, error) {
	path := os.Getenv("ACTIVITYLOG_AXE")
	if path == "" {
		path = filepath.Join("node_modules", "axe-core", "axe.min.js")
	}
	b, err := os.ReadFile(path)
	return string(b), err
})

// now is the moment of all tests.
var now = time.Date(2026, 6, 16, 14, 32, 0, 0, time.UTC)

var amara = activitylog.Actor{Type: activitylog.User, ID: "amara", Name: "Amara Okafor"}

// demoSealer seals the demo.
var demoSealer *integrity.Sealer

// demoLog is the log of the demo, made once.
var demoLog = sync.OnceValues(func() (*activitylog.Log, error) {
	keys, err := demoKeys()
	if err != nil {
		return nil, err
	}
	store, clock := memory.New(), func() time.Time { return now }
	w := integrity.NewWriter(keys.WriterKeys)
	l, err := activitylog.New(store, &activitylog.Options{Now: clock, Stamp: w.Stamp, Number: w.Number})
	if err != nil {
		return nil, err
	}
	if demoSealer, err = integrity.NewSealer(l, store, keys, &integrity.SealerOptions{Now: clock}); err != nil {
		return nil, err
	}
	for chunk := range slices.Chunk(slices.Collect(demo.Events(demo.Options{Seed: 1, End: now, Size: size()})), 500) {
		if _, err := l.RecordAll(context.Background(), chunk); err != nil {
			return nil, err
		}
	}
	if _, err := demoSealer.Seal(context.Background()); err != nil {
		return nil, err
	}
	report, err := integrity.Verify(context.Background(), store, &integrity.VerifyOptions{Verifiers: keys.Verifiers, Keys: &keys.WriterKeys})
	if err == nil {
		verifier := activitylog.Actor{Type: activitylog.System, ID: "verifier", Name: "Nightly check"}
		err = integrity.RecordVerification(activitylog.WithActor(context.Background(), verifier), l, report)
	}
	return l, err
})

func demoKeys() (*integrity.Keys, error) {
	dir, err := os.MkdirTemp("", "keys")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	keys, err := integrity.CreateKeyFile(filepath.Join(dir, "log.key"))
	if err != nil {
		return nil, err
	}
	return &keys.Keys, nil
}

// orgName and projectName are what the host calls them.
func orgName(id string) string {
	for _, o := range demo.Orgs() {
		if o.ID == id {
			return o.Name
		}
	}
	return id
}

func projectName(_, id string) string {
	words := strings.Split(id, "-")
	for i, w := range words {
		if w != "" {
			words[i] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(words, " ")
}

// size is a tenth of the demo, or all of it for pictures.
func size() float64 {
	if os.Getenv("ACTIVITYLOG_SHOTS") != "" {
		return 1
	}
	return 0.1
}

// demoMonitor has looked at the last weeks of the demo, day by day.
var demoMonitor = sync.OnceValues(func() (*monitor.Monitor, error) {
	l, err := demoLog()
	if err != nil {
		return nil, err
	}
	at := now.AddDate(0, 0, -20)
	m, err := monitor.New(l, &monitor.Options{Now: func() time.Time { return at }})
	for ; err == nil && !at.After(now); at = at.AddDate(0, 0, 1) {
		err = m.Poll(context.Background())
	}
	at = now
	if err == nil {
		_, err = demoSealer.Seal(context.Background())
	}
	return m, err
})

// site is the pages over a log, mounted under a prefix.
type site struct {
	url string

	mu     sync.Mutex
	grants []access.Grant
	open   [2]int        // streams, and what they follow
	moved  chan struct{} // closed when those numbers change
}

// stream counts a stream that begins, or one that ends.
func (s *site) stream(by, follows int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open[0] += by
	s.open[1] += by * follows
	close(s.moved)
	s.moved = make(chan struct{})
}

// may changes what the one who looks at the pages may read.
func (s *site) may(grants ...access.Grant) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.grants = grants
}

// authorize is the Authorizer of the pages.
func (s *site) authorize(*http.Request) ([]access.Grant, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.grants, nil
}

func serve(t *testing.T, l *activitylog.Log, m *monitor.Monitor, grants ...access.Grant) *site {
	t.Helper()
	return serveWith(t, l, web.Options{Monitor: m}, grants...)
}

func serveWith(t *testing.T, l *activitylog.Log, o web.Options, grants ...access.Grant) *site {
	t.Helper()
	s := &site{grants: grants, moved: make(chan struct{})}
	var err error
	o.Now, o.OnError = func() time.Time { return now }, func(err error) { t.Error(err) }
	if o.Book, err = review.NewBook(l, o.Now); err != nil {
		t.Fatal(err)
	}
	pages, err := web.New(l, s.authorize, &o)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/admin/activity/", http.StripPrefix("/admin/activity", pages))
	mux.HandleFunc("/admin/activity/api/v1/streams", func(w http.ResponseWriter, r *http.Request) {
		follows := len(r.URL.Query()["follow"])
		s.stream(1, follows)
		defer s.stream(-1, follows)
		http.StripPrefix("/admin/activity", pages).ServeHTTP(w, r)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	s.url = server.URL + "/admin/activity/"
	return s
}

// demoSite is the demo's log as an owner sees it.
func demoSite(t *testing.T) *site {
	t.Helper()
	return demoSiteWith(t, web.Options{})
}

func demoSiteWith(t *testing.T, o web.Options) *site {
	t.Helper()
	l, err := demoLog()
	if err != nil {
		t.Fatal(err)
	}
	m, err := demoMonitor()
	if err != nil {
		t.Fatal(err)
	}
	o.Monitor, o.Evidence, o.OrgName, o.ProjectName = m, demoSealer, orgName, projectName
	return serveWith(t, l, o, access.Org(amara, demo.Orgs()[0].ID, access.AllRights))
}

// follow does what leads to another page and waits until that is there.
func (tb *tab) follow(what string) {
	tb.t.Helper()
	run(tb, chromedp.WaitEvent(page.LoadEventFired, nil, chromedp.Click(chromedp.CSS(what))))
}

// tab is a tab that notes everything that goes wrong in it.
type tab struct {
	t    *testing.T
	ctx  context.Context
	site *site

	mu       sync.Mutex
	problems []string
	requests []string
}

func open(t *testing.T, s *site) *tab {
	t.Helper()
	root, err := browser()
	needs.Missing(t, err)
	return openIn(t, root, s, chromedp.WithNewBrowserContext()) // with cookies of its own
}

// beside opens another tab of the same browser, which believes to be seen too.
func (tb *tab) beside() *tab {
	tb.t.Helper()
	other := openIn(tb.t, tb.ctx, tb.site)
	run(other, func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Call(ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
		return chromedp.Void{}, err
	})
	return other
}

func openIn(t *testing.T, root context.Context, s *site, opts ...chromedp.ContextOption) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(root, opts...)
	t.Cleanup(cancel)
	tb := &tab{t: t, ctx: ctx, site: s}
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Listen(ctx, tb.note); err != nil {
		t.Fatal(err)
	}
	run(tb, func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		if _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); err != nil {
			return chromedp.Void{}, err
		}
		if _, err := chromedp.Call(ctx, log.Enable, cdp.Empty{}); err != nil {
			return chromedp.Void{}, err
		}
		_, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: `
			addEventListener('securitypolicyviolation', e => console.error('policy: ' + e.violatedDirective + ' ' + e.blockedURI));
			window.shift = 0;
			new PerformanceObserver(l => { for (const e of l.getEntries()) if (!e.hadRecentInput) window.shift += e.value; }).observe({type: 'layout-shift', buffered: true});`})
		return chromedp.Void{}, err
	})
	t.Cleanup(tb.check)
	return tb
}

// note is called for everything that happens in the tab.
func (tb *tab) note(ev any) {
	tb.mu.Lock()
	defer tb.mu.Unlock()
	switch ev := ev.(type) {
	case *runtime.EventExceptionThrown:
		tb.problems = append(tb.problems, fmt.Sprintf("exception: %s %+v", ev.ExceptionDetails.Text, ev.ExceptionDetails.Exception))
	case *runtime.EventConsoleAPICalled:
		if ev.Type == "error" || ev.Type == "warning" {
			tb.problems = append(tb.problems, fmt.Sprintf("console: %s", ev.Args[0].Value))
		}
	case *log.EventEntryAdded:
		if ev.Entry.Level == "error" || ev.Entry.Level == "warning" {
			tb.problems = append(tb.problems, "log: "+ev.Entry.Text+" "+ev.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		tb.requests = append(tb.requests, ev.Request.URL)
	}
}

// check fails the test for what went wrong in the tab, and for requests that left the site.
func (tb *tab) check() {
	tb.mu.Lock()
	defer tb.mu.Unlock()
	for _, p := range tb.problems {
		tb.t.Error(p)
	}
	for _, r := range tb.requests {
		if !strings.HasPrefix(r, tb.site.url) && !strings.HasPrefix(r, "about:") && !strings.HasPrefix(r, "data:") { // the browser's own pictures of inputs
			tb.t.Errorf("a request left the pages: %s", r)
		}
	}
}

// forgive drops what was noted so far: a test that wants a failure has looked at it.
func (tb *tab) forgive() {
	tb.mu.Lock()
	defer tb.mu.Unlock()
	tb.problems = nil
}

func run[T any](tb *tab, a chromedp.Action[T]) T {
	tb.t.Helper()
	ctx, cancel := context.WithTimeout(tb.ctx, 20*time.Second)
	defer cancel()
	v, err := chromedp.Run(ctx, a)
	if err != nil {
		tb.shot("failed")
		tb.t.Fatal(err)
	}
	return v
}

// open goes to an address of the pages and waits until all of it is there.
func (tb *tab) open(path string) *tab {
	tb.t.Helper()
	run(tb, chromedp.Navigate(tb.site.url+path))
	return tb
}

// eval is the value of an expression.
func eval[T any](tb *tab, expression string) T {
	tb.t.Helper()
	return run(tb, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// until waits for an expression to hold.
func (tb *tab) until(expression string) {
	tb.t.Helper()
	ctx, cancel := context.WithTimeout(tb.ctx, 8*time.Second)
	defer cancel()
	if _, err := chromedp.Run(ctx, chromedp.Poll[bool]("Boolean("+expression+")")); err != nil {
		tb.shot("failed")
		tb.t.Fatalf("never: %s (%v)", expression, err)
	}
}

var keyCodes = map[string]int64{"Tab": 9, "Enter": 13, "Escape": 27, "ArrowDown": 40, "ArrowUp": 38, "ArrowRight": 39, "ArrowLeft": 37, " ": 32}

// key presses and releases a key, once, as a keyboard does.
func (tb *tab) key(keys ...string) {
	tb.t.Helper()
	for _, k := range keys {
		run(tb, func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
			p := input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyDown, Key: k, Code: k, WindowsVirtualKeyCode: keyCodes[k]}
			switch {
			case len(k) == 1:
				p.Text = k
			case k == "Enter":
				p.Text = "\r"
			}
			if _, err := chromedp.Call(ctx, input.DispatchKeyEvent, p); err != nil {
				return chromedp.Void{}, err
			}
			p.Type, p.Text = input.DispatchKeyEventTypeKeyUp, ""
			_, err := chromedp.Call(ctx, input.DispatchKeyEvent, p)
			return chromedp.Void{}, err
		})
	}
}

// look sets size and theme.
func (tb *tab) look(width, height int64, theme string, more ...*emulation.MediaFeature) {
	tb.t.Helper()
	run(tb, chromedp.EmulateViewport(width, height))
	run(tb, func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: append(more, &emulation.MediaFeature{Name: "prefers-color-scheme", Value: theme},
				&emulation.MediaFeature{Name: "prefers-reduced-motion", Value: "reduce"}), // or half faded text is looked at
		})
		return chromedp.Void{}, err
	})
}

// shot keeps a picture where ACTIVITYLOG_SHOTS names a folder.
func (tb *tab) shot(name string) {
	dir := os.Getenv("ACTIVITYLOG_SHOTS")
	if dir == "" {
		return
	}
	ctx, cancel := context.WithTimeout(tb.ctx, 20*time.Second)
	defer cancel()
	b, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, strings.ReplaceAll(tb.t.Name(), "/", "-")+"-"+name+".png"), b, 0o644)
	}
	if err != nil {
		tb.t.Log(err)
	}
}

// path is the address of the tab, seen from the mount.
func (tb *tab) path() string {
	tb.t.Helper()
	return strings.TrimPrefix(eval[string](tb, "location.href"), tb.site.url)
}

func escape(s string) string { return url.QueryEscape(s) }

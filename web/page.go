package web

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"time"
)

// base is what every page has.
type base struct {
	Title, Brand, Lang, Dir     string
	Theme, Density              string
	Root, Here                  string // addresses of the mount and of the scope's pages
	CSS, JS, Icon               string
	Home, HomeName              string
	Crumbs                      []crumb
	Tabs                        []tab
	Zone                        string // in which times are written
	UTC, KnownZone              bool
	LocalLink, UTCLink, TZCheck string
	Now                         time.Time
	Nonce                       string
	Words                       string // the texts of the script, where they are not English
	Looks                       []look
	Back                        string // the address of this page, seen from the mount
}

type crumb struct{ Text, URL string }

type tab struct {
	Text, URL string
	Current   bool
}

func (v *visit) base(title string) base {
	h, zone := v.h, v.zone()
	b := base{
		Title: title, Brand: h.opts.Title, Lang: h.opts.Lang, Dir: "ltr", Root: h.root(v.route.up), Home: h.opts.Home, HomeName: h.opts.HomeName,
		Theme: v.choice(themeCookie, "light", "dark"), Density: v.density(), Looks: v.looks(), Back: v.back(), Nonce: v.nonce(), Words: h.words,
		Zone: zoneName(zone, h.opts.Now()), UTC: v.params.utc, Now: h.opts.Now(),
	}
	if h.opts.RightToLeft {
		b.Dir = "rtl"
	}
	b.Here = b.Root + v.route.scope.path()
	b.CSS, b.JS, b.Icon = b.Root+h.assets.url("app.css"), b.Root+h.assets.url("app.js"), b.Root+h.assets.url("icon.svg")
	_, err := v.r.Cookie(zoneCookie)
	b.KnownZone = err == nil
	b.LocalLink = v.keeping(func(p *params) { p.utc = false })
	b.UTCLink = v.keeping(func(p *params) { p.utc = true })
	return b
}

// keeping is the address of this page with a change that keeps what is open.
func (v *visit) keeping(change func(*params)) string {
	p := v.params.with(func(p *params) {
		p.cursor, p.event, p.pinned = v.params.cursor, v.params.event, v.params.pinned
		change(p)
	})
	return p.link()
}

func zoneName(l *time.Location, now time.Time) string {
	if l == time.UTC {
		return "UTC"
	}
	return l.String() + now.In(l).Format(" (UTC-07:00)")
}

func (h *Handler) parseTemplates() (*template.Template, error) {
	funcs := template.FuncMap{
		"t": h.t, "v": h.shown, "num": grouped, "icon": icon,
		"tf": func(text string, args ...any) string { return fmt.Sprintf(h.t(text), args...) },
		"iso": func(t time.Time) string {
			return t.UTC().Format("2006-01-02T15:04:05.000Z")
		},
	}
	t, err := template.New("").Funcs(funcs).ParseFS(templateFiles, "templates/*.tmpl")
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	return t, nil
}

// icon is one of the symbols that stand at the beginning of each page. Only templates name them.
func icon(name string) template.HTML {
	return template.HTML(`<svg aria-hidden="true"><use href="#i-` + template.HTMLEscapeString(name) + `"/></svg>`)
}

// writer sends parts of a page, packed if the browser takes that.
type writer struct {
	v *visit
	z *gzip.Writer
	w io.Writer
}

// begin sends the head of an answer.
func (v *visit) begin(status int) *writer {
	head := v.w.Header()
	head.Set("Content-Type", "text/html; charset=utf-8")
	head.Add("Vary", "Activity-Region, Accept-Encoding, Cookie")
	out := &writer{v: v, w: v.w}
	packed := takesGzip(v.r) && head.Get("Content-Encoding") == ""
	if packed {
		head.Set("Content-Encoding", "gzip")
	}
	v.w.WriteHeader(status)
	switch {
	case v.r.Method == http.MethodHead:
		out.w = io.Discard
	case packed:
		out.z = v.h.packers.Get().(*gzip.Writer)
		out.z.Reset(v.w)
		out.w = out.z
	}
	return out
}

// part sends one template. What a template cannot do is found by tests, and whoever went away needs no answer.
func (out *writer) part(name string, data any) {
	var b bytes.Buffer
	if err := out.v.h.templates.ExecuteTemplate(&b, name, data); err != nil {
		out.v.report(fmt.Errorf("web: page %s: %w", name, err))
		return
	}
	_, _ = out.w.Write(b.Bytes())
}

// flush lets the browser show what it has so far.
func (out *writer) flush() {
	if out.z != nil {
		_ = out.z.Flush()
	}
	_ = http.NewResponseController(out.v.w).Flush() // where that cannot be, the page comes in one piece
}

// end sends what is left. What is sent after it goes nowhere: the packer may be at work on another answer by then.
func (out *writer) end() {
	if out.z != nil {
		_ = out.z.Close()
		out.z.Reset(nil) // keeps nothing of this answer
		out.v.h.packers.Put(out.z)
	}
	out.w, out.z = io.Discard, nil
}

func (v *visit) report(err error) { v.h.report(err) }

// report tells the host what failed.
func (h *Handler) report(err error) {
	if h.opts.OnError != nil {
		h.opts.OnError(err)
	}
}

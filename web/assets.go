package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

//go:embed static
var staticFiles embed.FS

//go:embed templates
var templateFiles embed.FS

// assets are the files of the pages by name.
type assets map[string]asset

type asset struct {
	hash, kind string
	body, gzip []byte
}

var assetKinds = map[string]string{
	"app.css": "text/css; charset=utf-8", "app.js": "text/javascript; charset=utf-8", "icon.svg": "image/svg+xml",
}

// assetParts go behind the files that have their names.
var assetParts = map[string][]string{"app.css": {"live.css"}, "app.js": {"live.js"}}

// loadAssets reads the files once and names them by their content, since embedded files have no time to ask for changes by.
func loadAssets(accent string) (assets, error) {
	list := assets{}
	for name, kind := range assetKinds {
		body, err := source(name)
		if err != nil {
			return nil, err
		}
		if light, dark, ok := strings.Cut(accent, " "); ok && name == "app.css" {
			body = fmt.Appendf(body, ":root{--accent:light-dark(%s,%s)}\n", light, dark)
		}
		var small bytes.Buffer
		z, err := gzip.NewWriterLevel(&small, gzip.BestCompression)
		if err != nil {
			return nil, fmt.Errorf("web: %w", err)
		}
		if _, err := z.Write(body); err != nil {
			return nil, fmt.Errorf("web: %w", err)
		}
		if err := z.Close(); err != nil {
			return nil, fmt.Errorf("web: %w", err)
		}
		sum := sha256.Sum256(body)
		list[name] = asset{hash: hex.EncodeToString(sum[:6]), kind: kind, body: body, gzip: small.Bytes()}
	}
	return list, nil
}

// source is a file with the parts that were written beside it: browsers ask for one script and one style sheet.
func source(name string) ([]byte, error) {
	var body []byte
	for _, part := range append([]string{name}, assetParts[name]...) {
		b, err := staticFiles.ReadFile("static/" + part)
		if err != nil {
			return nil, fmt.Errorf("web: %w", err)
		}
		body = append(body, b...)
	}
	return body, nil
}

// url is the address of a file, seen from the mount.
func (a assets) url(name string) string { return "static/" + a[name].hash + "/" + name }

func (a assets) serve(w http.ResponseWriter, r *http.Request, hash, name string) {
	file, ok := a[name]
	if !ok || hash != file.hash {
		http.NotFound(w, r)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "a file is only read", http.StatusMethodNotAllowed)
		return
	}
	head := w.Header()
	head.Set("Content-Type", file.kind)
	head.Set("Cache-Control", "public, max-age=31536000, immutable")
	head.Set("Vary", "Accept-Encoding")
	body, tag := file.body, `"`+file.hash+`"`
	if takesGzip(r) {
		body, tag = file.gzip, `"`+file.hash+`-gz"`
		head.Set("Content-Encoding", "gzip")
	}
	head.Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		head.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	head.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(body) // whoever went away does not need the rest
	}
}

func takesGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if name == "gzip" && !strings.HasPrefix(strings.ReplaceAll(q, " ", ""), "q=0") {
			return true
		}
	}
	return false
}

// headers are on every answer. An asset replaces Cache-Control.
func (h *Handler) headers(head http.Header) {
	head.Set("Content-Security-Policy", h.csp)
	head.Set("Cache-Control", "no-store")
	head.Set("Referrer-Policy", "same-origin")
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("X-Robots-Tag", "noindex")
}

func policy(ancestors []string) string {
	frames := "'none'"
	if len(ancestors) > 0 {
		frames = strings.Join(ancestors, " ")
	}
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; " +
		"form-action 'self'; frame-ancestors " + frames + "; require-trusted-types-for 'script'; trusted-types activitylog"
}

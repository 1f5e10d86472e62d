package web

import (
	"compress/gzip"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/activitylog/activitylog/alerts/monitor"
	"github.com/activitylog/activitylog/retention"
	"github.com/activitylog/activitylog/review"
)

// Authorizer says what the one who sent a request may read; the host knows from its session. Of several grants that cover
// a page the first decides. No grant means that nothing is shown. An error that wraps ErrSignedOut asks to sign in, one
// that wraps access.ErrDenied refuses, and any other is a failure that is told to Options.OnError and not to the reader.
// While a stream of live events is open it is asked again with the same request.
type Authorizer func(r *http.Request) ([]access.Grant, error)

// ErrSignedOut is what an Authorizer returns for a request without a valid session.
var ErrSignedOut = errors.New("signed out")

// Options are the choices of a host. The zero value is ready to use.
type Options struct {
	// Guard makes the readers; nil: one of the handler's own. Give it where the host reads through one too, so that views
	// fold together.
	Guard *access.Guard
	// Monitor gives the pages of alerts and takes what people decide about them; nil: there are none.
	Monitor *monitor.Monitor
	// Keeper and Book give the page of governance the rules of retention and the reviews; nil: it goes without them.
	Keeper *retention.Keeper
	Book   *review.Book
	// Evidence tells what is proved of each event and how the seals stand, as *integrity.Sealer does; nil: the pages say
	// that this log is not sealed here.
	Evidence Evidence
	// Catalog names the categories; nil: activitylog.DefaultCatalog.
	Catalog *activitylog.Catalog

	Title    string // of the pages; empty: "Activity log"
	Home     string // where the host's own pages are, for a link back; empty: none
	HomeName string // what the link says; empty: "Home"
	Accent   string // two colours, for light and dark, as "#0b6b5b #63cdb5"; empty: ours

	OrgName     func(org string) string          // nil: the id
	ProjectName func(org, project string) string // nil: the id

	// Messages translates the texts of the pages: what stands in English to what is shown. Lang is their language; empty:
	// "en". RightToLeft turns the pages around.
	Messages    map[string]string
	Lang        string
	RightToLeft bool
	// Zone is the time zone of who has not told theirs; nil: UTC. Hour12 writes 2:05 PM in place of 14:05.
	Zone   *time.Location
	Hour12 bool

	// Columns are those of the list, in their order: time, org, project, category, ip, outcome, model, cost, and label.KEY
	// for a label of the host's. The event itself always is one; name it to say where. Readers may choose others of these
	// for themselves. nil: time, event, project, category, ip, outcome.
	Columns []string
	// Renderers show the host's own actions its way, by the name of the action.
	Renderers map[string]Renderer

	// FrameAncestors are the origins that may show the pages in a frame; none: nobody.
	FrameAncestors []string
	// Nonce gives the nonce of the host's own Content-Security-Policy for a request; script and style sheet carry it. The
	// pages send a policy of their own, so that only a second one, as of a proxy, needs it. That one must allow the
	// Trusted Types policy "activitylog". nil: none.
	Nonce func(*http.Request) string
	// BasePath is where the handler is mounted as browsers see it, for proxies that change more of a path than its
	// beginning; empty: addresses are relative, which suits all others.
	BasePath string

	Now     func() time.Time // nil: time.Now
	OnError func(error)      // is told what failed, with the id that the reader sees, by several goroutines; nil: nobody is
}

// Handler serves the pages. It is safe for concurrent use.
type Handler struct {
	log       *activitylog.Log
	authorize Authorizer
	opts      Options
	guard     *access.Guard
	templates *template.Template
	assets    assets
	csp       string
	names     names
	zones     zones
	columns   []string // of the list, unless a reader chose others
	choice    []string // all that readers may choose from
	words     string   // the texts of the script, if they are translated
	streams   *streams
	exports   exports
	packers   sync.Pool // of *gzip.Writer, each of which takes most of a megabyte

	sameOrigin *http.CrossOriginProtection
}

var accentForm = regexp.MustCompile(`^#[0-9a-fA-F]{6} #[0-9a-fA-F]{6}$`)

// New returns the pages of a log. It fails without an Authorizer: there is no open log. nil options mean defaults.
func New(log *activitylog.Log, authorize Authorizer, opts *Options) (*Handler, error) {
	h := &Handler{log: log, authorize: authorize, sameOrigin: http.NewCrossOriginProtection()}
	h.streams = newStreams(log, h.report)
	h.packers.New = func() any { return gzip.NewWriter(nil) }
	if opts != nil {
		h.opts = *opts
	}
	o := &h.opts
	switch {
	case log == nil:
		return nil, invalid("the pages need a log")
	case authorize == nil:
		return nil, invalid("the pages need an Authorizer, which says who may read what")
	case o.Accent != "" && !accentForm.MatchString(o.Accent):
		return nil, invalid("Accent is %q; write two colours as \"#0b6b5b #63cdb5\"", o.Accent)
	case o.BasePath != "" && (!strings.HasPrefix(o.BasePath, "/") || strings.HasPrefix(o.BasePath, "//")):
		return nil, invalid("BasePath is %q; begin it with one slash", o.BasePath)
	}
	for _, origin := range o.FrameAncestors {
		if strings.ContainsAny(origin, ";, \t\r\n") || origin == "" {
			return nil, invalid("FrameAncestors has %q; write origins such as https://admin.example", origin)
		}
	}
	var err error
	if h.columns, h.choice, err = columnsOf(o.Columns); err != nil {
		return nil, err
	}
	if o.BasePath != "" {
		o.BasePath = strings.TrimSuffix(o.BasePath, "/") + "/"
	}
	if o.Title == "" {
		o.Title = h.t("Activity log")
	}
	if o.HomeName == "" {
		o.HomeName = h.t("Home")
	}
	if o.Lang == "" {
		o.Lang = "en"
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Catalog == nil {
		o.Catalog = activitylog.DefaultCatalog()
	}
	if h.guard = o.Guard; h.guard == nil {
		if h.guard, err = access.New(log, &access.Options{Now: o.Now}); err != nil {
			return nil, err
		}
	}
	if h.assets, err = loadAssets(o.Accent); err != nil {
		return nil, err
	}
	if h.templates, err = h.parseTemplates(); err != nil {
		return nil, err
	}
	h.csp = policy(o.FrameAncestors)
	if h.words, err = h.scriptWords(); err != nil {
		return nil, err
	}
	return h, nil
}

func invalid(format string, args ...any) error {
	return fmt.Errorf("web: %w: %s", activitylog.ErrInvalid, fmt.Sprintf(format, args...))
}

// t is a text of the pages in the host's language.
func (h *Handler) t(text string) string {
	if s, ok := h.opts.Messages[text]; ok {
		return s
	}
	return text
}

func (h *Handler) orgName(org string) string {
	if h.opts.OrgName != nil {
		if name := h.opts.OrgName(org); name != "" {
			return name
		}
	}
	return org
}

func (h *Handler) projectName(org, project string) string {
	if h.opts.ProjectName != nil && project != "" {
		if name := h.opts.ProjectName(org, project); name != "" {
			return name
		}
	}
	return project
}

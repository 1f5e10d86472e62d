package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strconv"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/activitylog/activitylog/integrity"
	"github.com/google/uuid"
)

// Evidence tells what is proved of a log. An *integrity.Sealer is one.
type Evidence interface {
	// Standing proves an event as it was read. An event without evidence is an error that wraps activitylog.ErrInvalid.
	Standing(ctx context.Context, e *activitylog.Event) (integrity.Standing, error)
	// Health tells how far sealing is.
	Health(ctx context.Context) (integrity.Health, error)
	// AsEvidence returns what writes events as an evidence pack, with what the options say of their query.
	AsEvidence(ctx context.Context, opts integrity.EvidenceOptions) func(io.Writer, iter.Seq2[activitylog.Event, error]) error
}

var _ Evidence = (*integrity.Sealer)(nil)

// sealTime is how long proving one event may take before its panel goes without.
const sealTime = time.Second

// seal is what is proved of the event of a panel.
type seal struct {
	State, Text string
	Icon, Class string
	Link        string // of its proof
}

func (v *visit) seal(e *activitylog.Event, permalink string) seal {
	h := v.h
	s := seal{Icon: "info", Class: "other"}
	switch {
	case h.opts.Evidence == nil:
		s.State = h.t("Not sealed here")
		return s
	case v.grant.Rights()&access.ViewSensitive == 0:
		s.State = h.t("Hidden for your role")
		return s
	}
	ctx, cancel := context.WithTimeout(v.r.Context(), sealTime)
	defer cancel()
	x, err := h.opts.Evidence.Standing(ctx, e)
	switch {
	case errors.Is(err, activitylog.ErrInvalid):
		s.State = h.t("Recorded without evidence")
	case err != nil:
		if ctx.Err() == nil {
			v.report(fmt.Errorf("web: standing of %s: %w", e.ID, err))
		}
		s.State = h.t("Could not be checked now")
	case x.Verdict == integrity.Tampered:
		s.State, s.Text, s.Icon, s.Class = h.t("This is not what was sealed"), x.What, "fail", "fail"
	case x.Verdict == integrity.Undecided:
		s.State = h.t("Waits for its seal")
	default:
		s.State, s.Icon, s.Class, s.Link = h.t("Sealed, and unchanged since"), "ok", "ok", permalink+"/proof"
		if !x.Sealed.IsZero() {
			s.State = fmt.Sprintf(h.t("Sealed at %s, and unchanged since"), h.moment(x.Sealed.In(v.local())))
		}
		if s.Text = fmt.Sprintf(h.t("entry %s of %s"), grouped(x.Index+1), grouped(x.Size)); !v.whole(e.Org) {
			s.Link, s.Text = "", h.t("Entry and proof are hidden: they would tell how much there is in the whole organization")
		}
	}
	return s
}

// proof sends the file by which anybody with the public key can check an event.
func (v *visit) proof(id string) {
	parsed, err := uuid.Parse(id)
	if err != nil || v.h.opts.Evidence == nil || v.grant.Rights()&access.ViewSensitive == 0 || !v.whole(v.route.scope.org) {
		v.fail(http.StatusNotFound, nil)
		return
	}
	e, err := v.reader.Get(v.r.Context(), parsed)
	if err != nil {
		v.failReading(err)
		return
	}
	x, err := v.h.opts.Evidence.Standing(v.r.Context(), &e)
	switch {
	case err != nil && !errors.Is(err, activitylog.ErrInvalid):
		v.failReading(err)
	case x.Proof == nil:
		v.fail(http.StatusNotFound, nil)
	default:
		head := v.w.Header()
		head.Set("Content-Type", "application/octet-stream")
		head.Set("Content-Disposition", `attachment; filename="`+parsed.String()+`.tlog-proof"`)
		head.Set("Content-Length", strconv.Itoa(len(x.Proof)))
		if v.r.Method != http.MethodHead {
			_, _ = v.w.Write(x.Proof) // whoever went away needs no answer
		}
	}
}

// health is how the seals of the log stand, and how its last verification ended.
type health struct {
	Seals, Failed             bool
	State, Icon, Class        string
	Sealed, Ago, Waiting      string
	Durability                string
	Anchors                   []anchored
	Verified, Verdict         string
	VerdictIcon, VerdictClass string
}

// anchored is how far an anchor is.
type anchored struct {
	Name, State string
	Behind      bool
}

// lateSeal is how old the last seal may be: a sealer shows that it is there every five minutes.
const lateSeal = 15 * time.Minute

var durabilityTexts = map[string]string{
	integrity.DurablePower:   "What was acknowledged survives the loss of power",
	integrity.DurableProcess: "What was acknowledged survives the end of the process, not the loss of power",
	integrity.DurableNot:     "Nothing survives the end of the process",
}

func (v *visit) health(ctx context.Context, now time.Time) health {
	h := v.h
	var x health
	if h.opts.Evidence == nil {
		return x
	}
	ctx, cancel := context.WithTimeout(ctx, figuresTime)
	defer cancel()
	s, err := h.opts.Evidence.Health(ctx)
	if err != nil {
		if ctx.Err() == nil {
			v.report(fmt.Errorf("web: health: %w", err))
		}
		x.Failed = true
		return x
	}
	x.Seals, x.Icon, x.Class, x.State = true, "ok", "ok", h.t("Sealing goes on")
	if text := durabilityTexts[s.Durability]; text != "" {
		x.Durability = h.t(text)
	}
	if x.Waiting = fmt.Sprintf(h.t("%s events"), grouped(int64(s.Backlog))); !v.whole("") {
		x.Waiting = h.t("hidden: it counts the events of all organizations")
	}
	if s.Sealed.IsZero() {
		x.Sealed, x.Icon, x.Class, x.State = h.t("never"), "warn", "other", h.t("Nothing is sealed yet")
	} else {
		x.Sealed, x.Ago = h.moment(s.Sealed.In(v.zone())), h.ago(s.Sealed, now)
		if now.Sub(s.Sealed) > lateSeal {
			x.Icon, x.Class, x.State = "warn", "fail", h.t("Sealing stands still")
		}
	}
	for _, a := range s.Anchors {
		line := anchored{Name: a.Name, State: h.t("never"), Behind: !a.Behind.IsZero()}
		if !a.Anchored.IsZero() {
			line.State = h.moment(a.Anchored.In(v.zone())) + ", " + h.ago(a.Anchored, now)
		}
		x.Anchors = append(x.Anchors, line)
	}
	if !s.Verified.At.IsZero() {
		x.Verified = h.moment(s.Verified.At.In(v.zone())) + ", " + h.ago(s.Verified.At, now)
		switch s.Verified.Verdict {
		case integrity.Clean.String():
			x.Verdict, x.VerdictIcon, x.VerdictClass = h.t("Nothing was changed, removed or inserted"), "ok", "ok"
		case integrity.Tampered.String():
			x.Verdict, x.VerdictIcon, x.VerdictClass = h.t("The log is not what was sealed"), "fail", "fail"
		default:
			x.Verdict, x.VerdictIcon, x.VerdictClass = h.t("It could not be decided"), "warn", "other"
		}
	}
	return x
}

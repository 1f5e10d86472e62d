package monitor

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
)

// note is what the metadata of an audit.alert event hold, under noteKey.
type note struct {
	Finding *alerts.Brief   `json:"finding,omitempty"`
	Notice  bool            `json:"notice,omitempty"` // people are told
	Until   time.Time       `json:"until,omitzero"`
	Planned *alerts.Planned `json:"planned,omitempty"`
}

const noteKey = "alert"

func (n note) metadata() (map[string]any, error) {
	v, err := plainValue(n)
	return map[string]any{noteKey: v}, err
}

// readNote reads the note of an event. One that was cut or is of another form is no note.
func readNote(e *activitylog.Event) (n note, ok bool) {
	for _, c := range e.Truncated {
		if strings.HasPrefix(c.Path, "metadata") {
			return n, false
		}
	}
	return n, readValue(e.Metadata[noteKey], &n) == nil
}

// plainValue turns a struct into the values of JSON, as metadata hold them.
func plainValue(v any) (any, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var plain any
	return plain, d.Decode(&plain)
}

// readValue reads what plainValue made. A field that v does not know is an error: half a decision is another one.
func readValue(plain, v any) error {
	b, err := json.Marshal(plain)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

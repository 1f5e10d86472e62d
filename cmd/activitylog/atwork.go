package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/activitylog/activitylog/alerts/monitor"
)

// atWork is what goes on in a log while its pages are served: it is sealed, and watched for alerts.
type atWork struct {
	stop context.CancelFunc
	done sync.WaitGroup
}

// end stops the watch; the database ends the sealing when it closes.
func (w *atWork) end() {
	w.stop()
	w.done.Wait()
}

// workOn begins to seal and to watch; watch may be nil.
func workOn(ctx context.Context, d *database, watch *monitor.Monitor) *atWork {
	ctx, stop := context.WithCancel(ctx)
	w := &atWork{stop: stop}
	d.startSealing()
	if watch != nil {
		w.done.Go(func() { _ = watch.Run(ctx) }) // ends with ctx
	}
	return w
}

// newMonitor is a monitor of the log, or nil where it cannot have one: an archive.
func newMonitor(d *database, zone *time.Location, s streams) (*monitor.Monitor, error) {
	watch, err := monitor.New(d.Log, &monitor.Options{
		Zone: func(string) *time.Location { return zone }, OnError: func(err error) { fmt.Fprintln(s.err, safe(err.Error())) },
	})
	if errors.Is(err, errors.ErrUnsupported) {
		return nil, nil
	}
	return watch, err
}

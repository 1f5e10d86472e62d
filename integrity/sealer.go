package integrity

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/activitylog/activitylog"
)

// SealerOptions are choices of a host. The zero value is ready to use.
type SealerOptions struct {
	Every time.Duration // how often it seals after Start; default 1s
	Batch int           // most events in one transaction; default 1,000
	Beat  time.Duration // how often the root log shows that sealing goes on when there is nothing to seal; default 5m
	Now   func() time.Time
	// Writer, if it is in this process, has the sealer seal before its time when a thousand events wait.
	Writer *Writer
	// Anchors keep the checkpoints of the root log elsewhere. They get the newest one after Start and in Close. One that
	// is late or fails is told to OnError and holds nothing else up.
	Anchors     []Anchor
	AnchorEvery time.Duration // default 1m
	// Late is how long an anchor may lack the newest checkpoint, or the log a seal, before an event of the platform tells
	// so, which becomes an alert: audit.anchor.late, audit.seal.late. Default 15m; it is longer than AnchorEvery and Beat.
	Late time.Duration
	// OnError is told why it could not seal or anchor after Start; it tries again. nil: nobody.
	OnError func(error)
}

// Sealer follows a log and puts what was recorded into trees whose roots it signs. It never stands in the way of
// writers. Any number may work on one log, in any number of processes. It is safe for concurrent use.
type Sealer struct {
	log   *activitylog.Log
	store activitylog.Store
	brief briefTailer // nil: the store always reads whole events
	space activitylog.Space
	keys  Keys
	opts  SealerOptions

	began    time.Time
	declared bool       // only used by what tells of late ones
	sealing  sync.Mutex // one step at a time within a Sealer, and none while its key changes
	at       *sealerAt  // where the last step left the seals; nil: it is to be read. Guarded by sealing

	mu      sync.Mutex
	stop    context.CancelFunc // of what Start began
	stopped chan struct{}
}

// NewSealer returns a sealer of a log over its store, which must be one that can be followed and has spaces; else the
// error wraps errors.ErrUnsupported.
func NewSealer(log *activitylog.Log, store activitylog.Store, keys *Keys, opts *SealerOptions) (*Sealer, error) {
	if err := keys.check(); err != nil {
		return nil, fmt.Errorf("integrity: %w: %w", activitylog.ErrInvalid, err)
	}
	s := &Sealer{log: log, store: store, keys: *keys}
	s.brief, _ = store.(briefTailer)
	if opts != nil {
		s.opts = *opts
	}
	if min(s.opts.Every, s.opts.AnchorEvery, s.opts.Beat, s.opts.Late) < 0 || s.opts.Batch < 0 {
		return nil, fmt.Errorf("integrity: %w: durations and sizes of a sealer must not be negative", activitylog.ErrInvalid)
	}
	if err := checkAnchors(s.opts.Anchors); err != nil {
		return nil, fmt.Errorf("integrity: %w: %w", activitylog.ErrInvalid, err)
	}
	if s.opts.Every == 0 {
		s.opts.Every = time.Second
	}
	if s.opts.Batch == 0 {
		s.opts.Batch = 1000
	}
	if s.opts.Beat == 0 {
		s.opts.Beat = 5 * time.Minute
	}
	if s.opts.AnchorEvery == 0 {
		s.opts.AnchorEvery = time.Minute
	}
	if s.opts.Late == 0 {
		s.opts.Late = 15 * time.Minute
	}
	if s.opts.Late <= max(s.opts.AnchorEvery, s.opts.Beat) {
		return nil, fmt.Errorf("integrity: %w: Late (%v) must be longer than AnchorEvery (%v) and Beat (%v)",
			activitylog.ErrInvalid, s.opts.Late, s.opts.AnchorEvery, s.opts.Beat)
	}
	if s.opts.Now == nil {
		s.opts.Now = time.Now
	}
	s.began = s.opts.Now()
	var err error
	if s.space, err = log.Space(spaceName); err != nil {
		return nil, fmt.Errorf("integrity: %w", err)
	}
	return s, nil
}

// Seal seals all events that are there now and returns how many those were.
func (s *Sealer) Seal(ctx context.Context) (sealed int, err error) {
	for {
		s.sealing.Lock()
		n, more, err := s.step(ctx)
		s.sealing.Unlock()
		sealed += n
		switch {
		case errors.Is(err, errMoved): // another sealer was faster
		case err != nil:
			return sealed, fmt.Errorf("integrity: seal: %w", err)
		case !more:
			return sealed, nil
		}
	}
}

// Start seals in the background until Close, first of all what is there already. If it seals in another way than was
// done before, with another key or other anchors, or again after SwitchOff, that is recorded as a decision about the log.
func (s *Sealer) Start() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stop != nil {
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	s.stop, s.stopped = stop, make(chan struct{})
	go func() {
		defer close(s.stopped)
		var beside sync.WaitGroup
		for _, a := range s.opts.Anchors {
			beside.Go(func() { s.anchorForever(ctx, a) })
		}
		beside.Go(func() { s.repeat(ctx, s.tellLate) })
		s.run(ctx)
		beside.Wait()
	}()
}

func (s *Sealer) run(ctx context.Context) {
	var woken <-chan struct{}
	if s.opts.Writer != nil {
		woken = s.opts.Writer.wake
	}
	tick := time.NewTicker(s.opts.Every)
	defer tick.Stop()
	for {
		if _, err := s.Seal(ctx); err != nil && ctx.Err() == nil && s.opts.OnError != nil {
			s.opts.OnError(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-woken:
		}
	}
}

// Close stops what Start began, seals what is left and anchors it, until ctx ends. The log should be closed before, its store after.
func (s *Sealer) Close(ctx context.Context) error {
	s.halt()
	if _, err := s.Seal(ctx); err != nil {
		return err
	}
	return s.anchor(ctx)
}

// halt stops what Start began.
func (s *Sealer) halt() {
	s.mu.Lock()
	stop, stopped := s.stop, s.stopped
	s.stop = nil
	s.mu.Unlock()
	if stop != nil {
		stop()
		<-stopped
	}
}

// Sealed tells whether a store holds seals.
func Sealed(ctx context.Context, store activitylog.Store) (sealed bool, err error) {
	spaces, ok := store.(activitylog.Spacer)
	if !ok {
		return false, nil
	}
	err = spaces.Space(spaceName).View(ctx, func(tx activitylog.SpaceTx) error {
		for _, key := range [][]byte{headKey, numberKey('s', 0), numberKey('c', 0)} {
			_, ok, err := tx.Get(key)
			if err != nil {
				return err
			}
			sealed = sealed || ok
		}
		return nil
	})
	return sealed, err
}

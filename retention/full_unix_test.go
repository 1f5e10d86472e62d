//go:build unix

package retention_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/killtest"
	"github.com/activitylog/activitylog/retention"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/stretchr/testify/require"
)

func init() { roles["full"] = fullArchive }

const ended = "ended"

// TestFullArchive purges, in a process of its own, into an archive whose disk is full after some batches.
func TestFullArchive(t *testing.T) {
	t.Parallel()
	said, err := killtest.Run("full", []string{folderVariable + "=" + t.TempDir()}, killtest.Plan{Now: func(line string) bool { return line == ended }})
	require.NoError(t, err)
	require.Equal(t, []string{"begun", "no event was lost", ended}, said)
}

// fullArchive is the child. No file can grow over 64 KiB, until it is allowed again.
func fullArchive() error {
	if err := fillArchive(filepath.Join(os.Getenv(folderVariable), "archive")); err != nil {
		killtest.Say("%v", err)
	} else {
		killtest.Say("no event was lost")
	}
	killtest.Say(ended)
	select {}
}

func fillArchive(dir string) error {
	ctx := activitylog.WithActor(context.Background(), activitylog.Actor{ID: "ana"})
	clock := &clock{}
	clock.set(start)
	store := memory.New()
	log, err := activitylog.New(store, &activitylog.Options{Now: clock.Now})
	if err != nil {
		return err
	}
	var events []activitylog.Event
	for i := range 4000 {
		events = append(events, event("acme", "auth.login", fmt.Sprint("e", i)))
	}
	if _, err := log.RecordAll(ctx, events); err != nil {
		return err
	}
	keeper, err := retention.New(log, store, &retention.Options{Now: clock.Now})
	if err != nil {
		return err
	}
	if err := keeper.SetRules(ctx, "", []retention.Rule{{Name: "a", Filter: activitylog.CategoryIs("auth"), Max: 30}}, ""); err != nil {
		return err
	}
	clock.set(later)
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	signal.Ignore(syscall.SIGXFSZ)
	low := limit
	low.Cur = 64 << 10
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &low); err != nil {
		return err
	}
	report, err := keeper.Purge(ctx, "", &retention.PurgeOptions{Load: 1, Archive: dir})
	if !errors.Is(err, syscall.EFBIG) || report.Deleted == 0 || report.Deleted == report.Planned {
		return fmt.Errorf("a full disk gave %+v, %v", report, err)
	}
	logged, archived, err := counts(ctx, log, dir)
	if err != nil || logged+archived != 4000 || archived != report.Deleted {
		return fmt.Errorf("%d are in the log and %d in the archive, %v", logged, archived, err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	if _, err := keeper.Purge(ctx, "", &retention.PurgeOptions{Load: 1, Archive: dir}); err != nil {
		return err
	}
	logged, archived, err = counts(ctx, log, dir)
	if err != nil || logged != 0 || archived != 4000 {
		return fmt.Errorf("at the end %d are in the log and %d in the archive, %v", logged, archived, err)
	}
	return nil
}

// counts tells how many events are in the log and in the archive.
func counts(ctx context.Context, log *activitylog.Log, dir string) (logged, archived int64, err error) {
	f := activitylog.CategoryIs("auth")
	if logged, err = log.AllOrgs().Count(ctx, f, 0); err != nil {
		return 0, 0, err
	}
	store, err := retention.OpenArchive(dir)
	if err != nil {
		return 0, 0, err
	}
	archive, err := activitylog.New(store, nil)
	if err != nil {
		return 0, 0, err
	}
	archived, err = archive.AllOrgs().Count(ctx, f, 0)
	return logged, archived, err
}

package sqlstore

import (
	"context"
	"fmt"
)

// Durability tells what is proved of what the store acknowledges: "power" if it survives the loss of power, "process" if
// only the end of processes.
func (s *Store) Durability(ctx context.Context) (string, error) {
	level, err := s.back.durability(ctx)
	if err != nil {
		return "", fmt.Errorf("activitylog: durability: %w", err)
	}
	return level, nil
}

// durability opens the connection that writes, which is refused below synchronous=FULL and without a checkpoint.
func (b *sqlite) durability(ctx context.Context) (string, error) {
	w := &b.writer
	select {
	case w.turn <- struct{}{}:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	defer func() { <-w.turn }()
	if err := w.open(ctx); err != nil {
		return "", err
	}
	if w.db.Stats().MaxOpenConnections == 1 {
		w.drop()
	}
	return "power", nil
}

// durability asks the server for its settings. Where commits need not wait for the disk, the store's own do all the same.
func (b *postgres) durability(ctx context.Context) (string, error) {
	var fsync, pages string
	err := b.db.QueryRowContext(ctx, "SELECT current_setting('fsync'), current_setting('full_page_writes')").Scan(&fsync, &pages)
	if err != nil {
		return "", err
	}
	if fsync == "off" || pages == "off" {
		return "process", nil
	}
	return "power", nil
}

package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/bench/internal/sample"
	"github.com/activitylog/activitylog/store/sqlite"
	driver "gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// peerEvent is the table that teams write themselves: fewer columns, three indexes, no text search, no constraints.
type peerEvent struct {
	Seq        int64  `gorm:"primaryKey;autoIncrement"`
	ID         string `gorm:"size:36"`
	Org        string `gorm:"index:peer_org,priority:1;index:peer_actor,priority:1;index:peer_action,priority:1"`
	Actor      string `gorm:"index:peer_actor,priority:2"`
	Action     string `gorm:"index:peer_action,priority:2"`
	Time       int64  `gorm:"index:peer_org,priority:2;index:peer_actor,priority:3;index:peer_action,priority:3"`
	Project    string
	Category   string
	Outcome    string
	Severity   string
	Message    string
	ActorName  string
	ActorEmail string
	TargetType string
	TargetID   string
	TargetName string
	IP         string
	UserAgent  string
	RequestID  string
	Metadata   string
}

func peerEvents(events []activitylog.Event) []peerEvent {
	list := make([]peerEvent, len(events))
	for i := range events {
		e := &events[i]
		list[i] = peerEvent{
			ID: e.ID.String(), Org: e.Org, Actor: e.Actor.ID, Action: e.Action, Time: e.Time.UnixMicro(), Project: e.Project,
			Category: e.Category, Outcome: string(e.Outcome), Severity: string(e.Severity), Message: e.Message,
			ActorName: e.Actor.Name, ActorEmail: e.Actor.Email, TargetType: e.Targets[0].Type, TargetID: e.Targets[0].ID,
			TargetName: e.Targets[0].Name, IP: e.Client.IP.String(), UserAgent: e.Client.UserAgent, RequestID: e.Request.ID,
			Metadata: string((&activitylog.Event{Metadata: e.Metadata}).AppendJSON(nil)),
		}
	}
	return list
}

// withGorm measures f on a fresh database of gorm with synchronous=FULL.
func withGorm(n int, f func(*gorm.DB) error) timed {
	return func() (time.Duration, int, error) {
		dir, err := os.MkdirTemp("", "activitylog-bench-")
		if err != nil {
			return 0, 0, err
		}
		defer os.RemoveAll(dir)
		db, err := gorm.Open(driver.Open(sqlite.DSN(filepath.Join(dir, "gorm.db"))), &gorm.Config{Logger: logger.Discard})
		if err != nil {
			return 0, 0, err
		}
		if err := db.AutoMigrate(&peerEvent{}); err != nil {
			return 0, 0, err
		}
		raw, err := db.DB()
		if err != nil {
			return 0, 0, err
		}
		defer raw.Close()
		raw.SetMaxOpenConns(1)
		d, err := since(func() error { return f(db) })
		return d, n, err
	}
}

const handRolled = `INSERT INTO peer_events (id, org, actor, action, time, project, category, outcome, severity, message, actor_name,
	actor_email, target_type, target_id, target_name, ip, user_agent, request_id, metadata) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

func handRoll(ctx context.Context, db *sql.DB, e *peerEvent) error {
	_, err := db.ExecContext(ctx, handRolled, e.ID, e.Org, e.Actor, e.Action, e.Time, e.Project, e.Category, e.Outcome, e.Severity, e.Message,
		e.ActorName, e.ActorEmail, e.TargetType, e.TargetID, e.TargetName, e.IP, e.UserAgent, e.RequestID, e.Metadata)
	return err
}

// peers compares with what teams use instead. Theirs has no text search and three indexes only.
func peers(ctx context.Context, r *report) error {
	const n, few = 20_000, 2_000
	events := sample.New(1, 0).Events(n)
	theirs := peerEvents(events)
	all := oursSQLite(ctx, n, func(log *activitylog.Log) error { return recordAll(ctx, log, events) })
	err := r.pair("SQLite `RecordAll(1000)` with text search, against gorm `CreateInBatches(1000)` without", 0, all,
		withGorm(n, func(db *gorm.DB) error {
			list := append([]peerEvent{}, theirs...)
			return db.CreateInBatches(list, 1000).Error
		}))
	if err != nil {
		return err
	}
	for _, callers := range []int{1, 64} {
		ours := oursSQLite(ctx, few*min(callers, 3), func(log *activitylog.Log) error {
			return concurrently(callers, few*min(callers, 3), func(i int) error {
				_, err := log.Record(ctx, events[i])
				return err
			})
		})
		err := r.pair(fmt.Sprintf("SQLite `Record`, %d callers, against gorm `Create`", callers), 0, ours,
			withGorm(few, func(db *gorm.DB) error {
				return concurrently(callers, few, func(i int) error {
					e := theirs[i]
					return db.Create(&e).Error
				})
			}))
		if err != nil {
			return err
		}
		err = r.pair(fmt.Sprintf("SQLite `Record`, %d callers, against a hand-written INSERT", callers), 0, ours,
			withGorm(few, func(g *gorm.DB) error {
				db, err := g.DB()
				if err != nil {
					return err
				}
				return concurrently(callers, few, func(i int) error { return handRoll(ctx, db, &theirs[i]) })
			}))
		if err != nil {
			return err
		}
	}
	return nil
}

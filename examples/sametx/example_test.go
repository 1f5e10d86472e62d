package sametx_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/store/sqlite"
)

var errNoMoney = errors.New("the account is empty")

// withdraw takes an amount from an account and records it. Where it fails neither has happened.
func withdraw(ctx context.Context, db *sql.DB, activity *activitylog.Log, account string, amount int) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // does nothing after Commit
	if _, err := tx.ExecContext(ctx, "UPDATE accounts SET balance = balance - ? WHERE id = ?", amount, account); err != nil {
		return err
	}
	if _, err := activity.RecordTx(ctx, tx, activitylog.Event{
		Org: "acme", Action: "account.withdraw", Actor: activitylog.Actor{ID: "ana"},
		Targets:  []activitylog.Target{{Type: "account", ID: account}},
		Metadata: map[string]any{"amount": amount},
	}); err != nil {
		return err
	}
	var balance int
	if err := tx.QueryRowContext(ctx, "SELECT balance FROM accounts WHERE id = ?", account).Scan(&balance); err != nil {
		return err
	}
	if balance < 0 {
		return errNoMoney
	}
	return tx.Commit()
}

func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "sametx")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "app.db")

	store, err := sqlite.Open(ctx, path, &sqlite.Options{Migrate: true})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	activity, err := activitylog.New(store, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer activity.Close(ctx)

	// The tables of the application live in the same file.
	db, err := sql.Open("sqlite3", sqlite.DSN(path))
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, "CREATE TABLE accounts (id TEXT PRIMARY KEY, balance INTEGER); INSERT INTO accounts VALUES ('a1', 100)"); err != nil {
		log.Fatal(err)
	}

	for _, amount := range []int{30, 500, 20} {
		fmt.Printf("withdraw %d: %v\n", amount, withdraw(ctx, db, activity, "a1", amount))
	}
	for e, err := range activity.Org("acme").Events(ctx, activitylog.Query{Order: activitylog.Oldest}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("recorded", e.Action, e.Metadata["amount"])
	}
	// Output:
	// withdraw 30: <nil>
	// withdraw 500: the account is empty
	// withdraw 20: <nil>
	// recorded account.withdraw 30
	// recorded account.withdraw 20
}

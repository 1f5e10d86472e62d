package pgtest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"net/url"
	"strings"

	_ "github.com/lib/pq"
)

// createDatabase makes an empty database on the server of admin and returns
// its name and its DSN.
func createDatabase(ctx context.Context, admin string) (name, dsn string, err error) {
	// Random, because test binaries running side by side may share a server.
	name = "activitylog_test_" + strings.ToLower(rand.Text()[:12])
	if dsn, err = withDatabase(admin, name); err != nil {
		return "", "", err
	}
	// template0: nobody can be connected to it, which would make this fail, and
	// nobody can have put anything in.
	if err := exec1(ctx, admin, "CREATE DATABASE "+name+" TEMPLATE template0"); err != nil {
		return "", "", fmt.Errorf("pgtest: create a database: %w", err)
	}
	return name, dsn, nil
}

// dropDatabase drops a database even if connections to it were left open.
func dropDatabase(ctx context.Context, admin, name string) error {
	if err := exec1(ctx, admin, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
		return fmt.Errorf("pgtest: drop a database: %w", err)
	}
	return nil
}

// exec1 executes one statement on a connection of its own.
func exec1(ctx context.Context, dsn, statement string) error {
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, statement)
	return err
}

// withDatabase returns dsn, in either of the two forms that libpq knows, with
// its database replaced.
func withDatabase(dsn, name string) (string, error) {
	if !strings.HasPrefix(dsn, "postgres://") && !strings.HasPrefix(dsn, "postgresql://") {
		return dsn + " dbname=" + name, nil // of two equal keys the last one counts
	}
	u, err := url.Parse(dsn)
	if err != nil {
		// Not the cause: it quotes the DSN and with it the password.
		return "", fmt.Errorf("pgtest: ACTIVITYLOG_POSTGRES is not a valid URL")
	}
	u.Path = "/" + name
	if q := u.Query(); q.Has("dbname") {
		q.Del("dbname")
		u.RawQuery = q.Encode()
	}
	return u.String(), nil
}

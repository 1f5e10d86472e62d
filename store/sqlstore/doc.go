// Package sqlstore keeps events in a SQL database. All SQL of the project stands here; the package imports no driver, so
// that a host may bring its own *sql.DB:
//
//	db, err := sql.Open("pgx", dsn)
//	store, err := sqlstore.NewPostgres(db, nil)
//	err = store.Migrate(ctx)
//	log, err := activitylog.New(store, nil)
//
// Most hosts open store/sqlite or store/postgres instead, which bring a driver and its settings.
//
// How a query is answered: index terms (terms.go) or B-trees propose events in the order of time, SQL conditions on
// columns (compile.go) narrow them, and Filter.Match decides on each. Conditions may therefore be wider than the
// filter, never narrower. A filter with a part that no index serves is answered in windows of bounded size.
package sqlstore

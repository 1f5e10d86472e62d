// Package slogevent joins a log of activity to log/slog, in both directions.
//
// A Handler makes events of the records that are marked, and hands all records on:
//
//	logger := slog.New(slogevent.NewHandler(log, slog.Default().Handler(), nil))
//	logger.InfoContext(ctx, "exported the report", slogevent.Mark("data.export", target), "rows", 120)
//
// Who, where and in which request come from the context, as everywhere. Attributes become metadata.
//
// Mirror writes every event of a log to a logger, for those who collect both in one place.
package slogevent

package pgtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// initialize fills the data folder. initdb takes most of a second, so its
// result is kept in the user's cache and copied from there the next time. The
// name of a kept one covers all it depends on: origin is where the binaries
// were found, which outlives the copy that the server may run from.
func (s *Server) initialize(ctx context.Context, origin string) error {
	version, err := exec.CommandContext(ctx, filepath.Join(s.bin, "postgres"), "--version").Output()
	if err != nil {
		return fmt.Errorf("ask %s for its version: %w", origin, err)
	}
	key := sha256.Sum256(fmt.Append(nil, origin, string(version), locales))
	cached := ""
	if cache, err := os.UserCacheDir(); err == nil {
		cached = filepath.Join(cache, "activitylog", "initdb", fmt.Sprintf("%x", key[:8]))
		if copyTree(cached, s.scratch.data(), false) == nil {
			return s.account.ownAll(s.scratch.data())
		}
		// Absent, as a rule. Whatever else it was, start from nothing.
		if err := os.RemoveAll(s.scratch.data()); err != nil {
			return err
		}
	}
	if err := s.initdb(ctx); err != nil {
		return err
	}
	if cached != "" {
		// Best effort: without a cache the next start is slower, no more.
		_ = keep(s.scratch.data(), cached)
	}
	return nil
}

// locales are tried in this order. Servers before version 15 and those built
// without ICU refuse the first.
var locales = [][]string{
	{"--locale=C", "--locale-provider=icu", "--icu-locale=en-US"},
	{"--locale=C"},
}

func (s *Server) initdb(ctx context.Context) error {
	var out bytes.Buffer
	for _, locale := range locales {
		args := append([]string{
			"-D", s.scratch.data(), "--username=postgres", "--encoding=UTF8",
			"--auth=trust", // the folder of the socket is the guard
			"--no-sync",    // the empty cluster is nothing to lose; the server itself syncs
		}, locale...)
		cmd := s.command("initdb", args...)
		out.Reset()
		cmd.Stdout, cmd.Stderr = &out, &out
		p, err := startProcess(cmd)
		if err != nil {
			return fmt.Errorf("start initdb: %w", err)
		}
		select {
		case <-p.done:
			if p.err == nil {
				return nil
			}
		case <-ctx.Done():
			return errors.Join(ctx.Err(), p.kill(s.scratch.data()))
		}
	}
	return fmt.Errorf("initdb failed: %s", bytes.TrimSpace(out.Bytes()))
}

// keep puts a copy of the folder data at path, whole or not at all.
func keep(data, path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	temp, err := os.MkdirTemp(filepath.Dir(path), "new-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	whole := filepath.Join(temp, "data")
	// Synced, or a power cut would leave a folder that looks complete.
	if err := copyTree(data, whole, true); err != nil {
		return err
	}
	// Fails where another process was quicker; its copy is as good.
	return os.Rename(whole, path)
}

// Package e2e looks at the pages of package web in a real browser. It is a module of its own, so that nothing of it
// reaches users.
//
// It needs Chromium, which it finds by ACTIVITYLOG_CHROMIUM or under its usual names, and axe-core from npm; make deps
// installs both. Without them the tests are skipped, unless ACTIVITYLOG_REQUIRE is 1.
package e2e

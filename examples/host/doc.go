// Package host is an application with several organizations that records all that its people do: sign-in, members with
// roles, projects, channels, skills and agents, AI messages with their cost, integrations and campaigns. What changes its
// tables is recorded in the same transaction. The log is read by admins, the activity of a project by its members, and
// every reading is recorded.
package host

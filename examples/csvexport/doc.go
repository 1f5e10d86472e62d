// Package csvexport serves an export as a download, in constant memory, and breaks the connection rather than let half
// an export pass for a whole one.
package csvexport

// Package sametx records in the transaction of the application, so that a change and its event are stored together or
// not at all.
package sametx

// Package integrity makes tampering with a log evident, also by those who own its database.
//
//	keys, err := integrity.CreateKeyFile("log.key") // once; LoadKeyFile from then on
//	w := integrity.NewWriter(keys.WriterKeys)
//	log, err := activitylog.New(store, &activitylog.Options{Stamp: w.Stamp, Number: w.Number})
//	sealer, err := integrity.NewSealer(log, store, &keys.Keys, &integrity.SealerOptions{Writer: w})
//	sealer.Start() // and Close behind log.Close
//
//	report, err := integrity.Verify(ctx, store, &integrity.VerifyOptions{Verifiers: keys.Verifiers, Keys: &keys.WriterKeys})
//
// Each event gets a leaf when it is recorded: what may be known of it for ever, and salted commitments to the rest. A
// Sealer follows the log, never in the way of writers, and puts leaves into one RFC 6962 tree per organization. A root
// log over all trees holds their roots and the time of each seal, and is signed. Until they are sealed, rows are
// protected by a MAC and by numbers without holes. Erasing personal data takes value and salt and leaves every proof
// valid. WriteBundle and WriteEvidence write files that VerifyBundle and VerifyEvidence check without a database.
// docs/integrity.md says what is detected, and what needs an Anchor outside the database.
package integrity

package integrity_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/integrity"
	"github.com/activitylog/activitylog/store/memory"
)

func Example() {
	ctx := context.Background()
	dir, _ := os.MkdirTemp("", "keys")
	defer os.RemoveAll(dir)
	keys, err := integrity.CreateKeyFile(filepath.Join(dir, "log.key"))
	if err != nil {
		fmt.Println(err)
		return
	}
	store, w := memory.New(), integrity.NewWriter(keys.WriterKeys)
	log, _ := activitylog.New(store, &activitylog.Options{Stamp: w.Stamp, Number: w.Number})
	sealer, _ := integrity.NewSealer(log, store, &keys.Keys, nil)

	id, _ := log.Record(ctx, activitylog.Event{Org: "acme", Action: "project.create", Actor: activitylog.Actor{ID: "ana"}})
	sealer.Seal(ctx)
	report, _ := integrity.Verify(ctx, store, &integrity.VerifyOptions{Verifiers: keys.Verifiers, Keys: &keys.WriterKeys})
	fmt.Println(report.Verdict(), report.Sealed)

	e, _ := log.Org("acme").Get(ctx, id)
	proof, _ := integrity.Prove(ctx, store, keys.Verifiers, &e)
	p, _ := integrity.CheckProof(proof, keys.Verifiers, &e) // anywhere, with the public key alone
	fmt.Println(p.Leaf.Action, p.Index)
	e.Reason = "something else"
	_, err = integrity.CheckProof(proof, keys.Verifiers, &e)
	fmt.Println(err)
	// Output:
	// clean 1
	// project.create 0
	// integrity: the event differs from its proof in: metadata
}

// Command cmd runs the evaluation of the alerts; see make eval.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/activitylog/activitylog/internal/alerteval"
)

func main() {
	data := flag.String("data", "", "folder of .jsonl files")
	report := flag.String("report", "docs/alerts-evaluation.md", "file whose measured part is renewed; the results stand beside it, as .json")
	flag.Parse()
	if err := run(*data, *report); err != nil {
		fmt.Fprintln(os.Stderr, "eval:", err)
		os.Exit(1)
	}
}

func run(data, report string) error {
	r, err := alerteval.Run(data, func(name string) { fmt.Fprintln(os.Stderr, "measured", name) })
	if err != nil {
		return err
	}
	return r.Write(report)
}

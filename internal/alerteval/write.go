package alerteval

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// What is measured stands between these lines of the report; all around them is written by people and stays.
const (
	begins = "<!-- measured: begin -->"
	ends   = "<!-- measured: end -->"
)

// Write renews the measured part of the Markdown file at path, or makes the file, and puts the results beside it as JSON.
func (r *Report) Write(path string) error {
	text, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("read the report: %w", err)
	}
	before, after := "# Evaluation of the alerts\n\n", ""
	if head, rest, ok := strings.Cut(string(text), begins); ok {
		if _, tail, ok := strings.Cut(rest, ends); ok {
			before, after = head, tail
		}
	}
	out := before + begins + "\n\n" + r.Markdown() + "\n" + ends + strings.TrimRight(after, "\n") + "\n"
	if err := os.WriteFile(path, []byte(out), 0o644); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the results: %w", err)
	}
	if err := os.WriteFile(strings.TrimSuffix(path, ".md")+".json", append(data, '\n'), 0o644); err != nil {
		return fmt.Errorf("write the results: %w", err)
	}
	return nil
}

// Package alerteval measures the detectors of package alerts on a folder of data: how many findings they give on what is
// there, and how much of what is injected they find, beside the plain rules that people write by hand.
//
//	report, err := alerteval.Run("data", nil)
//	…
//	err = report.Write("report.md")
//
// A file is read as it comes: its fields say which detectors apply, what is unknown is reported, and nothing that names an
// answer reaches a detector. The same folder gives the same report, byte for byte: chance is seeded by name.
package alerteval

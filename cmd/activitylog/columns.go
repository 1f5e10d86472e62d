package main

import (
	"io"
	"os"
	"strconv"
)

// usualColumns is how wide a text is where nothing says how wide it may be.
const usualColumns = 100

// columns is how many characters a line of w has room for: as COLUMNS says, else as the terminal does.
func columns(w io.Writer) int {
	n, err := strconv.Atoi(os.Getenv("COLUMNS"))
	if f, ok := w.(*os.File); err != nil && ok && terminal(f) {
		n = terminalColumns(f)
	}
	if n <= 0 {
		n = usualColumns
	}
	return max(40, n)
}

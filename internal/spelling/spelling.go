// Package spelling finds what somebody meant who wrote a name that does not exist.
package spelling

// Nearest is the name that is fewest edits away from a wrong one, at most so many and not all of it; empty if there is
// none. Of equals it is the first by the alphabet.
func Nearest(wrong string, most int, names []string) (found string) {
	best := most + 1
	for _, n := range names {
		d := distance(wrong, n)
		if d < len(n) && (d < best || d == best && n < found) {
			best, found = d, n
		}
	}
	return found
}

// distance is how many letters must be put in, taken out or changed to make b of a (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			above := row[j+1]
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			row[j+1] = min(change, above+1, row[j]+1)
			diagonal = above
		}
	}
	return row[len(b)]
}

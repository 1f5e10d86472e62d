package main

import (
	"strings"
	"testing"
)

func TestReport(t *testing.T) {
	t.Parallel()
	const passing = `{"Action":"pass","Package":"p","Test":"TestA","Elapsed":0.1}
{"Action":"pass","Package":"p","Elapsed":0.2}
`
	tests := []struct {
		name, in, want string
		good           bool
	}{
		{
			name: "passes",
			in: `{"Action":"start","Package":"p"}
{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:1: of no interest\n"}
` + passing,
			want: "ok   p 0.2s: 1 passed, 0 failed, 0 skipped\n1 passed, 0 failed, 0 skipped\n",
			good: true,
		},
		{
			name: "fails with the output of the test that failed",
			in: `{"Action":"output","Package":"p","Test":"TestA","Output":"=== RUN   TestA\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:1: got 1, want 2\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"--- FAIL: TestA (0.00s)\n"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Output":"FAIL\n"}
{"Action":"fail","Package":"p","Elapsed":1}
`,
			want: `    a_test.go:1: got 1, want 2
--- FAIL: TestA (0.00s)
FAIL p 1.0s: 0 passed, 1 failed, 0 skipped
0 passed, 1 failed, 0 skipped
`,
		},
		{
			name: "refuses a skipped test, whatever its file and name",
			in: `{"Action":"output","Package":"p","Test":"TestA/soak","Output":"    soak_test.go:1: no database\n"}
{"Action":"skip","Package":"p","Test":"TestA/soak"}
` + passing,
			want: `    soak_test.go:1: no database
    a skipped test fails this run: p TestA/soak
ok   p 0.2s: 1 passed, 0 failed, 1 skipped
1 passed, 0 failed, 1 skipped
`,
		},
		{
			name: "refuses a skipped test, whatever it says",
			in: `{"Action":"output","Package":"p","Test":"TestSoak","Output":"    b_test.go:1: only in the soak run\n"}
{"Action":"skip","Package":"p","Test":"TestSoak"}
` + passing,
			want: `    b_test.go:1: only in the soak run
    a skipped test fails this run: p TestSoak
ok   p 0.2s: 1 passed, 0 failed, 1 skipped
1 passed, 0 failed, 1 skipped
`,
		},
		{
			name: "counts a package that does not compile",
			in: passing + `{"ImportPath":"q [q.test]","Action":"build-output","Output":"q.go:1:1: undefined: x\n"}
{"ImportPath":"q [q.test]","Action":"build-fail"}
{"Action":"output","Package":"q","Output":"FAIL\tq [build failed]\n"}
{"Action":"fail","Package":"q","Elapsed":0,"FailedBuild":"q [q.test]"}
`,
			want: `ok   p 0.2s: 1 passed, 0 failed, 0 skipped
q.go:1:1: undefined: x
FAIL q 0.0s: 0 passed, 0 failed, 0 skipped
1 passed, 1 failed, 0 skipped
`,
		},
		{
			name: "shows what ran when a package ended early",
			in: `{"Action":"output","Package":"p","Test":"TestA","Output":"last words\n"}
{"Action":"output","Package":"p","Output":"exit status 3\n"}
{"Action":"fail","Package":"p","Elapsed":0}
`,
			want: `last words
exit status 3
FAIL p 0.0s: 0 passed, 0 failed, 0 skipped
0 passed, 1 failed, 0 skipped
`,
		},
		{
			name: "fails when the run was cut off",
			in:   passing + `{"Action":"start","Package":"q"}` + "\n" + `{"Action":"output","Package":"q","Test":"TestA","Output":"last words\n"}`,
			want: `ok   p 0.2s: 1 passed, 0 failed, 0 skipped
last words
FAIL q: no result
1 passed, 1 failed, 0 skipped
`,
		},
		{
			name: "fails without a test",
			in:   `{"Action":"skip","Package":"p","Elapsed":0}`,
			want: "no test ran\n0 passed, 0 failed, 0 skipped\n",
		},
		{
			name: "passes other lines on",
			in:   "deps: installing gcc\n{}\n" + passing,
			want: "deps: installing gcc\n{}\nok   p 0.2s: 1 passed, 0 failed, 0 skipped\n1 passed, 0 failed, 0 skipped\n",
			good: true,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out strings.Builder
			r := newReport(&out)
			if err := r.read(strings.NewReader(tt.in)); err != nil {
				t.Fatal(err)
			}
			if good := r.finish(); good != tt.good {
				t.Errorf("good: %v, want %v", good, tt.good)
			}
			if got := out.String(); got != tt.want {
				t.Errorf("got:\n%swant:\n%s", got, tt.want)
			}
		})
	}
}

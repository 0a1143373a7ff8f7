package cli

import (
	"slices"
	"testing"
)

func TestRepeat(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"explain", "my run", "a.png", "--monomials", "--about", "it's.png"}, `taylornet explain 'my run' a.png --about 'it'\''s.png' --monomials`},
		{[]string{"explain", "run", "--second-order=false", "--out", "d", "--json", "--quiet"}, "taylornet explain run --second-order=false"},
		{[]string{"--data-dir", "sets", "taylor", "--order", "1", "--order=2,3", "--size", "6", "--workers", "2", "--resume"}, "taylornet taylor --data-dir sets --order 1,2,3 --size 6x6"},
		{[]string{"classify", "r", "--other", "a", "--other", `"b,c"`, "--nearest", "3"}, `taylornet classify r --nearest 3 --other 'a,"b,c"'`},
	} {
		repeated := func(args []string) string {
			cmd, rest, err := (&app{}).root().Find(args)
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.ParseFlags(rest); err != nil {
				t.Fatal(err)
			}
			return joinWords(repeat(cmd, cmd.Flags().Args()))
		}
		got := repeated(tt.args)
		if got != tt.want {
			t.Errorf("%q: got %s, want %s", tt.args, got, tt.want)
		}
		words, err := splitWords(got)
		if err != nil || repeated(slices.Clone(words[1:])) != got {
			t.Errorf("%s does not repeat itself: %v", got, err)
		}
	}
}

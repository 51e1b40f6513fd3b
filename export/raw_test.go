package export

import (
	"bytes"
	"testing"
	"unicode/utf8"
)

// Text of any bytes can be had back from its spelling, which is UTF-8.
func FuzzAppendRaw(f *testing.F) {
	for _, s := range []string{"", "plain", `\`, `\\`, `\x`, `\xFF`, `\\xFF`, `\xff`, "\xff", "\xff\\x41", "é\xc3", "\\\xff\\", `a\x4`, "\xff\\x4G"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var ctx recordContext
		spelt := bytes.Clone(ctx.escapeOther(text))
		if !utf8.Valid(spelt) {
			t.Errorf("%q is spelt %q", text, spelt)
		}
		if got := AppendRaw([]byte("x"), spelt); string(got[1:]) != string(text) {
			t.Errorf("%q is spelt %q, which gives %q", text, spelt, got[1:])
		}
	})
}

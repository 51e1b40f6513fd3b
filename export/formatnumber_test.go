package export

import (
	"testing"

	"pgregory.net/rapid"
)

// number and longNumber read what parseInt does, up to the first byte that is no digit, where that is no further than they look.
func TestNumber(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.StringMatching(`[0-9]{0,9}`).Draw(t, "digits")
		behind := rapid.OneOf(rapid.SampledFrom([]byte(",:\t.-/;\x00\x7f\x80\xb0\xb9\xba\xff")), rapid.Byte()).Filter(func(c byte) bool { return c < '0' || c > '9' }).Draw(t, "behind")
		text := append([]byte(digits), behind)
		text = append(text, rapid.SliceOfN(rapid.Byte(), 8, 8).Draw(t, "rest")...)

		w := load(text, 0)
		n, length := number(w)
		if n < shortest[length] {
			n, length = longNumber(w)
		}
		want, ok := parseInt([]byte(digits))
		if !ok || len(digits) > 7 {
			want, digits = 0, ""
		}
		if length != len(digits) || length > 0 && n != uint32(want) {
			t.Errorf("%q: %d of %d digits, want %d of %d", text, n, length, want, len(digits))
		}
	})
}

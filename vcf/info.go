package vcf

// InfoCursor walks the entries of INFO in order. After [InfoCursor.Next] the
// fields describe the current entry; they borrow the text. An empty entry
// ("A=1;;B" or a ';' at the end) is an entry with an empty Key and no value:
// joined by ';', the entries always give the text again.
type InfoCursor struct {
	Key      []byte
	Value    []byte // behind the first '='; still percent-encoded
	HasValue bool   // tells "K=" from the flag "K"

	rest []byte
	more bool
}

// NewInfoCursor returns a cursor that stands before the first entry of an INFO
// column. An INFO of "." has no entries.
func NewInfoCursor(info []byte) InfoCursor {
	return InfoCursor{rest: info, more: len(info) > 0 && string(info) != "."}
}

// Next steps to the next entry and tells whether there is one.
func (c *InfoCursor) Next() bool {
	if !c.more {
		return false
	}
	var entry []byte
	entry, c.rest, c.more = Cut(c.rest, ';')
	c.Key, c.Value, c.HasValue = Cut(entry, '=')
	return true
}

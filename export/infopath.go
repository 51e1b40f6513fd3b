package export

// infoStep is a key of INFO after a certain sequence of keys. Records of a file repeat a few sequences: so the key that comes next is not looked up but
// compared with those that came next before.
type infoStep struct {
	text   string      // the key, with the '=' of a value
	form   infoForm    // how a value at hand is read, plainForm where it does not become the usual way
	column *infoColumn // nil: not declared
	keys   []byte      // the keys to here, joined, once a record has ended here
	keysID uint32      // their id in the dictionary of info_keys
	batch  int64       // of that dictionary
	next   []*infoStep // the last one taken is the first
}

const (
	infoStepSize  = 176     // bytes of a step, about
	infoPathsSize = 1 << 20 // bytes of all steps: a hostile file has other keys in each record
	maxInfoNext   = 16      // keys after a step, which are gone through one by one
)

// infoPaths is a tree of the sequences of keys seen.
type infoPaths struct {
	root infoStep
	size int
}

// follow returns the step to the key that rest begins with, nil where that did not come next before.
func (s *infoStep) follow(rest []byte) *infoStep {
	for i, next := range s.next {
		if next.begins(rest) {
			if i > 0 {
				s.next[0], s.next[i] = next, s.next[0]
			}
			return next
		}
	}
	return nil
}

// begins reports whether the first key of rest is that of the step.
func (s *infoStep) begins(rest []byte) bool {
	n := len(s.text)
	return len(rest) >= n && string(rest[:n]) == s.text && (s.text[n-1] == '=' || len(rest) == n || rest[n] == ';')
}

// add makes a step after s. It returns nil where there is no room for it.
func (p *infoPaths) add(s *infoStep, e infoEntry, c *infoColumn) *infoStep {
	if len(s.next) == maxInfoNext || !p.take(infoStepSize+len(e.key)) {
		return nil
	}
	next := &infoStep{text: string(e.key), column: c}
	if e.hasValue {
		next.text += "="
	}
	if c != nil && c.flag != e.hasValue {
		next.form = c.form
	}
	s.next = append(s.next, next)
	return next
}

// setKeys notes the keys to a step, where there is room for them.
func (p *infoPaths) setKeys(s *infoStep, keys []byte) {
	if p.take(len(keys)) {
		s.keys = append([]byte(nil), keys...)
	}
}

func (p *infoPaths) take(n int) bool {
	fits := p.size+n <= infoPathsSize
	p.size += n
	return fits
}

// renew forgets the sequences if there is no room for more.
func (p *infoPaths) renew() {
	if p.size > infoPathsSize {
		*p = infoPaths{}
	}
}

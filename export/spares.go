package export

// spares keeps what is free for its next use, as far as the channel has room. Any number of goroutines may use it.
type spares[T any] chan T

// take returns what is free, or makes it.
func (s spares[T]) take(make func() T) T {
	select {
	case one := <-s:
		return one
	default:
		return make()
	}
}

// keep takes back what nothing refers to any more.
func (s spares[T]) keep(one T) {
	select {
	case s <- one:
	default:
	}
}

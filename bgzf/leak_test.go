package bgzf

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"testing"
	"testing/synctest"
)

// synctest.Test fails where a goroutine is left when its function returns.

func TestCloseEndsGoroutines(t *testing.T) {
	text := vcfText(400_000)
	damaged := htsFile(t, text)
	damaged[len(damaged)/2] ^= 0xff
	for name, data := range map[string][]byte{"BGZF": htsFile(t, text), "damaged": damaged, "gzip": gzipMember(t, text), "text": text} {
		for _, taken := range []int{0, 1, 3, 1000} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r, err := NewReader(t.Context(), bytes.NewReader(data), "in", Options{Workers: 3, SegmentSize: 10_000})
					if err != nil {
						t.Fatal(err)
					}
					for range taken {
						s, err := r.Next()
						if err != nil {
							break
						}
						s.Release()
					}
					synctest.Wait() // all goroutines are blocked
					if err := r.Close(); err != nil {
						t.Error(err)
					}
					if err := r.Close(); err != nil {
						t.Error(err)
					}
					if _, err := r.Next(); taken < 1000 && !errors.Is(err, fs.ErrClosed) {
						t.Errorf("Next after Close: %v", err)
					}
				})
			})
		}
	}
}

// Goroutines end by themselves at the end of the input, at an error and with
// the context.
func TestGoroutinesEndWithoutClose(t *testing.T) {
	text := vcfText(400_000)
	cause := errors.New("shutting down")
	synctest.Test(t, func(t *testing.T) {
		for _, data := range [][]byte{htsFile(t, text), htsFile(t, text)[:5_000], gzipMember(t, text), text} {
			_, _, _ = readUnclosed(t, t.Context(), data)
			ctx, cancel := context.WithCancelCause(t.Context())
			cancel(cause)
			if _, _, err := readUnclosed(t, ctx, data); !errors.Is(err, cause) {
				t.Errorf("%v: %v", Detect(data), err)
			}
		}
	})
}

func readUnclosed(t *testing.T, ctx context.Context, data []byte) (segments, size int, err error) {
	t.Helper()
	r, err := NewReader(ctx, bytes.NewReader(data), "in", Options{Workers: 3, SegmentSize: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	for {
		s, err := r.Next()
		if err != nil {
			return segments, size, err
		}
		segments++
		size += len(s.Text)
		s.Release()
	}
}

// An input may block for ever: neither Close nor the context may wait for it.
func TestCloseWhileInputBlocks(t *testing.T) {
	data := bytes.Repeat(htsFile(t, vcfText(300_000)), 20)
	interrupts := map[string]func(*Reader, context.CancelFunc){
		"close":  func(r *Reader, _ context.CancelFunc) { _ = r.Close() },
		"cancel": func(_ *Reader, cancel context.CancelFunc) { cancel() },
	}
	for name, interrupt := range interrupts {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				in, feed := io.Pipe()
				go func() { _, _ = feed.Write(data[:headSize+10]) }() // and then nothing
				r, err := NewReader(ctx, in, "in", Options{Workers: 2, SegmentSize: 1 << 16})
				if err != nil {
					t.Fatal(err)
				}
				waiting := make(chan error)
				go func() {
					var err error
					for err == nil {
						_, err = r.Next()
					}
					waiting <- err
				}()
				synctest.Wait()
				interrupt(r, cancel)
				if err := <-waiting; !errors.Is(err, fs.ErrClosed) && !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
				if err := r.Close(); err != nil {
					t.Error(err)
				}
				_ = feed.Close() // ends the read that is under way
			})
		})
	}
}

package store

import "sync/atomic"

// Counted returns an Opener whose stores add the bytes that are written to them to a counter: the content of files, once each, whatever had to be sent again.
func Counted(open Opener, written *atomic.Int64) Opener {
	return func(root string) (Store, error) {
		s, err := open(root)
		if err != nil {
			return nil, err
		}
		return &counted{s, written}, nil
	}
}

type counted struct {
	Store
	written *atomic.Int64
}

func (c *counted) Create(name string) (Writer, error) {
	w, err := c.Store.Create(name)
	if err != nil {
		return nil, err
	}
	return &countedWriter{w, c.written}, nil
}

func (c *counted) Put(name string, data []byte) error {
	err := c.Store.Put(name, data)
	if err == nil {
		c.written.Add(int64(len(data)))
	}
	return err
}

func (c *counted) Replace(name string, old, new []byte) error {
	err := c.Store.Replace(name, old, new)
	if err == nil {
		c.written.Add(int64(len(new)))
	}
	return err
}

type countedWriter struct {
	Writer
	written *atomic.Int64
}

func (w *countedWriter) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	w.written.Add(int64(n))
	return n, err
}

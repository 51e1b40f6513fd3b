package cloud

import (
	"context"
	"net"
	"time"
)

type dial = func(ctx context.Context, network, address string) (net.Conn, error)

// dialer makes connections that fail when nothing goes either way for a time while something should.
func dialer(next dial, stall time.Duration) dial {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := next(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &liveConn{Conn: c, stall: stall}, nil
	}
}

// liveConn puts its deadlines off whenever something goes on. What is sent puts off the deadline of the answer too, which is awaited from the start.
type liveConn struct {
	net.Conn
	stall time.Duration
}

func (c *liveConn) Read(p []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.stall)); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

func (c *liveConn) Write(p []byte) (int, error) {
	if err := c.SetDeadline(time.Now().Add(c.stall)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

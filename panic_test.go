package weir_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
)

func caught(fn func()) (p *weir.Panic) {
	defer func() { p = weir.CaughtPanic(recover()) }()
	fn()
	return nil
}

func panicsDeepDown() { panic("lost") }

func TestPanicTellsWhereItWas(t *testing.T) {
	p := caught(panicsDeepDown)
	require.Equal(t, "lost", p.Value)
	require.Contains(t, string(p.Stack), "panicsDeepDown")
	require.Contains(t, p.Error(), "panic: lost\n\ngoroutine ")
	require.NoError(t, errors.Unwrap(p), "the value is no error")
}

func TestPanicRaisedAgainKeepsTheFirstStack(t *testing.T) {
	first := caught(panicsDeepDown)
	require.Same(t, first, caught(func() { panic(first) }))
}

func TestPanicIsTheErrorItWasRaisedWith(t *testing.T) {
	p := caught(func() { panic(fmt.Errorf("reading: %w", io.ErrUnexpectedEOF)) })
	require.ErrorIs(t, p, io.ErrUnexpectedEOF)
}

func ExamplePanic() {
	err := func() (err error) {
		defer func() {
			if v := recover(); v != nil {
				err = weir.CaughtPanic(v)
			}
		}()
		panic(io.EOF)
	}()
	text, _, _ := strings.Cut(err.Error(), "\n")
	fmt.Println(text, errors.Is(err, io.EOF))
	// Output: panic: EOF true
}

package weir_test

import (
	"context"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
)

func TestAdmissionAllocatesNothing(t *testing.T) {
	ctx := context.Background()
	g := newTurnstile()
	succeed := func(context.Context) error { return nil }
	fail := func(context.Context) error { return io.EOF }
	value := func(context.Context) (int, error) { return 1, nil }
	var refuse weir.Guard = refusing{}
	for name, f := range map[string]func(){
		"Do, success":   func() { _ = weir.Do(ctx, g, succeed) },
		"Do, failure":   func() { _ = weir.Do(ctx, g, fail) },
		"Do, refused":   func() { _ = weir.Do(ctx, refuse, succeed) },
		"Call, success": func() { _, _ = weir.Call(ctx, g, value) },
		"Call, refused": func() { _, _ = weir.Call(ctx, refuse, value) },
		"Allow and Done through copies": func() {
			p, _ := g.Allow(ctx)
			a, b := p, p
			b.Done(weir.Success)
			a.Done(weir.Failure)
			p.Done(weir.Failure)
		},
		"Outstanding": func() {
			_, _ = g.Allow(ctx)
			p, _ := g.Outstanding()
			p.Done(weir.Ignored)
		},
		"RetryAfter": func() { _ = weir.RetryAfter(refuse, weir.ErrRejected) },
	} {
		require.Zero(t, testing.AllocsPerRun(1000, f), name)
	}
}

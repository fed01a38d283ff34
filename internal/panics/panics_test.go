package panics_test

import (
	"bytes"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/internal/panics"
)

func TestLogTellsValueAndStack(t *testing.T) {
	var out bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil)))
	defer slog.SetDefault(before)
	panics.Log("pkg: panic in a callback", "lost", []byte("goroutine 7"))
	require.Contains(t, out.String(), `level=ERROR msg="pkg: panic in a callback" panic=lost stack="goroutine 7"`)
}

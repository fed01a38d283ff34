package weirgrpc_test

import (
	"context"

	"github.com/weirgo/weir/weirgrpc"
)

func nobody(context.Context, weirgrpc.Observation) {}

func byMethod(_ context.Context, c weirgrpc.Call) string { return c.Method }

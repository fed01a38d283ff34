package etcd_test

import (
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// outage is how long etcd is away.
func outage() time.Duration {
	if os.Getenv("WEIR_VERIFY") == "long" {
		return time.Minute
	}
	return 3 * time.Second
}

// soon is how long anything may take that is to happen at all.
const soon = 2 * time.Minute

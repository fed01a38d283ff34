package balance

import (
	"encoding/json"
	"fmt"
	"time"

	"google.golang.org/grpc/serviceconfig"
)

// settings is a service config that was parsed, or what the options say where
// there is none.
type settings struct {
	serviceconfig.LoadBalancingConfig
	HashOptions
}

// rawConfig is what a service config may say. A field that is missing, or null,
// is as in the options.
type rawConfig struct {
	Decay      *duration `json:"decay"`
	SlowStart  *duration `json:"slowStart"`
	ProbeAfter *duration `json:"probeAfter"`
	LongCall   *duration `json:"longCall"`
	Load       *float64  `json:"load"`
	Slots      *int      `json:"slots"`
}

func parse(raw json.RawMessage, o HashOptions) (*settings, error) {
	var c rawConfig
	if err := json.Unmarshal(raw, &c); err != nil {
		return nil, fmt.Errorf("balance: service config: %w", err)
	}
	set(&o.P2C.Decay, (*time.Duration)(c.Decay))
	set(&o.P2C.SlowStart, (*time.Duration)(c.SlowStart))
	set(&o.P2C.ProbeAfter, (*time.Duration)(c.ProbeAfter))
	set(&o.P2C.LongCall, (*time.Duration)(c.LongCall))
	set(&o.Load, c.Load)
	set(&o.Slots, c.Slots)
	if err := o.Validate(); err != nil {
		return nil, err
	}
	return &settings{HashOptions: o.withDefaults()}, nil
}

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

// duration is a time.Duration that is written "1.5s", as durations of a service
// config are.
type duration time.Duration

func (d *duration) UnmarshalJSON(text []byte) error {
	var s string
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	parsed, err := time.ParseDuration(s)
	*d = duration(parsed)
	return err
}

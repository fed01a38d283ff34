package weir_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/weirgo/weir"
)

// door lets a fixed number in at a time. It is the smallest useful Guard.
type door struct {
	inside, places atomic.Int64
}

func newDoor(places int64) *door {
	d := &door{}
	d.places.Store(places)
	return d
}

var errDoorFull = weir.NewRejection("door: full")

func (d *door) Allow(context.Context) (weir.Permit, error) {
	if d.inside.Add(1) > d.places.Load() {
		d.inside.Add(-1)
		return weir.Permit{}, errDoorFull
	}
	return weir.PermitFunc(func(weir.Outcome) { d.inside.Add(-1) }), nil
}

func (d *door) RetryAfter() time.Duration { return 2 * time.Second }

func (d *door) Metrics(yield func(weir.Metric) bool) {
	_ = yield(weir.Metric{Name: "door_inside", Kind: weir.Gauge, Value: float64(d.inside.Load())}) &&
		yield(weir.Metric{Name: "door_places", Kind: weir.Gauge, Value: float64(d.places.Load())})
}

func ExampleGuard() {
	var guard weir.Guard = newDoor(1)
	permit, err := guard.Allow(context.Background())
	if err != nil {
		fmt.Println("refused:", err)
		return
	}
	defer permit.Done(weir.Success)
	fmt.Println("admitted")
	// Output: admitted
}

func ExampleRetryAfterer() {
	guard := newDoor(0)
	_, err := guard.Allow(context.Background())
	fmt.Println(err, "- come back in", weir.RetryAfter(guard, err))
	// Output: door: full - come back in 2s
}

// probe is a guard that lets one call through at a time, without allocating: it
// embeds the Slot that its permits live in.
type probe struct {
	weir.Slot
	healthy atomic.Bool
}

func newProbe() *probe {
	p := &probe{}
	p.Bind(p)
	return p
}

var errProbing = weir.NewRejection("probe: one is under way")

func (p *probe) Allow(context.Context) (weir.Permit, error) {
	if permit, ok := p.TryIssue(); ok {
		return permit, nil
	}
	return weir.Permit{}, errProbing
}

// Settle makes probe a Settler.
func (p *probe) Settle(o weir.Outcome) { p.healthy.Store(o == weir.Success) }

func ExampleSettler() {
	p := newProbe()
	permit, _ := p.Allow(context.Background())
	permit.Done(weir.Success)
	fmt.Println("healthy:", p.healthy.Load())
	// Output: healthy: true
}

func ExampleSlot() {
	p := newProbe()
	_, err := p.Allow(context.Background())
	fmt.Println("first:", err)
	_, err = p.Allow(context.Background())
	fmt.Println("second:", err)

	// Whoever holds the first permit has forgotten it: take it back.
	if lost, ok := p.Outstanding(); ok {
		lost.Done(weir.Ignored)
	}
	_, err = p.Allow(context.Background())
	fmt.Println("third:", err, "of", p.Issued())
	// Output:
	// first: <nil>
	// second: probe: one is under way
	// third: <nil> of 2
}

func ExamplePermitFunc() {
	permit := weir.PermitFunc(func(o weir.Outcome) { fmt.Println("it was a", o) })
	permit.Done(weir.Failure)
	// Output: it was a failure
}

func ExampleSource() {
	var source weir.Source = newDoor(3)
	for m := range source.Metrics {
		fmt.Println(m.Name, m.Kind, m.Value)
	}
	// Output:
	// door_inside gauge 0
	// door_places gauge 3
}

func ExampleMetric() {
	m := weir.Metric{
		Name:   "door_refused_total",
		Help:   "Visitors who found the door full.",
		Kind:   weir.Counter,
		Labels: []weir.Label{{Name: "door", Value: "front"}},
		Value:  7,
	}
	fmt.Println(m.Name, m.Labels[0].Value, m.Value)
	// Output: door_refused_total front 7
}

func ExampleKind() {
	fmt.Println(weir.Gauge, weir.Counter)
	// Output: gauge counter
}

func ExampleLabel() {
	l := weir.Label{Name: "host", Value: "db1"}
	fmt.Printf("%s=%q\n", l.Name, l.Value)
	// Output: host="db1"
}

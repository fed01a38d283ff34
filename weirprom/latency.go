package weirprom

import (
	"errors"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
)

// Buckets are the upper bounds, in seconds, of the buckets that a recorder has by
// default: 1 ms to 10 s.
func Buckets() []float64 {
	return []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
}

// LatencyOptions configures a [Latency].
type LatencyOptions struct {
	// Name is that of the metric; it must end in _seconds. Help says what takes the
	// time. Both must be set.
	Name, Help string

	// Labels are the names of up to four labels, whose values Observe is given.
	Labels []string

	// Buckets are the upper bounds of classic buckets, in seconds, in ascending order.
	// The default are those of the func Buckets, and none with Native.
	Buckets []float64

	// Native records a native histogram, whose buckets are a tenth apart and no more
	// than 160; with Buckets, a classic one as well. Prometheus scrapes native ones if
	// it is told to, and over its binary protocol only.
	Native bool

	// MaxSeries is how many combinations of label values are recorded apart. What comes
	// later is recorded together, with "other" for each value. The default is 1,000;
	// negative means no bound.
	MaxSeries int
}

var (
	errName    = errors.New("weirprom: LatencyOptions.Name must be a metric's name that ends in _seconds")
	errHelp    = errors.New("weirprom: LatencyOptions.Help must be set")
	errLabels  = errors.New("weirprom: LatencyOptions.Labels must be up to 4 names that differ, and not le")
	errBuckets = errors.New("weirprom: LatencyOptions.Buckets must ascend")
)

// Validate returns what makes the options impossible, nil if nothing does.
func (o LatencyOptions) Validate() error {
	switch {
	case !validName(o.Name, true) || !strings.HasSuffix(o.Name, "_seconds"):
		return errName
	case o.Help == "" || !utf8.ValidString(o.Help):
		return errHelp
	case !validLabels(o.Labels):
		return errLabels
	case !ascends(o.Buckets):
		return errBuckets
	}
	return nil
}

func validLabels(names []string) bool {
	for i, name := range names {
		if !validName(name, false) || strings.HasPrefix(name, "__") || name == "le" || slices.Contains(names[:i], name) {
			return false
		}
	}
	return len(names) <= maxLabels
}

func ascends(buckets []float64) bool {
	for i, b := range buckets {
		if math.IsNaN(b) || i > 0 && b <= buckets[i-1] {
			return false
		}
	}
	return true
}

// A Latency records how long something takes, as a histogram of seconds: HTTP requests
// (see [HTTP], which is made of one), calls of gRPC, queries of a database. It is a
// [prometheus.Collector], to be registered once.
//
// It is made by [NewLatency]; the zero value does not work. It is safe for concurrent
// use and must not be copied. Observe allocates nothing for values it has seen.
//
// The values of labels have to be few: a method or a route, never a path, a user or an
// error's text. MaxSeries is the last resort.
type Latency struct {
	vec   *prometheus.HistogramVec
	cells cells[prometheus.Observer]
}

// NewLatency returns a recorder. It panics if o is impossible; see Validate.
func NewLatency(o LatencyOptions) *Latency {
	if err := o.Validate(); err != nil {
		panic(err.Error())
	}
	l := &Latency{vec: prometheus.NewHistogramVec(histogram(o), o.Labels)}
	l.cells.init(o.MaxSeries, len(o.Labels), func(values []string) prometheus.Observer {
		return l.vec.WithLabelValues(values...)
	})
	return l
}

func histogram(o LatencyOptions) prometheus.HistogramOpts {
	opts := prometheus.HistogramOpts{Name: o.Name, Help: o.Help, Buckets: o.Buckets}
	if o.Native {
		opts.NativeHistogramBucketFactor = 1.1
		opts.NativeHistogramMaxBucketNumber = 160
		opts.NativeHistogramMinResetDuration = time.Hour
	} else if len(o.Buckets) == 0 {
		opts.Buckets = Buckets()
	}
	return opts
}

// Observe records that something took d, with a value for each label. It panics if
// there are more or fewer values than labels.
func (l *Latency) Observe(d time.Duration, values ...string) {
	l.of(values).Observe(d.Seconds())
}

// ObserveExemplar is Observe with an exemplar, such as the ID of a trace. If that is
// none that Prometheus takes, nil or empty, it is left out.
func (l *Latency) ObserveExemplar(d time.Duration, exemplar prometheus.Labels, values ...string) {
	observe(l.of(values), d, exemplar)
}

func (l *Latency) of(values []string) prometheus.Observer {
	if len(values) != l.cells.n {
		panic("weirprom: a Latency must be given as many values as it has labels")
	}
	var key labelKey
	copy(key[:], values)
	return l.cells.get(key)
}

// observe leaves out an exemplar for which the histogram would panic.
func observe(to prometheus.Observer, d time.Duration, exemplar prometheus.Labels) {
	if e, ok := to.(prometheus.ExemplarObserver); ok && len(exemplar) > 0 && validExemplar(exemplar) {
		e.ObserveWithExemplar(d.Seconds(), exemplar)
		return
	}
	to.Observe(d.Seconds())
}

func validExemplar(labels prometheus.Labels) bool {
	runes := 0
	for name, value := range labels {
		if !validName(name, false) || strings.HasPrefix(name, "__") || !utf8.ValidString(value) {
			return false
		}
		runes += utf8.RuneCountInString(name) + utf8.RuneCountInString(value)
	}
	return runes <= prometheus.ExemplarMaxRunes
}

// Describe implements [prometheus.Collector].
func (l *Latency) Describe(to chan<- *prometheus.Desc) { l.vec.Describe(to) }

// Collect implements [prometheus.Collector].
func (l *Latency) Collect(to chan<- prometheus.Metric) { l.vec.Collect(to) }

package suite

import "slices"

// median returns the middle one of values, the mean of the two middle ones where
// their number is even, and 0 if there are none. It leaves values as they are.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(values))
	half := len(s) / 2
	if len(s)%2 == 1 {
		return s[half]
	}
	return (s[half-1] + s[half]) / 2
}

// medianSample returns the median of each field on its own.
func medianSample(samples []Sample) Sample {
	of := func(field func(Sample) float64) float64 {
		values := make([]float64, len(samples))
		for i, s := range samples {
			values[i] = field(s)
		}
		return median(values)
	}
	return Sample{
		NsPerOp:     of(func(s Sample) float64 { return s.NsPerOp }),
		BytesPerOp:  of(func(s Sample) float64 { return s.BytesPerOp }),
		AllocsPerOp: of(func(s Sample) float64 { return s.AllocsPerOp }),
		P50Ns:       of(func(s Sample) float64 { return s.P50Ns }),
		P99Ns:       of(func(s Sample) float64 { return s.P99Ns }),
		TripsPerOp:  of(func(s Sample) float64 { return s.TripsPerOp }),
		HeapBytes:   of(func(s Sample) float64 { return s.HeapBytes }),
		Waited:      of(func(s Sample) float64 { return s.Waited }),
		Metrics:     medianMetrics(samples),
	}
}

// medianMetrics returns the medians of those metrics that the first sample has, nil
// if it has none.
func medianMetrics(samples []Sample) map[string]float64 {
	if len(samples) == 0 || samples[0].Metrics == nil {
		return nil
	}
	medians := make(map[string]float64)
	for name := range samples[0].Metrics {
		values := make([]float64, len(samples))
		for i, s := range samples {
			values[i] = s.Metrics[name]
		}
		medians[name] = median(values)
	}
	return medians
}

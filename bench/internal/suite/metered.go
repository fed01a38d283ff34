package suite

import "time"

// Metered is a [Subject] that counts what becomes of operations, or times them in
// its own way: shares, bytes, sizes. It returns metrics by name, all that its line
// lists.
type Metered func(Setting) (map[string]float64, error)

// Measure implements [Subject].
func (m Metered) Measure(s Setting) (Sample, error) {
	start, waited := time.Now(), processorWait()
	metrics, err := m(s)
	waited = processorWait() - waited
	return Sample{Metrics: metrics, Waited: float64(max(0, waited)) / float64(time.Since(start)) / float64(s.CPUs)}, err
}

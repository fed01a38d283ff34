package load

import (
	"context"
	"math"

	"github.com/weirgo/weir"
)

// A mix is which share each class has of what arrives.
type mix [numClasses]float64

// classAt is the class with the given index.
func classAt(i int) weir.Criticality { return weir.Sheddable + weir.Criticality(i) }

// classOf returns the index of the class of a call.
func classOf(ctx context.Context) int { return indexOf(weir.CriticalityFrom(ctx)) }

func indexOf(class weir.Criticality) int { return int(class) - int(weir.Sheddable) }

// mixMemory is how many arrivals a mix remembers at most.
const mixMemory = 1000

// learn takes in the arrivals of a window, after it has seen so many others.
func (m *mix) learn(arrived [numClasses]float64, seen float64) {
	sum := 0.0
	for _, n := range arrived {
		sum += n
	}
	if sum == 0 {
		return
	}
	weight := sum / (sum + min(seen, mixMemory))
	for i := range m {
		m[i] += weight * (arrived[i]/sum - m[i])
	}
}

// lowestFirst spreads the refusal of a share, 0 to 1, of all that arrives in classes
// 0 to top over these: the lowest is refused first. It returns the share of each
// class. Of none all are refused, or nobody would find out that things got better.
func (m *mix) lowestFirst(share float64, top int) (drop [numClasses]float64) {
	const most = 0.98
	sum := 0.0
	for _, p := range m[:top+1] {
		sum += p
	}
	left := share * sum
	for i := range m[:top+1] {
		if left <= 0 {
			break
		}
		if m[i] > 0 {
			drop[i] = min(most, left/m[i])
		} else {
			drop[i] = most
		}
		left -= m[i]
	}
	return drop
}

const (
	// saturated is the load of more critical classes from which a class is only
	// admitted to workers that have nothing else to do.
	saturated = 0.95
	// crowdedOut is how often the classes above the one that fills the server up
	// may find it full.
	crowdedOut = 0.003
	minReserve = 8
	maxReserve = 16
)

// limits returns how many calls may be in flight for each class to be admitted, if
// load is what arrives in multiples of the capacity.
//
// Were all classes held to one limit, the more critical calls would be refused as
// often as the others. So each class has its own ("trunk reservation" in telephony).
// The class at which the load of it and all above passes the capacity fills the
// server up; those above have a reserve that they rarely use up, those below what is
// left idle.
func (m *mix) limits(load, workers float64, limitAt func(load float64) float64) (limits [numClasses]float64) {
	above := 0.0   // the load of all more critical classes
	reserve := 0.0 // how much more these may have in flight
	filling := limitAt(load * m.from(m.filling(load)))
	for i := numClasses - 1; i >= 0; i-- {
		demand := above + load*m[i]
		switch {
		case above >= saturated:
			limits[i] = max(1, math.Floor(workers/2))
		case demand > 1 || i == m.filling(load):
			limits[i] = filling
			if above > 0 {
				reserve = min(max(math.Log(crowdedOut)/math.Log(above), minReserve), maxReserve)
			}
		}
		above = demand
	}
	for i := m.filling(load) + 1; i < numClasses; i++ {
		limits[i] = filling + math.Ceil(reserve)
	}
	return limits
}

// exempt returns the lowest of the classes that need not be kept out while the limit
// is lowered to measure: those above the one that fills the server up, if they leave
// it idle often enough.
func (m *mix) exempt(load float64) int {
	const idleEnough = 0.9
	i := m.filling(load) + 1
	for i < numClasses && load*m.from(i) > idleEnough {
		i++
	}
	return i
}

// from returns the share of class i and all that are more critical.
func (m *mix) from(i int) (sum float64) {
	for _, p := range m[i:] {
		sum += p
	}
	return sum
}

// filling returns the class that fills the server up: the most critical one that
// together with those above it asks for more than there is. It is the lowest if there
// is enough for all.
func (m *mix) filling(load float64) int {
	for i := numClasses - 1; i > 0; i-- {
		if load*m.from(i) > saturated {
			return i
		}
	}
	return 0
}

package balance

import "math/rand/v2"

// Seed makes the choices of all balancers that b builds from now on repeatable.
func Seed(b *Builder, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 0))
	b.random = rng.Uint64
}

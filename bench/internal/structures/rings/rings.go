// Package rings compares consistent hashing: what it costs to find the node of a
// key, to add and to remove a node, how evenly nodes are loaded, and how many keys
// move that need not.
//
// All contenders get strings and return strings. Those that want a hash are given
// the XXH64 of the key, as their users would; those that work on a table of fixed
// nodes (maglev, rendezvous, which cannot remove one without a panic) are made anew
// where nodes change.
package rings

import (
	"strconv"

	"github.com/weirgo/weir/bench/internal/suite"
)

const (
	weirModule       = "github.com/weirgo/weir"
	maglevModule     = "github.com/dgryski/go-maglev"
	rendezvousModule = "github.com/dgryski/go-rendezvous"
	buraksezerModule = "github.com/buraksezer/consistent"
	stathatModule    = "stathat.com/c/consistent"
	lafiklModule     = "github.com/lafikl/consistent"
	gozeroModule     = "github.com/zeromicro/go-zero"

	weirName   = "weir"
	maglevName = "maglev, 65537 slots"
	lafiklName = "lafikl"
)

// A Scale says how large the lines are. Tests have a smaller one.
type Scale struct {
	Keys  int // whose nodes are counted
	Asked int // whose nodes are asked for while time is taken
	Many  int // nodes where many change
	Calls int // in flight at a time
}

// Full is the scale of the suite.
var Full = Scale{Keys: 1_000_000, Asked: 1 << 16, Many: 1000, Calls: 1000}

// Lines returns the lines about consistent hashing.
func Lines(s Scale) []suite.Line {
	return []suite.Line{
		getLine(s), balanceLine(s, 10, 1.05), balanceLine(s, 100, 1.10), changeLine(s),
		acquireLine(s), boundLine(s),
	}
}

// A ring assigns keys to nodes.
type ring interface {
	get(key string) (node string)
	add(node string)
	remove(node string)
}

// A kind makes a ring of nodes.
type kind func(nodes []string) ring

func contender(name, module string, k kind, subject func(kind) suite.Subject) suite.Contender {
	return suite.Contender{Name: name, Module: module, New: func() suite.Subject { return subject(k) }}
}

func contenders(subject func(kind) suite.Subject) []suite.Contender {
	return append(quickContenders(subject),
		contender("buraksezer, 271 parts", buraksezerModule, newBuraksezer, subject),
		contender("go-zero, 100 per node", gozeroModule, newGozero, subject))
}

// quickContenders are those that can have a thousand nodes.
func quickContenders(subject func(kind) suite.Subject) []suite.Contender {
	return []suite.Contender{
		contender(weirName, weirModule, newWeir, subject),
		contender(maglevName, maglevModule, newMaglev, subject),
		contender("rendezvous", rendezvousModule, newRendezvous, subject),
		contender("stathat, 20 per node", stathatModule, newStathat, subject),
		contender(lafiklName, lafiklModule, newLafikl, subject),
	}
}

func nodes(n int) []string { return names("node-", n) }

func names(prefix string, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = prefix + strconv.Itoa(i)
	}
	return all
}
